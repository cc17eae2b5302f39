/** A canonical stream → Anthropic's events, chunk by chunk. No I/O. */
import { parseJson } from '../../core/chat-wire.ts'
import { ERRORS, type Refusal } from '../../core/errors.ts'
import { isObject } from '../../core/loose.ts'
import type { Heading, StreamEncoder } from '../skin.ts'
import { callId } from './encode-whole.ts'
import { stopOf, usageOf } from './ending.ts'
import { markOf, type ThoughtSignatures } from './mark.ts'
import { type Bound, boundIn, reasoningIn, textIn, thoughtSignatureIn } from './said.ts'
import { toAnthropicId } from './tool-ids.ts'

type Json = Readonly<Record<string, unknown>>

/** Text or thinking. */
interface Words {
  readonly kind: 'text' | 'thinking'
  /** Thinking: all of it. Text: what waits to be shown. */
  text: string
  /** Anthropic's own: then the block is complete. Undefined: thinking that is ours to sign. */
  signature?: string
}
interface Redacted {
  readonly kind: 'redacted_thinking'
  readonly data: string
}
interface Call {
  readonly kind: 'tool_use'
  /** As the provider gave it; one of ours until it has. */
  id: string
  hasId: boolean
  name: string
  /** All of its arguments so far. */
  text: string
  thought: string | undefined
  isShown: boolean
}
type Block = Words | Redacted | Call

const NO_SIGNATURES: ThoughtSignatures = new Map()
const event = (type: string, rest: string): string => `event: ${type}\ndata: {"type":"${type}"${rest}}\n\n`
const PING = event('ping', '')
const STOP = event('message_stop', '')
const DELTA_NAMES = {
  text: 'text_delta","text',
  thinking: 'thinking_delta","thinking',
  tool_use: 'input_json_delta","partial_json',
}
const DELTA_END = '}}\n\n'

/**
 * Anthropic's blocks come one after the other, while calls of a canonical stream may come side by side. So whatever
 * begins while a call is not complete waits until it is, or until the end; nothing is lost, and no call's arguments are
 * put in another order.
 */
export class MessagesEncoder implements StreamEncoder {
  readonly #heading: Heading
  #standing: 'new' | 'open' | 'stopped' | 'over' = 'new'
  #index = -1
  #open: Block | null = null
  /** What comes before a piece of the open block, up to its JSON string. */
  #deltaStart = ''
  readonly #waiting: Block[] = []
  readonly #calls: Call[] = []
  /** By the index that the upstream gave, from wherever it counts. */
  readonly #callsByIndex = new Map<unknown, Call>()
  /** Thought signatures that came behind the beginning of their calls. */
  readonly #late = new Map<string, string>()
  /** Has thinking been shown under our own signature? */
  #hasUnsigned = false
  #end: Json | null = null
  #usage: unknown = null

  constructor(heading: Heading) {
    this.#heading = heading
  }

  chunk(value: Json): string {
    if (this.#standing === 'stopped' || this.#standing === 'over') return ''
    let text = this.#standing === 'new' ? this.#begin() : ''
    const { choices, usage } = value
    // Some report it with every chunk: the last word counts.
    if (isObject(usage)) this.#usage = usage
    const choice: unknown = Array.isArray(choices) ? choices[0] : undefined
    if (isObject(choice)) {
      if (isObject(choice.delta)) text += this.#delta(choice.delta)
      if (typeof choice.finish_reason === 'string') this.#end = choice
    } else if (this.#end !== null && isObject(usage)) text += this.#stop()
    return text
  }

  end(): string {
    if (this.#standing === 'over') return ''
    const begun = this.#standing === 'new' ? this.#begin() : ''
    const text = this.#standing === 'stopped' ? STOP : begun + this.#stop() + STOP
    this.#standing = 'over'
    return text
  }

  /** An open block is left as it is: clients drop the message. */
  fail({ code, message }: Refusal): string {
    if (this.#standing === 'over') return ''
    this.#standing = 'over'
    return event('error', `,"error":${JSON.stringify({ type: ERRORS[code].anthropic, message })}`)
  }

  /** The counts are not known yet: they come with `message_delta`, whose word is the last. */
  #begin(): string {
    this.#standing = 'open'
    const message = {
      id: `msg_${this.#heading.id}`,
      type: 'message',
      role: 'assistant',
      model: this.#heading.model,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: usageOf(null),
    }
    return event('message_start', `,"message":${JSON.stringify(message)}`) + PING
  }

  #delta(delta: Json): string {
    const reasoning = reasoningIn(delta)
    let text = reasoning === '' ? '' : this.#say('thinking', reasoning)
    if (delta.reasoning_details !== undefined)
      for (const bound of boundIn(delta.reasoning_details)) text += this.#bind(bound)
    const content = textIn(delta)
    if (content !== '') text += this.#say('text', content)
    if (Array.isArray(delta.tool_calls))
      for (const piece of delta.tool_calls) if (isObject(piece)) text += this.#callPiece(piece)
    return text
  }

  #say(kind: Words['kind'], text: string): string {
    const open = this.#open
    if (open?.kind === kind && open.signature === undefined) {
      if (kind === 'thinking') open.text += text
      return this.#piece(text)
    }
    const last = this.#waiting.at(-1)
    if (last?.kind !== kind || last.signature !== undefined) return this.#enter({ kind, text })
    last.text += text
    return ''
  }

  /** Signs the thinking that was just said. What was not said before is a block of its own. */
  #bind(bound: Bound): string {
    if (bound.type === 'redacted_thinking') return this.#enter({ kind: bound.type, data: bound.data })
    const { thinking: text, signature } = bound
    const told = this.#waiting.findLast(isUnsigned) ?? (isUnsigned(this.#open) ? this.#open : undefined)
    if (told !== undefined) {
      // Signed with another text it would be refused when it comes back; unsigned it is only left out.
      if (told.text !== text) return ''
      told.signature = signature
      return told === this.#open ? this.#close() : ''
    }
    return text !== '' && this.#hasUnsigned ? '' : this.#enter({ kind: 'thinking', text, signature })
  }

  #callPiece(piece: Json): string {
    const call = this.#callOf(piece)
    const { name, arguments: written } = isObject(piece.function) ? piece.function : {}
    const isNew = call.name === '' && typeof name === 'string' && name !== ''
    if (isNew) call.name = name
    const thought = thoughtSignatureIn(piece)
    if (thought !== undefined && call.isShown) this.#late.set(call.id, thought)
    else call.thought ??= thought
    if (typeof written === 'string' && written !== '') {
      call.text += written
      if (call === this.#open) return this.#piece(written)
    }
    return isNew ? this.#show() : ''
  }

  /**
   * The call that a piece belongs to, as core/recall/assembly.ts has it: some upstreams count from 1, some not at all,
   * some give every call the same index, and some every piece an id.
   */
  #callOf({ index, id, function: inner }: Json): Call {
    const known = index === undefined ? this.#calls.at(-1) : this.#callsByIndex.get(index)
    const isNamed = index === undefined || (isObject(inner) && typeof inner.name === 'string' && inner.name !== '')
    const hasId = typeof id === 'string' && id !== ''
    if (known !== undefined && !(hasId && known.hasId && known.id !== id && isNamed)) {
      if (hasId && !known.hasId && !known.isShown) Object.assign(known, { id, hasId })
      return known
    }
    const call: Call = {
      kind: 'tool_use',
      id: callId(id, this.#calls.length, this.#heading),
      hasId,
      name: '',
      text: '',
      thought: undefined,
      isShown: false,
    }
    this.#calls.push(call)
    if (index !== undefined) this.#callsByIndex.set(index, call)
    this.#waiting.push(call)
    return call
  }

  #enter(block: Block): string {
    this.#waiting.push(block)
    return this.#show()
  }

  /** Shows what waits, as far as it may: an unnamed call waits for its name, and everything for a call to be complete. */
  #show(isEnd = false): string {
    let text = ''
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      const isHeld = (next.kind === 'tool_use' && next.name === '') || isIncomplete(this.#open)
      if (isHeld && !isEnd) return text
      this.#waiting.shift()
      text += this.#start(next)
    }
    return text
  }

  #start(block: Block): string {
    const thought = block.kind === 'tool_use' ? block.thought : undefined
    const text = block.kind === 'tool_use' && thought !== undefined ? this.#marked(block.id, thought) : this.#close()
    this.#index += 1
    this.#open = block
    if (block.kind === 'tool_use') block.isShown = true
    const start = event('content_block_start', `,"index":${this.#index},"content_block":${startOf(block)}`)
    if (block.kind === 'redacted_thinking') return text + start
    this.#deltaStart = deltaStart(this.#index, DELTA_NAMES[block.kind])
    return text + start + (block.text === '' ? '' : this.#piece(block.text))
  }

  #piece(text: string): string {
    return this.#deltaStart + JSON.stringify(text) + DELTA_END
  }

  /** Closes the open block with a call's thought signature in our mark, or in one that has nothing else in it. */
  #marked(id: string, thought: string): string {
    const marks = new Map([[id, thought]])
    if (isUnsigned(this.#open)) return this.#close(marks)
    return this.#start({ kind: 'thinking', text: '' }) + this.#close(marks)
  }

  #close(marks = NO_SIGNATURES): string {
    const open = this.#open
    if (open === null) return ''
    this.#open = null
    const stop = event('content_block_stop', `,"index":${this.#index}`)
    if (open.kind !== 'thinking') return stop
    if (open.signature === undefined && open.text !== '') this.#hasUnsigned = true
    const signature = JSON.stringify(open.signature ?? markOf(marks))
    return deltaStart(this.#index, 'signature_delta","signature') + signature + DELTA_END + stop
  }

  #stop(): string {
    this.#standing = 'stopped'
    let text = this.#show(true) + this.#close()
    if (this.#late.size > 0) text += this.#start({ kind: 'thinking', text: '' }) + this.#close(this.#late)
    const delta = JSON.stringify(stopOf(this.#end ?? {}, this.#calls.length > 0))
    return text + event('message_delta', `,"delta":${delta},"usage":${JSON.stringify(usageOf(this.#usage))}`)
  }
}

/** A call is complete once its arguments are an object: what still came would be none of it. */
const isIncomplete = (block: Block | null): boolean => block?.kind === 'tool_use' && !isObject(parseJson(block.text))

/** Thinking that is ours to sign. */
const isUnsigned = (block: Block | null): block is Words => block?.kind === 'thinking' && block.signature === undefined

const deltaStart = (index: number, names: string): string =>
  `event: content_block_delta\ndata: {"type":"content_block_delta","index":${index},"delta":{"type":"${names}":`

function startOf(block: Block): string {
  switch (block.kind) {
    case 'text':
      return '{"type":"text","text":""}'
    case 'thinking':
      return '{"type":"thinking","thinking":"","signature":""}'
    case 'redacted_thinking':
      return `{"type":"redacted_thinking","data":${JSON.stringify(block.data)}}`
    case 'tool_use': {
      const { id, name } = block
      return `{"type":"tool_use","id":${JSON.stringify(toAnthropicId(id))},"name":${JSON.stringify(name)},"input":{}}`
    }
  }
}
