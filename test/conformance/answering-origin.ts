/** An upstream that answers as OpenAI does, whatever is asked: choices, tools, schemas, images, logprobs, embeddings. */
import type { Call, Script } from '../support/scripted-origin.ts'
import { DONE, delta, event, finish, role, USAGE, whole } from '../support/wire.ts'

interface Asked {
  readonly n?: number
  readonly logprobs?: boolean
  readonly tools?: readonly { readonly function: { readonly name: string } }[]
  readonly parallel_tool_calls?: boolean
  readonly response_format?: { readonly type: string }
  readonly stream_options?: { readonly include_usage?: boolean }
  readonly messages?: readonly { readonly role: string; readonly content: unknown }[]
}

const LOGPROBS = { content: [{ token: 'Hi', logprob: -0.25, bytes: [72, 105], top_logprobs: [] }], refusal: null }
/** Deltas that a streamed answer comes in. */
const pieces = (text: string): string[] => text.match(/.{1,4}/gsu) ?? []

/** What the last message is, in words: images are counted, tool results quoted. */
function seen(asked: Asked): string {
  const last = asked.messages?.at(-1)
  if (last?.role === 'tool') return `The tool said ${String(last.content)}.`
  if (!Array.isArray(last?.content)) return `You said: ${String(last?.content)}`
  const kinds = last.content.map((part: { type: string }) => part.type)
  return `You sent ${kinds.join(' and ')}.`
}

/** The calls that a request with tools is answered by: one, or one for each tool where they may be parallel. */
const callsFor = (asked: Asked): object[] =>
  (asked.tools ?? []).slice(0, asked.parallel_tool_calls === false ? 1 : undefined).map((tool, index) => ({
    index,
    id: `call_${index}`,
    type: 'function',
    function: { name: tool.function.name, arguments: JSON.stringify({ city: ['Paris', 'Rome'][index] }) },
  }))

const BASE = { id: 'chatcmpl-1', created: 1_700_000_000, model: 'upstream-model', system_fingerprint: 'fp_1' }

/** Answers `/chat/completions`. */
export const answerChat: Script = async (call) => {
  const asked = call.json as Asked
  const usesTools = (asked.tools?.length ?? 0) > 0 && asked.messages?.at(-1)?.role !== 'tool'
  const text = asked.response_format?.type === 'json_schema' ? '{"city":"Paris","people":2100000}' : seen(asked)
  const indexes = Array.from({ length: asked.n ?? 1 }, (_, index) => index)
  const reason = usesTools ? 'tool_calls' : 'stop'
  if (call.json.stream === true) return await stream(call, asked, usesTools ? null : text, indexes, reason)
  const message = usesTools
    ? {
        role: 'assistant',
        content: null,
        refusal: null,
        tool_calls: callsFor(asked),
      }
    : { role: 'assistant', content: text, refusal: null }
  const choices = indexes.map((index) => ({
    index,
    message,
    logprobs: asked.logprobs === true ? LOGPROBS : null,
    finish_reason: reason,
  }))
  await call.reply(200, JSON.stringify({ ...BASE, object: 'chat.completion', choices, usage: USAGE }), {
    'x-request-id': 'req_upstream',
    'openai-processing-ms': '17',
    'openai-version': '2020-10-01',
    'set-cookie': 'upstream=1',
    'x-ratelimit-limit-requests': '5000',
    server: 'upstream',
  })
}

async function stream(
  call: Call,
  asked: Asked,
  text: string | null,
  indexes: readonly number[],
  reason: string,
): Promise<void> {
  const chunk = (choices: unknown, more = {}): string =>
    event({ ...BASE, object: 'chat.completion.chunk', choices, ...more })
  const choice = (index: number, delta: unknown, finish: string | null = null): unknown => ({
    index,
    delta,
    logprobs: asked.logprobs === true && finish === null ? LOGPROBS : null,
    finish_reason: finish,
  })
  await call.head(200, { 'x-request-id': 'req_upstream' })
  for (const index of indexes)
    await call.write(chunk([choice(index, { role: 'assistant', content: text === null ? null : '' })]))
  if (text === null) {
    for (const made of callsFor(asked) as { index: number; function: { arguments: string } }[]) {
      const { arguments: input, ...named } = { ...made.function }
      await call.write(chunk([choice(0, { tool_calls: [{ ...made, function: { ...named, arguments: '' } }] })]))
      for (const piece of pieces(input)) {
        await call.write(chunk([choice(0, { tool_calls: [{ index: made.index, function: { arguments: piece } }] })]))
      }
    }
  } else {
    for (const piece of pieces(text)) {
      for (const index of indexes) await call.write(chunk([choice(index, { content: piece })]))
    }
  }
  for (const index of indexes) await call.write(chunk([choice(index, {}, reason)]))
  if (asked.stream_options?.include_usage === true) await call.write(chunk([], { usage: USAGE }))
  await call.end(DONE)
}

const DETAILED = {
  ...USAGE,
  prompt_tokens_details: { cached_tokens: 4 },
  completion_tokens_details: { reasoning_tokens: 2 },
}

/** Answers chat with one message, whole or its fields in small deltas one after the other, ended by `reason`. */
export const saying =
  (message: Readonly<Record<string, string>>, reason = 'stop'): Script =>
  async (call) => {
    if (call.json.stream !== true) {
      const choice = { index: 0, message: { role: 'assistant', content: null, ...message }, finish_reason: reason }
      return await call.reply(200, whole('', { choices: [choice], usage: DETAILED }))
    }
    await call.head(200)
    await call.write(role())
    for (const [name, said] of Object.entries(message))
      for (const piece of pieces(said)) await call.write(delta({ [name]: piece }))
    await call.write(finish(reason) + event({ choices: [], usage: DETAILED }))
    await call.end(DONE)
  }

/** The vector that an input is embedded as; exact in 32 bits. */
export const vectorOf = (input: string): number[] => [input.length, 0.5, -0.25, 1 / 1024]

/** Answers `/embeddings`, as floats or base64 as asked. */
export const answerEmbeddings: Script = async (call) => {
  const asked = call.json as { input: string | string[]; encoding_format?: string }
  const inputs = Array.isArray(asked.input) ? asked.input : [asked.input]
  const encoded = (vector: number[]): unknown =>
    asked.encoding_format === 'base64' ? Buffer.from(new Float32Array(vector).buffer).toString('base64') : vector
  const data = inputs.map((input, index) => ({ object: 'embedding', index, embedding: encoded(vectorOf(input)) }))
  const usage = { prompt_tokens: inputs.join('').length, total_tokens: inputs.join('').length }
  await call.reply(200, JSON.stringify({ object: 'list', data, model: 'upstream-embed', usage }))
}

/** Answers `/completions`. */
export const answerCompletions: Script = async (call) => {
  const make = (text: string, finish: string | null): object => ({
    ...BASE,
    object: 'text_completion',
    choices: [{ index: 0, text, logprobs: null, finish_reason: finish }],
  })
  if (call.json.stream !== true)
    return await call.reply(200, JSON.stringify({ ...make('Once upon', 'stop'), usage: USAGE }))
  await call.reply(
    200,
    event(make('Once', null)) +
      event(make(' upon', 'stop')) +
      event({ ...make('', null), choices: [], usage: USAGE }) +
      DONE,
    {
      'content-type': 'text/event-stream',
    },
  )
}
