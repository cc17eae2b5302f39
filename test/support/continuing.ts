/** Replicas that say the same answer, break where a test wants it, and go on from what they are told was said. */
import type { ConfigDocument } from '../../src/core/config.ts'
import type { InferenceRequest } from '../../src/core/inference.ts'
import { dispatch } from '../../src/dispatch/dispatch.ts'
import type { ProviderCall } from '../../src/providers/types.ts'
import { candidatesOf, deploymentOf, pathServices, requestOf, type Script, scriptedProvider, sse } from './path.ts'

type Json = Readonly<Record<string, unknown>>
type ModelConfig = NonNullable<ConfigDocument['models']>[string]

const encoder = new TextEncoder()

/** Tokens with what has been trouble: several bytes to a character, halves of characters, white space at an end. */
export const TOKENS = [
  ...[
    'Grüße',
    ' aus',
    ' 東京',
    ' und',
    ' 🦥',
    '’s',
    ' "x"',
    '\\',
    ' data:',
    ' [DONE]',
    '\n\n',
    'Next',
    ' line',
    ' ',
    ' two',
  ],
  ...[' \ud83d', '\ude42', '.', ' é', '\u2028', ' of', '\t', 'it', ' all', ' €', ' end', '!', ' ok'],
]
export const ANSWER = TOKENS.join('')

/** How one replica writes a stream. */
export interface Replica {
  readonly id: string
  /** Bytes of it that go out before it is cut; absent: all. */
  readonly cutAt?: number
  readonly after?: 'cut' | 'silence' | 'close'
  readonly tokens?: readonly string[]
}

const chunk = (id: string, delta: Json, finish: string | null = null): string =>
  `data: ${JSON.stringify({ id, created: id.length, choices: [{ delta, ...(finish && { finish_reason: finish }) }] })}\n\n`

/** The text that a call brings with it as the beginning of its answer. */
export function prefixOf({ body }: Pick<ProviderCall, 'body'>): string {
  if (body.continue_final_message !== true) return ''
  if (body.add_generation_prompt !== false) throw new Error('both cannot be')
  const last = (body.messages as Json[]).at(-1)
  if (last?.role !== 'assistant') throw new Error('no beginning of an answer')
  return String(last.content)
}

/** What a replica says to a call, whole. */
export function streamOf(id: string, call: Pick<ProviderCall, 'body'>, tokens: readonly string[] = TOKENS): string {
  const prefix = prefixOf(call)
  if (!tokens.join('').startsWith(prefix)) throw new Error('another answer')
  let at = 0
  const rest = tokens.flatMap((token) => {
    const left = token.slice(Math.max(0, prefix.length - at))
    at += token.length
    return at > prefix.length ? [left] : []
  })
  const bound = (call.body.max_tokens as number | undefined) ?? Number.POSITIVE_INFINITY
  const said = rest.slice(0, bound)
  const usage = { prompt_tokens: 10 + (tokens.length - rest.length), completion_tokens: said.length }
  return [
    chunk(id, { role: 'assistant', content: '' }),
    ...said.map((content) => chunk(id, { content })),
    chunk(id, {}, said.length < rest.length ? 'length' : 'stop'),
    `data: ${JSON.stringify({ id, choices: [], usage })}\n\n`,
    'data: [DONE]\n\n',
  ].join('')
}

/** A replica that answers by the rules, up to where it breaks. */
export const answering =
  ({ id, cutAt, after = 'cut', tokens }: Replica): Script =>
  (call) => {
    const bytes = encoder.encode(streamOf(id, call, tokens))
    return sse([bytes.subarray(0, cutAt ?? bytes.length)], cutAt === undefined ? 'close' : after)(call)
  }

interface Setting {
  readonly pool?: Json
  readonly model?: Partial<ModelConfig>
}

function planOf({ pool, model }: Setting) {
  const replicas = ['a', 'b', 'c', 'd', 'e'].map((id) => ({ id, url: `https://${id}.example/v1` }))
  const deployment = deploymentOf({
    providers: { p: { protocol: 'openai', pool: { replicas, onBreak: 'continue', ...pool } } },
    models: { model: { targets: [{ provider: 'p', model: 'm' }], ...model } as ModelConfig },
  })
  return candidatesOf(deployment)
}

const USUAL: Setting = {}
const USUAL_PLAN = planOf(USUAL)

/** A stream at a pool whose replicas answer by these scripts, in this order. */
export async function streaming(
  scripts: readonly Script[],
  asked: Partial<InferenceRequest> & { readonly body?: Json } = {},
  more: Setting & { readonly candidate?: Json } = USUAL,
) {
  const provider = scriptedProvider({ m: scripts })
  const services = pathServices(provider)
  const plan = more === USUAL ? USUAL_PLAN : planOf(more)
  const candidates = plan.candidates.map((candidate) => ({ ...candidate, ...more.candidate }))
  const client = new AbortController()
  const { body, ...rest } = asked
  const request = requestOf({ stream: true, ...rest })
  const own = { ...request, body: { ...request.body, ...body } }
  const outcome = await dispatch(services, own, { ...plan, candidates }, client.signal)
  if (outcome.kind !== 'stream') throw new Error(`no stream but ${outcome.kind}`)
  return { live: outcome.live, calls: provider.calls, services, client, outcome, clock: services.clock }
}

/** What a stream's bytes add up to, read as a client reads them: it fails where an event is none. */
export function read(said: string) {
  const chunks: { id?: string; created?: number; choices: Json[]; usage?: Json }[] = []
  const comments: string[] = []
  let isDone = false
  for (const event of said.split('\n\n').slice(0, -1)) {
    if (isDone) throw new Error('something follows the end')
    if (event.startsWith(':')) comments.push(event)
    else if (event === 'data: [DONE]') isDone = true
    else chunks.push(JSON.parse(event.slice('data: '.length)))
  }
  if (!said.endsWith('\n\n')) throw new Error('the last event is not whole')
  const choices = chunks.flatMap((one) => one.choices as { delta: Json; finish_reason?: string | null }[])
  return {
    text: choices.map(({ delta }) => delta.content ?? '').join(''),
    roles: choices.filter(({ delta }) => 'role' in delta).length,
    finishes: choices.flatMap((choice) => choice.finish_reason ?? []),
    ids: [...new Set(chunks.map(({ id }) => id))],
    created: [...new Set(chunks.flatMap((one) => one.created ?? []))],
    usage: chunks.flatMap((one) => one.usage ?? []),
    comments,
    isDone,
  }
}
