/** What a Messages client was told, read back into the canonical form: as if the client sent it with its next turn. No I/O. */
import { field, isObject, items } from '../../core/loose.ts'
import { isOwnSignature } from '../../core/messages/bound.ts'
import { FINISH_REASONS } from '../../core/messages/reply-to-chat.ts'
import { messagesWire } from '../../core/messages/wire.ts'
import { openaiUsageOf, type Usage } from '../../core/usage.ts'
import { readMark } from '../messages/mark.ts'
import { fromAnthropicId } from '../messages/tool-ids.ts'

type Json = Readonly<Record<string, unknown>>

/** A block as it grows. `text` is whatever comes in pieces: text, thinking, or the JSON of an input. */
interface Block {
  readonly block: Json
  text: string
  signature: string
}

/** Of a block's delta, what continues its text. */
const TEXTS = ['text', 'thinking', 'partial_json']
/** What a block takes in memory besides its text, about. */
const BLOCK_BYTES = 512

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

/** One per message: takes the events of its stream in turn. What it does not know it leaves out. */
export class SeenMessage {
  readonly #blocks = new Map<unknown, Block>()
  #model: unknown
  #usage: Usage | null = null
  #stopReason: unknown = null
  #chars = 0

  /** Memory that it takes, about. */
  get heldBytes(): number {
    return 2 * this.#chars + BLOCK_BYTES * this.#blocks.size
  }

  push(event: Json): void {
    this.#usage = messagesWire.usageIn(event, this.#usage) ?? this.#usage
    switch (event.type) {
      case 'message_start':
        this.#model = field(event.message, 'model')
        break
      case 'content_block_start':
        if (isObject(event.content_block)) this.#begin(event.index, event.content_block)
        break
      case 'content_block_delta':
        this.#continue(this.#blocks.get(event.index), event.delta)
        break
      case 'message_delta':
        this.#stopReason = field(event.delta, 'stop_reason') ?? this.#stopReason
    }
  }

  /** The whole message in one. */
  whole(message: Json): void {
    this.push({ type: 'message_start', message })
    for (const [index, content_block] of items(message.content).entries())
      this.push({ type: 'content_block_start', index, content_block })
    this.push({ type: 'message_delta', delta: { stop_reason: message.stop_reason } })
  }

  /** The canonical completion that says the same. */
  completion(): Json {
    const thoughts = new Map<string, string>()
    const details: Json[] = []
    const calls: Json[] = []
    const said = { text: '', reasoning: '' }
    for (const block of this.#blocks.values())
      switch (block.block.type) {
        case 'text':
          said.text += block.text
          break
        case 'thinking':
          said.reasoning += block.text
          if (!isOwnSignature(block.signature)) details.push(signedDetail(block))
          else for (const [id, thought] of readMark(block.signature)) thoughts.set(id, thought)
          break
        case 'redacted_thinking':
          details.push({ type: 'reasoning.encrypted', format: 'anthropic', data: block.block.data })
          break
        case 'tool_use':
          calls.push(callOf(block))
      }
    const message = {
      role: 'assistant',
      content: said.text === '' && calls.length > 0 ? null : said.text,
      ...(said.reasoning === '' ? {} : { reasoning_content: said.reasoning }),
      ...(details.length === 0 ? {} : { reasoning_details: details }),
      ...(calls.length === 0 ? {} : { tool_calls: calls.map((call) => withThought(call, thoughts)) }),
    }
    return {
      object: 'chat.completion',
      model: this.#model,
      choices: [{ index: 0, message, finish_reason: FINISH_REASONS.get(this.#stopReason) ?? 'stop' }],
      ...(this.#usage === null ? {} : { usage: openaiUsageOf(this.#usage) }),
    }
  }

  #begin(index: unknown, block: Json): void {
    const text = textOf(block.text) || textOf(block.thinking)
    this.#blocks.set(index, { block, text, signature: textOf(block.signature) })
    const more = block.data ?? block.input
    this.#chars += text.length + (more === undefined ? 0 : JSON.stringify(more).length)
  }

  #continue(open: Block | undefined, delta: unknown): void {
    if (open === undefined || !isObject(delta)) return
    for (const name of TEXTS) open.text += textOf(delta[name])
    open.signature += textOf(delta.signature)
    for (const name in delta) this.#chars += textOf(delta[name]).length
  }
}

const signedDetail = ({ text, signature }: Block): Json => ({
  type: 'reasoning.text',
  format: 'anthropic',
  text,
  signature,
})

/** Arguments as they were written, where they came in pieces. */
function callOf({ block: { id, name, input }, text }: Block): Json {
  const written = text === '' ? JSON.stringify(input ?? {}) : text
  return { id: fromAnthropicId(textOf(id)), type: 'function', function: { name, arguments: written } }
}

function withThought(call: Json, thoughts: ReadonlyMap<string, string>): Json {
  const thought = thoughts.get(String(call.id))
  return thought === undefined ? call : { ...call, extra_content: { google: { thought_signature: thought } } }
}
