/** The requests of the benchmark and the upstream's answers to them. No I/O. */

const MODEL = /"model":"bench-(\d+)"/
const SENT = /"sentMs":(\d+)/

/** What a content event carries and nothing else does: the load counts it. */
export const EVENT_MARK = '"content":"token '

/** Aliases that the contenders must know: one a size. */
export function modelOf(bytes: number): string {
  return `bench-${bytes}`
}

/** A prompt of so many bytes. */
export const promptOf = (bytes: number): string => 'a word '.repeat(Math.ceil(bytes / 7)).slice(0, bytes)

/** A chat request with a prompt of so many bytes, which asks for an answer of as many. */
export function chatRequest(bytes: number, stream: boolean): string {
  const messages = [{ role: 'user', content: promptOf(bytes) }]
  return JSON.stringify({ model: modelOf(bytes), temperature: 0.7, messages, ...(stream ? { stream } : {}) })
}

/** A request with the moment at which it was sent, ms since the epoch; the field passes through to the upstream. */
export function stamped(request: string, sentMs: number): string {
  return `${request.slice(0, -1)},"sentMs":${sentMs}}`
}

/** The moment that a stamped request was sent at. */
export function sentMsOf(text: string): number {
  return Number(SENT.exec(text)?.[1])
}

/** What the upstream reads from a request, without parsing it: parsing would cost it more than all the rest. */
export function readRequest(text: string): { bytes: number; stream: boolean; usage: boolean } {
  return {
    bytes: Number(MODEL.exec(text)?.[1] ?? 0),
    stream: text.includes('"stream":true'),
    usage: text.includes('"include_usage":true'),
  }
}

/** A whole answer. */
export function chatReply(bytes: number): string {
  return JSON.stringify({
    id: 'chatcmpl-bench',
    object: 'chat.completion',
    created: 1_760_000_000,
    model: modelOf(bytes),
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: 'an answer '.repeat(Math.ceil(bytes / 10)).slice(0, bytes) },
        logprobs: null,
        finish_reason: 'stop',
      },
    ],
    usage: usageOf(Math.ceil(bytes / 4)),
  })
}

/** The event at a place of a stream of `count` contents. */
export function streamEvent(index: number): string {
  return event([{ index: 0, delta: { content: `token ${index} ` }, finish_reason: null }])
}

/** The end of a stream: finish reason, usage where it was asked for, `[DONE]`. */
export function streamEnd(count: number, usage: boolean): string {
  const finish = event([{ index: 0, delta: {}, finish_reason: 'stop' }])
  return `${finish}${usage ? event([], usageOf(count)) : ''}data: [DONE]\n\n`
}

function event(choices: readonly object[], usage?: object): string {
  const head = { id: 'chatcmpl-bench', object: 'chat.completion.chunk', created: 1_760_000_000, model: 'bench' }
  return `data: ${JSON.stringify({ ...head, choices, ...(usage === undefined ? {} : { usage }) })}\n\n`
}

function usageOf(tokens: number): object {
  return { prompt_tokens: tokens, completion_tokens: tokens, total_tokens: 2 * tokens }
}
