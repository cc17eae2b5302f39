/** Canonical answers: any, as a whole completion and as the chunks of a stream, and the readers of what is made of them. */
import fc from 'fast-check'

type Json = Record<string, unknown>

/** An answer in the order in which models give them. */
export interface Answer {
  readonly reasoning: string
  readonly details: readonly Json[]
  readonly text: string
  readonly refusal: string
  readonly calls: readonly {
    readonly id: string
    readonly name: string
    readonly text: string
    readonly isCustom: boolean
    readonly signature: string | null
  }[]
  readonly finish: string
  readonly usage: Json | null
}

const text = fc.oneof(fc.constant(''), fc.string({ unit: 'grapheme', maxLength: 30 }))

export const answers: fc.Arbitrary<Answer> = fc.record({
  reasoning: text,
  details: fc.array(
    fc.constantFrom<Json>(
      { type: 'reasoning.text', format: 'anthropic', text: 'Hm', signature: 'sig' },
      { type: 'reasoning.encrypted', format: 'anthropic', data: 'AAAA' },
      { type: 'reasoning.text', format: 'unknown', text: 'x' },
    ),
    { maxLength: 2 },
  ),
  text,
  refusal: fc.oneof({ weight: 4, arbitrary: fc.constant('') }, { weight: 1, arbitrary: text }),
  calls: fc
    .array(
      fc.record({
        name: fc.constantFrom('f', 'g'),
        text,
        isCustom: fc.boolean(),
        signature: fc.option(fc.constant('sig')),
      }),
      { maxLength: 3 },
    )
    .map((calls) => calls.map((call, index) => ({ ...call, id: `call_${index}` }))),
  finish: fc.constantFrom('stop', 'tool_calls', 'length', 'content_filter'),
  usage: fc.option(
    fc.record({
      prompt_tokens: fc.nat(999),
      completion_tokens: fc.nat(999),
      total_tokens: fc.nat(999),
      prompt_tokens_details: fc.constantFrom<Json | null>(null, { cached_tokens: 3 }),
    }),
  ),
})

/** The answer whole. */
export function completionOf({ reasoning, details, text: said, refusal, calls, finish, usage }: Answer): Json {
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1,
    model: 'upstream',
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: said === '' && calls.length > 0 ? null : said,
          refusal: refusal === '' ? null : refusal,
          ...(reasoning === '' ? {} : { reasoning_content: reasoning }),
          ...(details.length === 0 ? {} : { reasoning_details: details }),
          ...(calls.length === 0 ? {} : { tool_calls: calls.map((call) => callOf(call, call.text)) }),
        },
        logprobs: null,
        finish_reason: finish,
      },
    ],
    ...(usage === null ? {} : { usage }),
  }
}

type Call = Answer['calls'][number]

function callOf({ id, name, isCustom, signature }: Call, long: string): Json {
  return {
    id,
    ...(isCustom
      ? { type: 'custom', custom: { name, input: long } }
      : { type: 'function', function: { name, arguments: long } }),
    ...(signature === null ? {} : { extra_content: { google: { thought_signature: signature } } }),
  }
}

/** How a server streams. */
export interface Streaming {
  /** Characters in a delta. */
  readonly size: number
  /** Where the indexes of calls begin. */
  readonly firstIndex: number
  readonly usageOnEvery: boolean
  readonly hasBlanks: boolean
  readonly reasoningName: 'reasoning_content' | 'reasoning'
  /** Pieces of parallel calls take turns. */
  readonly takesTurns: boolean
}

export const streamings: fc.Arbitrary<Streaming> = fc.record({
  size: fc.integer({ min: 1, max: 12 }),
  firstIndex: fc.constantFrom(0, 1),
  usageOnEvery: fc.boolean(),
  hasBlanks: fc.boolean(),
  reasoningName: fc.constantFrom('reasoning_content', 'reasoning'),
  takesTurns: fc.boolean(),
})

/** The answer as chunks. */
export function chunksOf(answer: Answer, streaming: Streaming): Json[] {
  const { size, reasoningName, usageOnEvery, hasBlanks } = streaming
  const blanks = hasBlanks ? [{}, { content: '' }, { content: null, reasoning_content: null, tool_calls: [] }] : []
  const deltas: Json[] = [
    { role: 'assistant', content: '' },
    ...cut(answer.reasoning, size).map((piece) => ({ [reasoningName]: piece })),
    ...answer.details.map((detail) => ({ reasoning_details: [detail] })),
    ...blanks,
    ...cut(answer.text, size).map((piece) => ({ content: piece })),
    ...cut(answer.refusal, size).map((piece) => ({ refusal: piece })),
    ...callDeltas(answer.calls, streaming),
    ...blanks,
  ]
  const partial =
    usageOnEvery && answer.usage !== null ? { usage: { prompt_tokens: 1, completion_tokens: 0 } } : { usage: null }
  return [
    ...deltas.map((delta) => chunkOf(delta, null, partial)),
    chunkOf({}, answer.finish, partial),
    ...(answer.usage === null
      ? []
      : [{ object: 'chat.completion.chunk', model: 'upstream', choices: [], usage: answer.usage }]),
  ]
}

/** One chunk. */
export const chunkOf = (delta: Json, finish: string | null = null, more: Json = {}): Json => ({
  id: 'chatcmpl-1',
  object: 'chat.completion.chunk',
  model: 'upstream',
  choices: [{ index: 0, delta, finish_reason: finish }],
  ...more,
})

function callDeltas(calls: readonly Call[], { size, firstIndex, takesTurns }: Streaming): Json[] {
  const pieces = calls.map((call, at) => {
    const rest = (piece: string) => (call.isCustom ? { custom: { input: piece } } : { function: { arguments: piece } })
    return [callOf(call, ''), ...cut(call.text, size).map(rest)].map((piece) => ({ index: firstIndex + at, ...piece }))
  })
  if (!takesTurns) return pieces.flat().map((piece) => ({ tool_calls: [piece] }))
  const turns = Math.max(0, ...pieces.map(({ length }) => length))
  return Array.from({ length: turns }, (_, turn) => ({ tool_calls: pieces.flatMap((call) => call[turn] ?? []) }))
}

function cut(value: string, size: number): string[] {
  const characters = [...value]
  const parts: string[] = []
  for (let at = 0; at < characters.length; at += size) parts.push(characters.slice(at, at + size).join(''))
  return parts
}

/** The events of SSE text, each as it was named and what its data is. */
export function readEvents(sse: string): (Json & { type: string })[] {
  return sse
    .split('\n\n')
    .filter((event) => event !== '')
    .map((event) => {
      const [name, data, ...more] = event.split('\n')
      const value = JSON.parse(String(data).slice('data: '.length)) as Json & { type: string }
      if (name !== `event: ${value.type}` || more.length > 0) throw new Error(`Not an event of Responses: ${event}`)
      return value
    })
}
