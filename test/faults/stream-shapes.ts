/** Streams for the byte-fidelity suite: every legal way to frame events, built from parts so that what must be left out is known. */
import { delta, event, USAGE } from '../support/wire.ts'

/** One stream: its pieces in order; `usage` marks the event that a client who did not ask must not see. */
export interface Shape {
  readonly name: string
  readonly parts: readonly { readonly bytes: Buffer; readonly usage: boolean }[]
}

const CHUNK = { id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm' }
const part = (text: string, usage = false) => ({ bytes: Buffer.from(text), usage })

/** The data of the usage event, as JSON text. */
const usageJson = (more: Record<string, unknown> = {}): string =>
  JSON.stringify({ ...CHUNK, choices: [], usage: USAGE, ...more })
const contentJson = (content: string): string =>
  JSON.stringify({ ...CHUNK, choices: [{ index: 0, delta: { content }, finish_reason: null }] })
const finishJson = JSON.stringify({ ...CHUNK, choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] })
const roleJson = JSON.stringify({ ...CHUNK, choices: [{ index: 0, delta: { role: 'assistant', content: '' } }] })

/** A stream with a line end and a way to write an event of its own. */
function framed(name: string, end: string, write: (json: string) => string, contents: readonly string[]): Shape {
  return {
    name,
    parts: [
      part(write(roleJson) + end),
      ...contents.map((content) => part(write(contentJson(content)) + end)),
      part(write(finishJson) + end),
      part(write(usageJson()) + end, true),
      part(`data: [DONE]${end}${end}`),
    ],
  }
}

const ENDS = { lf: '\n', crlf: '\r\n', cr: '\r' } as const
/** Two-, three- and four-byte characters, a combining mark, a line separator that is no line end in SSE. */
const TEXTS = ['zażółć ', '日本語', '🦥🏳️‍🌈', 'é', '\u2028\u2029', ' "quoted" \\ \n']

const plain = (end: string) => (json: string) => `data: ${json}${end}`

const framings: readonly (readonly [string, (end: string) => (json: string) => string])[] = [
  ['plain', plain],
  ['no-space', (end) => (json) => `data:${json}${end}`],
  ['two-spaces', (end) => (json) => `data:  ${json}${end}`],
  ['with-ids', (end) => (json) => `id: ${json.length}${end}data: ${json}${end}`],
  ['named', (end) => (json) => `event: message${end}data: ${json}${end}`],
  ['comment-inside', (end) => (json) => `: ping${end}data: ${json}${end}`],
  ['comment-after-data', (end) => (json) => `data: ${json}${end}: ping${end}id: 7${end}retry: 10${end}`],
  ['comment-events', (end) => (json) => `: OPENROUTER PROCESSING${end}${end}data: ${json}${end}`],
  [
    'multi-line-data',
    (end) => (json) =>
      `${json
        .split(/(?<=,)/)
        .map((line) => `data: ${line}${end}`)
        .join('')}`,
  ],
  ['unknown-fields', (end) => (json) => `x-vendor: 1${end}data: ${json}${end}nonsense${end}`],
]

/** Comment events are events of their own: the comment in front of the usage event stays. */
function splitComments(shape: Shape, end: string): Shape {
  const separator = `${end}${end}`
  return {
    name: shape.name,
    parts: shape.parts.flatMap(({ bytes, usage }) => {
      const text = bytes.toString()
      const at = text.indexOf(separator)
      if (!usage || at + separator.length >= text.length) return [{ bytes, usage }]
      return [part(text.slice(0, at + separator.length)), part(text.slice(at + separator.length), true)]
    }),
  }
}

const systematic = Object.entries(ENDS).flatMap(([endName, end]) =>
  framings.map(([name, write]) =>
    splitComments(framed(`${name}-${endName}`, end, write(end), name === 'plain' ? TEXTS : TEXTS.slice(0, 2)), end),
  ),
)

const shape = (name: string, ...parts: (string | { readonly bytes: Buffer; readonly usage: boolean })[]): Shape => ({
  name,
  parts: parts.map((piece) => (typeof piece === 'string' ? part(piece) : piece)),
})
const DONE = 'data: [DONE]\n\n'
const say = (content: string): string => event(JSON.parse(contentJson(content)))
const stop = event(JSON.parse(finishJson))
const usageEvent = part(event(JSON.parse(usageJson())), true)

const singular: readonly Shape[] = [
  shape(
    'mixed-line-ends',
    `data: ${contentJson('a')}\r\n\r\n`,
    say('b'),
    `data: ${contentJson('c')}\n\r\n`,
    stop,
    usageEvent,
    DONE,
  ),
  shape('byte-order-mark', '\ufeff', say('a'), say('b'), stop, usageEvent, DONE),
  shape('usage-before-finish', say('a'), usageEvent, stop, DONE),
  shape('comment-after-done', say('a'), stop, DONE, ': the end\n\n'),
  shape('usage-null-stays', say('a'), event({ ...CHUNK, choices: [], usage: null }), stop, usageEvent, DONE),
  shape(
    'usage-beside-choices-stays',
    say('a'),
    event({ ...CHUNK, choices: [{ index: 0, delta: {}, finish_reason: 'stop' }], usage: USAGE }),
    DONE,
  ),
  shape('prompt-filter-first', event({ choices: [], prompt_filter_results: [] }), say('a'), stop, usageEvent, DONE),
  shape(
    'spaced-json',
    `data: ${JSON.stringify(JSON.parse(contentJson('a')), null, ' ').replaceAll('\n', '')}\n\n`,
    stop,
    part(`data: { "choices" : [ ] , "usage" : { "prompt_tokens" : 1 , "completion_tokens" : 1 } }\n\n`, true),
    DONE,
  ),
  shape(
    'words-that-look-like-an-error',
    say('{"error": {"message": "no"}}'),
    say('\nevent: error\n'),
    stop,
    usageEvent,
    DONE,
  ),
  shape(
    'error-null-stays',
    event({ ...CHUNK, choices: [{ index: 0, delta: { content: 'a' } }], error: null }),
    stop,
    usageEvent,
    DONE,
  ),
  shape(
    'error-inside-a-choice-stays',
    say('a'),
    event({ ...CHUNK, choices: [{ index: 0, delta: { content: 'b' }, error: { message: 'mine' } }] }),
    stop,
    usageEvent,
    DONE,
  ),
  shape('words-that-look-like-usage', say('"choices":[],"usage":{"prompt_tokens":1}'), stop, usageEvent, DONE),
  shape('usage-word-in-last-text', say('data: [DONE]'), stop, usageEvent, DONE),
  shape('blank-lines-between', say('a'), '\n\n\n', say('b'), stop, usageEvent, DONE),
  shape('malformed-after-content', say('a'), 'data: {"oops\n\n', 'data\n\n', stop, usageEvent, DONE),
  shape('no-blank-line-at-the-end', say('a'), stop, usageEvent, 'data: [DONE]'),
  shape('done-without-space', say('a'), stop, usageEvent, 'data:[DONE]\n\n'),
  shape(
    'tool-calls',
    event({
      ...CHUNK,
      choices: [
        {
          index: 0,
          delta: {
            tool_calls: [{ index: 0, id: 'c1', type: 'function', function: { name: 'f', arguments: '{"a":"ż"}' } }],
          },
        },
      ],
    }),
    stop,
    usageEvent,
    DONE,
  ),
  shape(
    'long-prologue',
    ...Array.from({ length: 80 }, () => delta({ role: 'assistant', content: '' })),
    say('a'),
    stop,
    usageEvent,
    DONE,
  ),
  shape(
    'large-prologue',
    delta({ role: 'assistant', content: '', padding: 'p'.repeat(70_000) }),
    say('a'),
    stop,
    usageEvent,
    DONE,
  ),
  shape(
    'two-choices',
    event({
      ...CHUNK,
      choices: [
        { index: 1, delta: { content: 'b' } },
        { index: 0, delta: { content: 'a' } },
      ],
    }),
    stop,
    usageEvent,
    DONE,
  ),
]

/** All generated streams. */
export const shapes: readonly Shape[] = [...systematic, ...singular]

/** A recorded stream with LF line ends, cut into its events. */
export function recorded(name: string, bytes: Buffer): Shape {
  const pieces = bytes.toString().split(/(?<=\n\n)/)
  const isUsage = (piece: string): boolean => {
    if (!piece.startsWith('data: {')) return false
    const value = JSON.parse(piece.slice(6)) as { choices?: unknown[]; usage?: unknown }
    return value.choices?.length === 0 && value.usage !== null && value.usage !== undefined
  }
  return { name, parts: pieces.map((piece) => part(piece, isUsage(piece))) }
}

/** What the upstream sends. */
export const sentBytes = ({ parts }: Shape): Buffer => Buffer.concat(parts.map(({ bytes }) => bytes))
/** What a client receives who did not ask for usage. */
export const withoutUsage = ({ parts }: Shape): Buffer =>
  Buffer.concat(parts.filter(({ usage }) => !usage).map(({ bytes }) => bytes))
