/** AI SDK stream parts → `chat.completion.chunk` objects, one part at a time. No I/O. */
import type { LanguageModelV4StreamPart, SharedV4ProviderMetadata } from '@ai-sdk/provider'
import { detailOf } from './bound.ts'
import { openaiFinishReason } from './finish-reason.ts'
import type { Heading } from './reply.ts'
import { signatureField } from './signature.ts'
import { openaiUsage } from './usage.ts'

type Part<Type extends string> = Extract<LanguageModelV4StreamPart, { type: Type }>
type Finish = Part<'finish'>

interface OpenCall {
  readonly index: number
  /** Have any arguments gone out? */
  hasArguments: boolean
  /** The SDK's deltas are raw text of a tool of the provider's own; the whole input comes as JSON at the end. */
  readonly isText: boolean
}

/** How the stream stands after a part. `broken`: it ended without an answer; nothing more may follow. */
export type Standing = 'open' | 'finished' | 'broken'

/** Keeps what a stream of chunks needs to remember: its heading, and the tool calls made so far. */
export class ChunkWriter {
  readonly #heading: { id: string; created: number; model: string }
  readonly #calls = new Map<string, OpenCall>()
  /** Blocks of reasoning that are not complete. */
  readonly #thoughts = new Map<string, { text: string; metadata: SharedV4ProviderMetadata | undefined }>()
  /** A call that ended with no arguments: none needed, or cut off before the first? The next part tells. */
  #unsettled: OpenCall | undefined
  #hasBegun = false
  standing: Standing = 'open'

  constructor(heading: Heading) {
    this.#heading = { ...heading }
  }

  /** The chunks that a part makes: none, one or a few. */
  write(part: LanguageModelV4StreamPart): object[] {
    switch (part.type) {
      case 'response-metadata':
        this.#heading.id = part.id ?? this.#heading.id
        this.#heading.model = part.modelId ?? this.#heading.model
        return []
      case 'text-delta':
        return part.delta === '' ? [] : this.#content({ content: part.delta })
      case 'reasoning-start':
      case 'reasoning-delta':
      case 'reasoning-end':
        return this.#reasoning(part)
      case 'tool-input-start':
        return part.providerExecuted === true ? [] : this.#callStart(part)
      case 'tool-input-delta':
        return this.#callDelta(part)
      case 'tool-call':
        return part.providerExecuted === true ? [] : this.#callEnd(part)
      case 'finish':
        return this.#finish(part)
      default:
        return []
    }
  }

  /** What a block is bound by is told when it is complete, wherever in it the provider said so. */
  #reasoning(part: Part<'reasoning-start' | 'reasoning-delta' | 'reasoning-end'>): object[] {
    const block = this.#thoughts.get(part.id) ?? { text: '', metadata: undefined }
    this.#thoughts.set(part.id, block)
    if (part.providerMetadata !== undefined) block.metadata = part.providerMetadata
    if (part.type === 'reasoning-delta') {
      block.text += part.delta
      return part.delta === '' ? [] : this.#content({ reasoning_content: part.delta })
    }
    if (part.type === 'reasoning-start') return []
    this.#thoughts.delete(part.id)
    const detail = detailOf(block.text, block.metadata)
    return detail === null ? [] : this.#content({ reasoning_details: [detail] })
  }

  #content(delta: object): object[] {
    return [...this.#begin(), ...this.#settle(), this.#chunk(delta)]
  }

  /** The role goes out once, before anything else. */
  #begin(): object[] {
    if (this.#hasBegun) return []
    this.#hasBegun = true
    return [this.#chunk({ role: 'assistant', content: '' })]
  }

  #callStart(part: Pick<Part<'tool-input-start'>, 'id' | 'toolName' | 'inputEncoding' | 'providerMetadata'>): object[] {
    const index = this.#calls.size
    const before = [...this.#begin(), ...this.#settle()]
    this.#calls.set(part.id, { index, hasArguments: false, isText: part.inputEncoding === 'text' })
    const start = { index, id: part.id, type: 'function', function: { name: part.toolName, arguments: '' } }
    return [...before, this.#chunk({ tool_calls: [{ ...start, ...signatureField(part.providerMetadata) }] })]
  }

  #callDelta(part: Part<'tool-input-delta'>): object[] {
    const call = this.#calls.get(part.id)
    return call === undefined || call.isText || part.delta === '' ? [] : [this.#arguments(call, part.delta)]
  }

  /** Deltas have said it all, if there were any; some providers send calls in one piece. */
  #callEnd(part: Part<'tool-call'>): object[] {
    const start = this.#calls.has(part.toolCallId) ? [] : this.#callStart({ ...part, id: part.toolCallId })
    const call = this.#calls.get(part.toolCallId)
    if (call === undefined || call.hasArguments) return start
    if (part.input !== '{}') return [...start, this.#arguments(call, part.input)]
    this.#unsettled = call
    return start
  }

  #arguments(call: OpenCall, text: string): object {
    call.hasArguments = true
    return this.#chunk({ tool_calls: [{ index: call.index, function: { arguments: text } }] })
  }

  /** Something follows the call without arguments, so it was complete. */
  #settle(): object[] {
    const call = this.#unsettled
    this.#unsettled = undefined
    return call === undefined ? [] : [this.#arguments(call, '{}')]
  }

  #finish(part: Finish): object[] {
    const reason = openaiFinishReason(part.finishReason, this.#calls.size > 0)
    const usage = openaiUsage(part.usage)
    const usageChunk = usage === null ? [] : [{ ...this.#frame(), choices: [], usage }]
    this.standing = reason === null ? 'broken' : 'finished'
    // What a broken answer has used is still worth knowing.
    if (reason === null) return usageChunk
    // A call cut off before its first argument keeps none: arguments are not made up.
    const settled = reason === 'length' ? [] : this.#settle()
    return [...this.#begin(), ...settled, this.#chunk({}, reason), ...usageChunk]
  }

  #chunk(delta: object, finishReason: string | null = null): object {
    return { ...this.#frame(), choices: [{ index: 0, delta, logprobs: null, finish_reason: finishReason }] }
  }

  #frame(): object {
    const { id, created, model } = this.#heading
    return { id, object: 'chat.completion.chunk', created, model }
  }
}
