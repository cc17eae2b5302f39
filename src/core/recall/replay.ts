/** Sends a kept reply again: whole, or as the stream that an OpenAI server would send, from one record. No I/O. */
import { field, isObject, items } from '../loose.ts'
import { openaiUsageOf } from '../usage.ts'
import type { RecordedReply } from './types.ts'

type Json = Readonly<Record<string, unknown>>

/** What is fresh in every replay. */
export interface Fresh {
  /** `chatcmpl-…`, or `cmpl-…` of completions. */
  readonly id: string
  /** Seconds since the epoch. */
  readonly createdS: number
}

/** A reply whose JSON was read once: each replay is a joining of strings. */
export interface PreparedReply {
  /** The reply's JSON. Embeddings have neither id nor created. */
  whole(fresh: Fresh): string
  /** Server-sent events up to `[DONE]`; of chat and completions. `wantsUsage`: with the usage event before it. */
  stream(fresh: Fresh, wantsUsage: boolean): string
}

/** Longest text of one event: there are clients that read lines of up to 64 KB, and a character may take 6 bytes. */
const EVENT_TEXT_CHARS = 4096
/** Tokens with their log probabilities in one event. */
const EVENT_TOKENS = 32
/** Fields that are on every event of a stream; others are on the first. */
const ON_EVERY_EVENT = ['model', 'system_fingerprint', 'service_tier']

/** Prepares a reply. Its JSON is read when it is streamed for the first time. */
export function prepare(reply: RecordedReply): PreparedReply {
  const behind = reply.body.slice(1)
  let events: StreamTexts | null = null
  return {
    whole: ({ id, createdS }) => (reply.operation === 'embeddings' ? reply.body : `{${head(id, createdS)}${behind}`),
    stream: ({ id, createdS }, wantsUsage) => {
      events ??= streamTexts(reply)
      const begin = `data: {${head(id, createdS)}`
      const texts = begin + events.answer.join(begin)
      return wantsUsage ? `${texts}${begin}${events.usage}${DONE}` : texts + DONE
    },
  }
}

const DONE = 'data: [DONE]\n\n'

const head = (id: string, createdS: number): string => `"id":${JSON.stringify(id)},"created":${createdS},`

/** The whole reply, once. */
export const wholeText = (reply: RecordedReply, fresh: Fresh): string => prepare(reply).whole(fresh)

/** Its stream, once. */
export const eventStreamText = (reply: RecordedReply, fresh: Fresh, wantsUsage: boolean): string =>
  prepare(reply).stream(fresh, wantsUsage)

/** Events from behind their id and created. */
interface StreamTexts {
  readonly answer: readonly string[]
  readonly usage: string
}

function streamTexts({ operation, body, usage }: RecordedReply): StreamTexts {
  const { object: _, choices, usage: reported, ...others } = JSON.parse(body) as Json
  const common: Record<string, unknown> = {
    object: operation === 'chat' ? 'chat.completion.chunk' : 'text_completion',
  }
  for (const name of ON_EVERY_EVENT) if (others[name] !== undefined) common[name] = others[name]
  const text = (choices: readonly Json[], more: Json = {}) =>
    `${JSON.stringify({ ...common, choices, ...more }).slice(1)}\n\n`
  const eventsOf = operation === 'chat' ? chatEvents : completionEvents
  const events = items(choices).filter(isObject).flatMap(eventsOf)
  return {
    answer: events.map((choice, index) => text([choice], index === 0 ? others : {})),
    usage: text([], { usage: isObject(reported) ? reported : openaiUsageOf(usage) }),
  }
}

/** What the events of one choice of a chat have as their choice. */
function chatEvents({ index, message, logprobs, finish_reason, ...rest }: Json): Json[] {
  const {
    role = 'assistant',
    content,
    refusal,
    tool_calls,
    function_call,
    ...others
  } = isObject(message) ? message : {}
  const events: Json[] = []
  const add = (delta: Json, more: Json = {}) => events.push({ index, delta, ...more, finish_reason: null })
  add({
    role,
    ...(content === undefined ? {} : { content: typeof content === 'string' ? '' : null }),
    ...(refusal === undefined ? {} : { refusal: refusal === '' ? '' : null }),
  })
  // Whatever binds a block of thinking to its provider follows that block, as it did.
  const details = boundDetails(others)
  for (const detail of details) {
    if (typeof detail.text === 'string') for (const text of pieces(detail.text)) add({ reasoning_content: text })
    add({ reasoning_details: [detail] })
  }
  const told = new Set(details.length === 0 ? [] : ['reasoning_details', 'reasoning_content'])
  const extras = Object.entries(others).filter(([name]) => !told.has(name))
  // Reasoning, under whatever name.
  for (const [name, value] of extras)
    if (typeof value === 'string') for (const text of pieces(value)) add({ [name]: text })
  const scores = isObject(logprobs) ? logprobs : {}
  const blanks = blankScores(scores)
  for (const [name, value] of [
    ['content', content],
    ['refusal', refusal],
  ] as const)
    for (const { text, slice } of scored(value, items(scores[name])))
      add(
        typeof value === 'string' ? { [name]: text } : {},
        slice === null ? {} : { logprobs: { ...blanks, [name]: slice } },
      )
  if (Array.isArray(content)) add({ content })
  if (isObject(function_call)) for (const piece of callPieces(function_call, 'arguments')) add({ function_call: piece })
  items(tool_calls)
    .filter(isObject)
    .forEach((call, position) => {
      for (const piece of toolCallPieces(call)) add({ tool_calls: [{ ...piece, index: position }] })
    })
  for (const [name, value] of extras) if (typeof value !== 'string') add({ [name]: value })
  events.push({ index, delta: {}, ...scoresLeft(logprobs, blanks), finish_reason, ...rest })
  return events
}

/** What binds thinking to its provider, where it says all of that thinking; in other shapes it is a field like any other. */
function boundDetails({ reasoning_details: all, reasoning_content: text = '', reasoning }: Json): readonly Json[] {
  const details = items(all).filter(isObject)
  const said = details.map((detail) => (typeof detail.text === 'string' ? detail.text : '')).join('')
  return reasoning === undefined && said === text ? details : []
}

/** The lists of log probabilities that have no tokens: OpenAI has them, as null, beside those that do. */
function blankScores({ content, refusal }: Json): Json {
  return {
    ...(content === undefined || items(content).length > 0 ? {} : { content }),
    ...(refusal === undefined || items(refusal).length > 0 ? {} : { refusal }),
  }
}

/** What of the log probabilities is not of tokens. */
function scoresLeft(logprobs: unknown, blanks: Json): Json {
  if (!isObject(logprobs)) return logprobs === undefined ? {} : { logprobs }
  const { content: _, refusal: __, ...others } = logprobs
  return { logprobs: { ...blanks, ...others } }
}

/** The same of completions. */
function completionEvents({ index, text, logprobs, finish_reason, ...rest }: Json): Json[] {
  const scores = logprobs === undefined ? {} : { logprobs: null }
  const events: Json[] = pieces(typeof text === 'string' ? text : '').map((piece, position) => ({
    index,
    text: piece,
    ...(position === 0 && logprobs !== undefined ? { logprobs } : scores),
    finish_reason: null,
  }))
  return [...events, { index, text: '', ...scores, finish_reason, ...rest }]
}

/** A text with its tokens: some to each event, where they are its tokens; else first the one, then the others. */
function scored(text: unknown, tokens: readonly unknown[]): { text: string; slice: readonly unknown[] | null }[] {
  const whole = typeof text === 'string' ? text : ''
  if (tokens.length === 0) return whole === '' ? [] : pieces(whole).map((piece) => ({ text: piece, slice: null }))
  const textOf = (some: readonly unknown[]) => some.map((token) => field(token, 'token')).join('')
  const areIts = textOf(tokens) === whole
  const slices = []
  for (let at = 0; at < tokens.length; at += EVENT_TOKENS) slices.push(tokens.slice(at, at + EVENT_TOKENS))
  return [
    ...(areIts || whole === '' ? [] : pieces(whole).map((piece) => ({ text: piece, slice: null }))),
    ...slices.map((slice) => ({ text: areIts ? textOf(slice) : '', slice })),
  ]
}

/** A tool call as OpenAI streams it: all but its arguments first. */
function toolCallPieces({ index: _, ...call }: Record<string, unknown>): Json[] {
  for (const [kind, long] of [
    ['function', 'arguments'],
    ['custom', 'input'],
  ] as const) {
    const inner = call[kind]
    if (!isObject(inner)) continue
    const [first, ...more] = callPieces(inner, long)
    return [{ ...call, [kind]: first }, ...more.map((piece) => ({ [kind]: piece }))]
  }
  return [call]
}

function callPieces(call: Json, long: 'arguments' | 'input'): Json[] {
  const text = call[long]
  if (typeof text !== 'string') return [call]
  return [{ ...call, [long]: '' }, ...(text === '' ? [] : pieces(text).map((piece) => ({ [long]: piece })))]
}

/** A text in parts, no character cut in two; the empty text is one part. */
function pieces(text: string): string[] {
  const parts: string[] = []
  let at = 0
  do {
    let end = at + EVENT_TEXT_CHARS
    if (end < text.length && isHighSurrogate(text.charCodeAt(end - 1))) end -= 1
    parts.push(text.slice(at, end))
    at = end
  } while (at < text.length)
  return parts
}

const isHighSurrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff
