/** Reads replies of every skin, whole and streamed, into one normal form: what is said twice must be said alike. */
import { Buffer } from 'node:buffer'
import { pick, type Reply } from './http-client.ts'
import { accumulated, eventsOf as messageEvents } from './messages-events.ts'

export type SkinName = 'chat' | 'messages' | 'responses'
export type Json = Readonly<Record<string, unknown>>

export const PATHS: Readonly<Record<SkinName, string>> = {
  chat: '/v1/chat/completions',
  messages: '/v1/messages',
  responses: '/v1/responses',
}

export interface ReadCall {
  /** As the provider gave it: where a skin has ids of a form of its own, what they carry. */
  readonly id: string
  readonly name: string
  readonly input: unknown
}

/** What a reply comes to, whichever skin it is in. */
export interface Answer {
  /** The reply's own. */
  readonly id: string
  readonly model: string
  readonly text: string
  readonly refusal: string
  readonly reasoning: string
  readonly calls: readonly ReadCall[]
  readonly end: 'stop' | 'tools' | 'length' | 'filter'
  /** Of everything, as OpenAI has it: what was cached is input, what was thought is output. */
  readonly usage: { input: number; cached: number; written: number; output: number; thought: number }
}

/** The answer of a whole or of a streamed reply; throws where it is not as the skin has it. */
export function answerIn(skin: SkinName, reply: Reply): Answer {
  if (isStream(reply)) return STREAMS[skin](reply.body)
  return WHOLES[skin](reply.json as Json)
}

/** Is it a stream of events? */
export const isStream = ({ headers }: Reply): boolean => /^text\/event-stream\b/.test(headers['content-type'] ?? '')

/** The data of events that are one line of it each; `[DONE]` too. */
export function dataOf(body: string): string[] {
  must(body.endsWith('\n\n'), 'the last event is not whole')
  return body
    .slice(0, -2)
    .split('\n\n')
    .filter((event) => !event.startsWith(':'))
    .map((event) => {
      must(event.startsWith('data: ') && !event.includes('\n'), event)
      return event.slice('data: '.length)
    })
}

function chatWhole(body: Json): Answer {
  must(body.object === 'chat.completion' && typeof body.created === 'number', 'no chat.completion')
  const [choice, ...more] = body.choices as Json[]
  must(choice !== undefined && more.length === 0, 'not one choice')
  const { content, refusal, reasoning_content, tool_calls } = pick(choice, 'message') as Json
  const calls = ((tool_calls ?? []) as Json[]).map((call) => {
    must(call.type === 'function', 'no function')
    return callOf(call.id, pick(call, 'function', 'name'), pick(call, 'function', 'arguments'))
  })
  return {
    id: String(body.id),
    model: String(body.model),
    text: String(content ?? ''),
    refusal: String(refusal ?? ''),
    reasoning: String(reasoning_content ?? ''),
    calls,
    end: endOf(
      { stop: 'stop', tool_calls: 'tools', length: 'length', content_filter: 'filter' },
      choice?.finish_reason,
    ),
    usage: openaiUsage(body.usage, 'prompt_tokens', 'completion_tokens'),
  }
}

function chatStream(body: string): Answer {
  const data = dataOf(body)
  must(data.pop() === '[DONE]' && !data.includes('[DONE]'), 'no [DONE] at its end')
  const chunks = data.map((text) => JSON.parse(text) as Json)
  const message = { content: '', refusal: '', reasoning_content: '', tool_calls: [] as Record<string, unknown>[] }
  let finish: unknown = null
  for (const chunk of chunks) {
    must(
      chunk.object === 'chat.completion.chunk' && chunk.id === chunks[0]?.id && chunk.error === undefined,
      'no chunk',
    )
    for (const choice of chunk.choices as Json[]) {
      const delta = choice.delta as Json
      must(finish === null, 'more after the finish reason')
      for (const name of ['content', 'refusal', 'reasoning_content'] as const) message[name] += delta[name] ?? ''
      for (const piece of (delta.tool_calls ?? []) as Json[]) addPiece(message.tool_calls, piece)
      finish = choice.finish_reason ?? finish
    }
  }
  const usages = chunks.filter(({ usage }) => usage != null)
  must(usages.length === 1 && usages[0] === chunks.at(-1) && pick(usages[0], 'choices', 'length') === 0, 'usage')
  const { id, created, model } = chunks[0] as Json
  const choices = [{ index: 0, message, finish_reason: finish }]
  return chatWhole({ object: 'chat.completion', id, created, model, choices, usage: usages[0]?.usage })
}

function addPiece(calls: Record<string, unknown>[], piece: Json): void {
  const { index, ...said } = piece as { index: number }
  const inner = pick(piece, 'function') as Json
  const known = calls[index]
  must(index === calls.length - 1 || (known === undefined && index === calls.length), 'calls out of order')
  if (known === undefined) calls.push({ ...said, function: { ...inner } })
  else calls[index] = { ...known, function: { ...joined(known.function as Json, inner) } }
}

const joined = (before: Json, { arguments: more }: Json): Json => ({
  ...before,
  arguments: `${before.arguments}${more}`,
})

function messageWhole(body: Json): Answer {
  must(body.type === 'message' && body.role === 'assistant' && /^msg_/.test(String(body.id)), 'no message')
  const content = body.content as Json[]
  const said = (type: string): string => content.map((block) => (block.type === type ? block[type] : '')).join('')
  for (const { type, signature } of content)
    must(type !== 'thinking' || (typeof signature === 'string' && signature !== ''), 'thinking that nobody signed')
  const calls = content
    .filter(({ type }) => type === 'tool_use')
    .map(({ id, name, input }) => ({ id: carriedId(String(id)), name: String(name), input }))
  const usage = body.usage as Record<string, number>
  const [cached, written] = [usage.cache_read_input_tokens ?? 0, usage.cache_creation_input_tokens ?? 0]
  return {
    id: String(body.id),
    model: String(body.model),
    text: said('text'),
    refusal: '',
    reasoning: said('thinking'),
    calls,
    end: endOf({ end_turn: 'stop', tool_use: 'tools', max_tokens: 'length', refusal: 'filter' }, body.stop_reason),
    usage: {
      input: (usage.input_tokens ?? Number.NaN) + cached + written,
      cached,
      written,
      output: usage.output_tokens ?? Number.NaN,
      thought: Number(pick(usage, 'output_tokens_details', 'thinking_tokens') ?? 0),
    },
  }
}

/** Anthropic's form of ids, and what ours carry. */
function carriedId(id: string): string {
  must(/^toolu_[A-Za-z0-9_-]+$/.test(id), `no id of Anthropic's: ${id}`)
  const carried = /^toolu_sluice_(.*)$/.exec(id)?.[1]
  return carried === undefined ? id : Buffer.from(carried, 'base64url').toString()
}

function responseWhole(body: Json): Answer {
  must(body.object === 'response' && /^resp_/.test(String(body.id)) && body.error === null, 'no response')
  const output = body.output as Json[]
  const of = (type: string): Json[] => output.filter((item) => item.type === type)
  const parts = of('message').flatMap((item) => item.content as Json[])
  const part = (type: string, name: string): string => parts.map((one) => (one.type === type ? one[name] : '')).join('')
  const calls = of('function_call').map((item) => callOf(item.call_id, item.name, item.arguments))
  const reason = pick(body, 'incomplete_details', 'reason')
  must((body.status === 'incomplete') === (reason !== undefined), 'incomplete')
  const end = { completed: calls.length > 0 ? 'tools' : 'stop', max_output_tokens: 'length', content_filter: 'filter' }
  return {
    id: String(body.id),
    model: String(body.model),
    text: part('output_text', 'text'),
    refusal: part('refusal', 'refusal'),
    reasoning: of('reasoning').map(reasoningText).join(''),
    calls,
    end: endOf(end as Readonly<Record<string, Answer['end']>>, reason ?? body.status),
    usage: openaiUsage(body.usage, 'input_tokens', 'output_tokens'),
  }
}

/** OpenAI tells a summary, other models' reasoning is content. */
const reasoningText = ({ content, summary }: Json): string =>
  [content, summary].flatMap((parts) => ((parts ?? []) as Json[]).map(({ text }) => text)).join('')

/** The events of a Responses stream: each named by its type, numbered without a gap. */
export function responseEvents(body: string): Json[] {
  const events = messageEvents(body)
  must(
    events.every(({ sequence_number }, index) => sequence_number === index),
    'not numbered without a gap',
  )
  must(events[0]?.type === 'response.created', 'does not begin with response.created')
  return events
}

function responseStream(body: string): Answer {
  const events = responseEvents(body)
  const last = events.at(-1) as Json
  const response = last.response as Json
  must(/^response\.(?:completed|incomplete)$/.test(String(last.type)), `ends with ${last.type}`)
  must(last.type === `response.${response.status}` && response.id === pick(events[0], 'response', 'id'), 'its end')
  const answer = responseWhole(response)
  const deltas = (type: string): string =>
    events.map((event) => (event.type === `response.${type}.delta` ? event.delta : '')).join('')
  must(deltas('output_text') === answer.text && deltas('refusal') === answer.refusal, 'deltas say something else')
  const written = (response.output as Json[]).map((item) => item.arguments ?? '').join('')
  must(deltas('function_call_arguments') === written, 'deltas of arguments say something else')
  const done = events.filter(({ type }) => type === 'response.output_item.done').map(({ item }) => item)
  must(JSON.stringify(done) === JSON.stringify(response.output), 'items say something else')
  return answer
}

const WHOLES = { chat: chatWhole, messages: messageWhole, responses: responseWhole }
const STREAMS = {
  chat: chatStream,
  messages: (body: string) => messageWhole(accumulated(messageEvents(body))),
  responses: responseStream,
}

function openaiUsage(usage: unknown, input: string, output: string): Answer['usage'] {
  const [given, made] = [pick(usage, input), pick(usage, output)]
  must(typeof given === 'number' && typeof made === 'number' && pick(usage, 'total_tokens') === given + made, 'usage')
  return {
    input: Number(given),
    cached: Number(pick(usage, `${input}_details`, 'cached_tokens') ?? 0),
    written: Number(pick(usage, `${input}_details`, 'cache_write_tokens') ?? 0),
    output: Number(made),
    thought: Number(pick(usage, `${output}_details`, 'reasoning_tokens') ?? 0),
  }
}

const callOf = (id: unknown, name: unknown, written: unknown): ReadCall => ({
  id: String(id),
  name: String(name),
  input: JSON.parse(String(written)) as unknown,
})

function endOf(ends: Readonly<Record<string, Answer['end']>>, reason: unknown): Answer['end'] {
  const end = ends[String(reason)]
  if (end === undefined) throw new Error(`no end: ${String(reason)}`)
  return end
}

/** Has it these members, and no others? */
export const sameNames = (value: Json, names: readonly string[]): boolean =>
  JSON.stringify(Object.keys(value).sort()) === JSON.stringify([...names].sort())

/** Throws unless it is so. */
export function must(isSo: boolean, what: string): asserts isSo {
  if (!isSo) throw new Error(what)
}
