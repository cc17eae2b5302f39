/** OpenAI's wire format as an upstream speaks it: chunks, whole answers, errors; and a plain reading of SSE for checks. */

const BASE = { id: 'chatcmpl-test', object: 'chat.completion.chunk', created: 1_700_000_000, model: 'upstream-model' }

/** One SSE event of a JSON value. */
export const event = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`

/** One chunk with this delta. */
export const delta = (fields: Record<string, unknown>, finish: string | null = null): string =>
  event({ ...BASE, choices: [{ index: 0, delta: fields, finish_reason: finish }] })

export const role = (): string => delta({ role: 'assistant', content: '' })
export const text = (content: string): string => delta({ content })
export const finish = (reason = 'stop'): string => delta({}, reason)
export const USAGE = { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 }
/** The event that carries usage alone. */
export const usage = (): string => event({ ...BASE, choices: [], usage: USAGE })
export const DONE = 'data: [DONE]\n\n'

/** A complete stream that says `content` in one piece, usage included. */
export const stream = (content: string): string => role() + text(content) + finish() + usage() + DONE

/** A complete whole answer. */
export const whole = (content: string, more: Record<string, unknown> = {}): string =>
  JSON.stringify({
    id: 'chatcmpl-test',
    object: 'chat.completion',
    created: 1_700_000_000,
    model: 'upstream-model',
    choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop', logprobs: null }],
    usage: USAGE,
    ...more,
  })

/** A provider's error body of the documented shape. */
export const providerError = (message: string, more: Record<string, unknown> = {}): string =>
  JSON.stringify({ error: { message, type: 'server_error', param: null, code: null, ...more } })

/** Events of a well-formed stream with LF line ends, without their separators. */
export const events = (body: string): string[] => body.split('\n\n').filter((part) => part !== '')

/** The texts that a chat stream adds up to. */
export function said(body: string): string {
  return events(body)
    .filter((part) => part.startsWith('data: {'))
    .map((part) => JSON.parse(part.slice(6)) as { choices?: { delta?: { content?: string | null } }[] })
    .map((chunk) => chunk.choices?.[0]?.delta?.content ?? '')
    .join('')
}

/** A request body. */
export const chat = (model: string, stream: boolean, more: Record<string, unknown> = {}): Record<string, unknown> => ({
  model,
  messages: [{ role: 'user', content: 'Say hello.' }],
  ...(stream ? { stream: true } : {}),
  ...more,
})
