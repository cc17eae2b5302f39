/** Anthropic's messages and their events → the canonical reply and its chunks, from which every skin replays. No I/O. */
import { isObject, items } from '../loose.ts'
import { Assembly } from '../recall/assembly.ts'
import { openaiUsageOf, type Usage } from '../usage.ts'
import { messagesWire } from './wire.ts'

type Json = Readonly<Record<string, unknown>>
/** Chunks to go on with; null where the canonical form has no place for what was said. */
type Chunks = readonly Json[] | null

const NOTHING: readonly Json[] = []

/** `pause_turn` is not here: it stands in the middle of what a server tool does. */
export const FINISH_REASONS: ReadonlyMap<unknown, string> = new Map([
  ['end_turn', 'stop'],
  ['stop_sequence', 'stop'],
  ['max_tokens', 'length'],
  ['model_context_window_exceeded', 'length'],
  ['tool_use', 'tool_calls'],
  ['refusal', 'content_filter'],
])

/** The order in which the canonical form has blocks. In any other one a message would not come back as it was. */
const RANKS: ReadonlyMap<unknown, number> = new Map([
  ['thinking', 0],
  ['redacted_thinking', 0],
  ['text', 1],
  ['tool_use', 2],
])
const TEXT_RANK = 1

/** What is read of each, or is of no use to anyone but who asked. Whatever else is said, and not null, is not carried. */
const OF_MESSAGE = new Set([
  ...['id', 'type', 'role', 'model', 'content', 'stop_reason', 'stop_sequence', 'usage', 'diagnostics'],
])
const OF_END = new Set(['type', 'stop_reason', 'stop_sequence'])
const OF_END_EVENT = new Set(['type', 'delta', 'usage'])
const OF_BLOCKS: ReadonlyMap<unknown, ReadonlySet<string>> = new Map([
  ['thinking', new Set(['type', 'thinking', 'signature'])],
  ['redacted_thinking', new Set(['type', 'data'])],
  ['text', new Set(['type', 'text'])],
  ['tool_use', new Set(['type', 'id', 'name', 'input', 'caller'])],
])

/** The canonical reply, without `id` and `created`; null where it would not say all that the message does. */
export function messageToChat(message: Json): Json | null {
  const reader = new MessageEventsToChat()
  const assembly = new Assembly()
  for (const event of eventsOf(message)) {
    const chunks = reader.push(event)
    if (chunks === null) return null
    for (const chunk of chunks) assembly.add(chunk)
  }
  return assembly.whole(null)
}

/** The message as a stream with one event to a block: so the two forms of a reply are read alike. */
function* eventsOf(message: Json): Generator<Json> {
  const { content, stop_reason, stop_sequence, ...others } = message
  yield { type: 'message_start', message: { ...others, content: [] } }
  for (const [index, content_block] of items(content).entries()) {
    yield { type: 'content_block_start', index, content_block }
    yield { type: 'content_block_stop', index }
  }
  yield { type: 'message_delta', delta: { stop_reason, stop_sequence } }
  yield { type: 'message_stop' }
}

interface Open {
  readonly type: unknown
  readonly index: unknown
  /** Thinking so far, or input. */
  text: string
  signature: string
  /** A call's input as its block began with it: real servers begin with none. */
  readonly input: unknown
}

/** One per stream: takes its events in turn. After null it says nothing more. */
export class MessageEventsToChat {
  #model: unknown
  #usage: Usage | null = null
  #rank = -1
  #calls = 0
  #open: Open | null = null
  /** A call that ended with no input: none needed, or cut off before the first? What follows tells. */
  #unsettled: number | null = null
  #end: Json | null = null
  #standing: 'new' | 'begun' | 'over' = 'new'

  push(event: Json): Chunks {
    const chunks = this.#standing === 'over' ? null : this.#read(event)
    if (chunks === null) this.#standing = 'over'
    return chunks
  }

  #read(event: Json): Chunks {
    if (event.type === 'ping') return NOTHING
    this.#usage = messagesWire.usageIn(event, this.#usage) ?? this.#usage
    if (this.#standing === 'new') return event.type === 'message_start' ? this.#begin(event.message) : null
    switch (event.type) {
      case 'content_block_start':
        return this.#blockStart(event)
      case 'content_block_delta':
        return this.#blockDelta(event)
      case 'content_block_stop':
        return this.#blockStop()
      case 'message_delta':
        return this.#endsBy(event)
      case 'message_stop':
        return this.#finish()
      default:
        return null
    }
  }

  #begin(message: unknown): Chunks {
    if (!isObject(message) || saysMore(message, OF_MESSAGE) || items(message.content).length > 0) return null
    this.#standing = 'begun'
    this.#model = message.model
    return [this.#chunk({ role: 'assistant' })]
  }

  #blockStart({ index, content_block: block }: Json): Chunks {
    if (!isObject(block) || this.#open !== null) return null
    const { type, signature, input } = block
    const known = OF_BLOCKS.get(type)
    if (known === undefined || saysMore(block, known) || !this.#isNext(type)) return null
    const before = this.#settled()
    this.#open = { type, index, text: '', signature: typeof signature === 'string' ? signature : '', input }
    if (type === 'redacted_thinking') {
      if (typeof block.data !== 'string') return null
      const detail = { type: 'reasoning.encrypted', format: 'anthropic', data: block.data }
      return [...before, this.#chunk({ reasoning_details: [detail] })]
    }
    const begun = type === 'tool_use' ? this.#callStart(block) : this.#said(this.#open, block[String(type)])
    return begun === null ? null : [...before, ...begun]
  }

  /** Blocks of one kind may follow one another, but for texts: two would come back as one. */
  #isNext(type: unknown): boolean {
    const last = this.#rank
    this.#rank = RANKS.get(type) ?? 0
    return this.#rank > last || (this.#rank === last && last !== TEXT_RANK)
  }

  #callStart({ id, name, caller }: Json): Chunks {
    if (typeof id !== 'string' || typeof name !== 'string') return null
    if (isObject(caller) && caller.type !== 'direct') return null
    const call = { index: this.#calls++, id, type: 'function', function: { name, arguments: '' } }
    return [this.#chunk({ tool_calls: [call] })]
  }

  #blockDelta({ index, delta }: Json): Chunks {
    const open = this.#open
    if (open === null || open.index !== index || !isObject(delta)) return null
    switch (`${open.type} ${delta.type}`) {
      case 'text text_delta':
        return this.#said(open, delta.text)
      case 'thinking thinking_delta':
        return this.#said(open, delta.thinking)
      case 'thinking signature_delta':
        open.signature += typeof delta.signature === 'string' ? delta.signature : ''
        return NOTHING
      case 'tool_use input_json_delta':
        return this.#said(open, delta.partial_json)
      default:
        return null
    }
  }

  #said(open: Open, text: unknown): Chunks {
    if (typeof text !== 'string' || text === '') return NOTHING
    switch (open.type) {
      case 'text':
        return [this.#chunk({ content: text })]
      case 'thinking':
        open.text += text
        return [this.#chunk({ reasoning_content: text })]
      default:
        open.text += text
        return [this.#arguments(this.#calls - 1, text)]
    }
  }

  #blockStop(): Chunks {
    const open = this.#open
    this.#open = null
    if (open?.type === 'thinking' && open.signature !== '') {
      const { text, signature } = open
      const detail = { type: 'reasoning.text', format: 'anthropic', text, signature }
      return [this.#chunk({ reasoning_details: [detail] })]
    }
    if (open?.type !== 'tool_use' || open.text !== '') return open === null ? null : NOTHING
    if (isObject(open.input) && Object.keys(open.input).length > 0)
      return [this.#arguments(this.#calls - 1, JSON.stringify(open.input))]
    this.#unsettled = this.#calls - 1
    return NOTHING
  }

  /** Something follows the call without input, so it was complete. */
  #settled(): readonly Json[] {
    const call = this.#unsettled
    this.#unsettled = null
    return call === null ? NOTHING : [this.#arguments(call, '{}')]
  }

  #endsBy(event: Json): Chunks {
    const { delta } = event
    if (!isObject(delta) || saysMore(delta, OF_END) || saysMore(event, OF_END_EVENT)) return null
    if (delta.stop_reason == null) return NOTHING
    const finish_reason = FINISH_REASONS.get(delta.stop_reason)
    if (finish_reason === undefined) return null
    const { stop_sequence } = delta
    this.#end = { finish_reason, ...(typeof stop_sequence === 'string' ? { stop_sequence } : {}) }
    return NOTHING
  }

  #finish(): Chunks {
    if (this.#end === null || this.#open !== null) return null
    this.#standing = 'over'
    // A call that was cut off before its first argument has none: they are not made up.
    const before = this.#end.finish_reason === 'length' ? NOTHING : this.#settled()
    const usage = this.#usage === null ? NOTHING : [{ ...this.#frame([]), usage: openaiUsageOf(this.#usage) }]
    return [...before, this.#chunk({}, this.#end), ...usage]
  }

  #arguments(index: number, text: string): Json {
    return this.#chunk({ tool_calls: [{ index, function: { arguments: text } }] })
  }

  #chunk(delta: Json, end: Json = { finish_reason: null }): Json {
    return this.#frame([{ index: 0, delta, ...end }])
  }

  #frame(choices: readonly Json[]): Json {
    return { object: 'chat.completion.chunk', model: this.#model, choices }
  }
}

/** Does it say anything under a name that is not known? */
function saysMore(value: Json, known: ReadonlySet<string>): boolean {
  for (const name in value) {
    const member = value[name]
    if (!known.has(name) && member != null && !(Array.isArray(member) && member.length === 0)) return true
  }
  return false
}
