/** A Responses target's answer in the canonical form: a whole one, or its events as chunks. No I/O. */
import { field, isObject, items } from '../loose.ts'
import { chatUsage } from './usage.ts'

type Json = Readonly<Record<string, unknown>>

/** Between parts of reasoning: each is a paragraph of its own, often with a headline. */
const PARAGRAPH = '\n\n'

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

/** A detail that only OpenAI can read, under the id that it is bound to; null where an item carries none. */
function encryptedDetail({ id, encrypted_content: data }: Json): Json | null {
  if (typeof data !== 'string' || data === '') return null
  return { type: 'reasoning.encrypted', format: 'openai-responses', ...(typeof id === 'string' ? { id } : {}), data }
}

/** Why an answer ended; null: for no reason that the canonical form knows. */
function finishReason({ status, incomplete_details: details }: Json, hasCalls: boolean): string | null {
  if (status === 'completed') return hasCalls ? 'tool_calls' : 'stop'
  if (status !== 'incomplete') return null
  const reason = field(details, 'reason')
  if (reason === 'max_output_tokens') return 'length'
  return reason === 'content_filter' ? 'content_filter' : null
}

/** The call that an item is; null: none of the caller's tools. */
function callOf(item: Json): Json | null {
  const { call_id: id, name } = item
  if (typeof id !== 'string' || typeof name !== 'string') return null
  if (item.type === 'function_call')
    return { id, type: 'function', function: { name, arguments: textOf(item.arguments) } }
  return item.type === 'custom_tool_call' ? { id, type: 'custom', custom: { name, input: textOf(item.input) } } : null
}

/** What has been collected of a whole answer. */
interface Collected {
  text: string
  refusal: string
  readonly reasoning: string[]
  readonly details: Json[]
  readonly calls: Json[]
  readonly scores: unknown[]
}

/**
 * The `chat.completion` of a whole response, without `id` and `created`; null where it says what that has no place for:
 * calls of the provider's own tools, citations, an end that is none.
 */
export function responseToChat(response: Json): Json | null {
  const got: Collected = { text: '', refusal: '', reasoning: [], details: [], calls: [], scores: [] }
  for (const item of items(response.output)) if (!isObject(item) || !collect(got, item)) return null
  const reason = finishReason(response, got.calls.length > 0)
  if (reason === null) return null
  const usage = chatUsage(response.usage)
  return {
    object: 'chat.completion',
    ...(typeof response.model === 'string' ? { model: response.model } : {}),
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: got.text === '' && (got.calls.length > 0 || got.refusal !== '') ? null : got.text,
          refusal: got.refusal === '' ? null : got.refusal,
          ...(got.reasoning.length === 0 ? {} : { reasoning_content: got.reasoning.join(PARAGRAPH) }),
          ...(got.details.length === 0 ? {} : { reasoning_details: got.details }),
          ...(got.calls.length === 0 ? {} : { tool_calls: got.calls }),
        },
        logprobs: got.scores.length === 0 ? null : { content: got.scores, refusal: null },
        finish_reason: reason,
      },
    ],
    ...(usage === null ? {} : { usage }),
  }
}

/** Takes one item. False: it cannot be said. */
function collect(got: Collected, item: Json): boolean {
  if (item.type === 'message') return items(item.content).every((part) => isObject(part) && collectPart(got, part))
  if (item.type === 'reasoning') {
    for (const part of [...items(item.summary), ...items(item.content)]) {
      const text = textOf(field(part, 'text'))
      if (text !== '') got.reasoning.push(text)
    }
    const detail = encryptedDetail(item)
    if (detail !== null) got.details.push(detail)
    // It belongs to what follows it, and after other output the canonical form could not say which that is.
    return detail === null || (got.calls.length === 0 && got.text === '' && got.refusal === '')
  }
  const call = callOf(item)
  if (call !== null) got.calls.push(call)
  return call !== null
}

function collectPart(got: Collected, part: Json): boolean {
  if (part.type === 'refusal') got.refusal += textOf(part.refusal)
  else if (part.type === 'output_text' && items(part.annotations).length === 0) {
    got.text += textOf(part.text)
    got.scores.push(...items(part.logprobs))
  } else return false
  return true
}

/** An item of the stream that is under way. */
interface Running {
  readonly type: unknown
  /** Place among the calls. */
  readonly call: number
  /** Has any delta of it come? Some servers send small items whole, at their end. */
  hasDeltas: boolean
}

const NOTHING: readonly Json[] = []
/** Text of a reasoning item, in either of its two places. */
const REASONING_DELTAS: ReadonlySet<unknown> = new Set([
  'response.reasoning_text.delta',
  'response.reasoning_summary_text.delta',
])
const CALL_DELTAS: ReadonlySet<unknown> = new Set([
  'response.function_call_arguments.delta',
  'response.custom_tool_call_input.delta',
])
/** Parts that announce nothing but text. */
const PLAIN_PARTS: ReadonlySet<unknown> = new Set(['output_text', 'refusal', 'reasoning_text', 'summary_text'])

/** One per stream: its events, read as canonical chunks. */
export class ResponseEventsToChat {
  readonly #items = new Map<unknown, Running>()
  #model: string | undefined
  #calls = 0
  #hasBegun = false
  /** Has anything been said besides reasoning? */
  #hasSpoken = false
  /** The part that reasoning was last heard from. */
  #reasoningPart: string | null = null

  /** The chunks that an event makes. Null: it says what no chunk can. */
  push(event: Json): readonly Json[] | null {
    const { type } = event
    if (REASONING_DELTAS.has(type)) return this.#reasoning(event)
    if (CALL_DELTAS.has(type)) return this.#callDelta(event)
    switch (type) {
      case 'response.created':
        this.#model = textOf(field(event.response, 'model')) || undefined
        return NOTHING
      case 'response.output_text.delta':
        return this.#text(event, textOf(event.delta), items(event.logprobs))
      case 'response.refusal.delta':
        this.#running(event).hasDeltas = true
        return this.#said({ refusal: textOf(event.delta) })
      case 'response.output_item.added':
        return isObject(event.item) ? this.#added(event, event.item) : null
      case 'response.output_item.done':
        return isObject(event.item) ? this.#done(event, event.item) : null
      case 'response.content_part.added':
        return PLAIN_PARTS.has(field(event.part, 'type')) ? NOTHING : null
      case 'response.completed':
      case 'response.incomplete':
        return isObject(event.response) ? this.#end(event.response) : null
      case 'response.output_text.annotation.added':
      case 'response.failed':
      case 'error':
        return null
      default:
        return NOTHING
    }
  }

  #added(event: Json, item: Json): readonly Json[] | null {
    const isCall = item.type === 'function_call' || item.type === 'custom_tool_call'
    this.#items.set(event.output_index, { type: item.type, call: isCall ? this.#calls : -1, hasDeltas: false })
    if (item.type === 'message' || item.type === 'reasoning') return NOTHING
    const call = callOf(item)
    if (call === null) return null
    this.#running(event).hasDeltas = argumentsOf(item) !== ''
    return this.#said({ tool_calls: [{ index: this.#calls++, ...call }] })
  }

  #done(event: Json, item: Json): readonly Json[] | null {
    const running = this.#running(event)
    if (item.type === 'reasoning') return this.#reasoningDone(item, running)
    if (item.type === 'message') {
      const got: Collected = { text: '', refusal: '', reasoning: [], details: [], calls: [], scores: [] }
      if (!collect(got, item)) return null
      if (running.hasDeltas || (got.text === '' && got.refusal === '')) return NOTHING
      return [
        ...(got.text === '' ? NOTHING : this.#text(event, got.text, got.scores)),
        ...(got.refusal === '' ? NOTHING : this.#said({ refusal: got.refusal })),
      ]
    }
    const text = argumentsOf(item)
    return running.hasDeltas || text === '' ? NOTHING : this.#callDelta({ ...event, delta: text })
  }

  #reasoningDone(item: Json, running: Running): readonly Json[] | null {
    const parts = [...items(item.summary), ...items(item.content)]
    const late = running.hasDeltas ? [] : parts.map((part) => textOf(field(part, 'text'))).filter((text) => text !== '')
    const chunks = late.map((text) => this.#delta({ reasoning_content: this.#paragraph(`${item.id} ${text}`) + text }))
    const detail = encryptedDetail(item)
    if (detail === null) return chunks
    return this.#hasSpoken ? null : [...chunks, this.#delta({ reasoning_details: [detail] })]
  }

  #reasoning(event: Json): readonly Json[] {
    const text = textOf(event.delta)
    if (text === '') return NOTHING
    this.#running(event).hasDeltas = true
    const part = JSON.stringify([event.output_index, event.summary_index, event.content_index])
    return [this.#delta({ reasoning_content: this.#paragraph(part) + text })]
  }

  /** What stands before the text of a part. */
  #paragraph(part: string): string {
    const isFirst = this.#reasoningPart === null || this.#reasoningPart === part
    this.#reasoningPart = part
    return isFirst ? '' : PARAGRAPH
  }

  #text(event: Json, text: string, scores: readonly unknown[]): readonly Json[] {
    if (text === '' && scores.length === 0) return NOTHING
    this.#running(event).hasDeltas = true
    return this.#said({ content: text }, scores.length === 0 ? {} : { logprobs: { content: scores, refusal: null } })
  }

  #callDelta(event: Json): readonly Json[] | null {
    const running = this.#running(event)
    if (running.call < 0) return null
    running.hasDeltas = true
    const text = textOf(event.delta)
    const piece = running.type === 'function_call' ? { function: { arguments: text } } : { custom: { input: text } }
    return text === '' ? NOTHING : this.#said({ tool_calls: [{ index: running.call, ...piece }] })
  }

  #end(response: Json): readonly Json[] | null {
    const reason = finishReason(response, this.#calls > 0)
    if (reason === null) return null
    const usage = chatUsage(response.usage)
    const last = this.#chunk([{ index: 0, delta: {}, finish_reason: reason }])
    return usage === null ? [last] : [last, { ...this.#chunk([]), usage }]
  }

  #running({ output_index: index }: Json): Running {
    let running = this.#items.get(index)
    if (running === undefined) {
      running = { type: undefined, call: -1, hasDeltas: false }
      this.#items.set(index, running)
    }
    return running
  }

  #said(delta: Json, more: Json = {}): readonly Json[] {
    this.#hasSpoken = true
    return [this.#delta(delta, more)]
  }

  #delta(delta: Json, more: Json = {}): Json {
    const role = this.#hasBegun ? {} : { role: 'assistant' }
    this.#hasBegun = true
    return this.#chunk([{ index: 0, delta: { ...role, ...delta }, ...more, finish_reason: null }])
  }

  #chunk(choices: readonly Json[]): Json {
    return {
      object: 'chat.completion.chunk',
      ...(this.#model === undefined ? {} : { model: this.#model }),
      choices,
    }
  }
}

const argumentsOf = (item: Json): string => textOf(item.type === 'function_call' ? item.arguments : item.input)
