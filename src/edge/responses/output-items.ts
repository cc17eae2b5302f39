/** Canonical deltas → the output items of a response, in the order in which they begin. No I/O. */
import { isObject, items } from '../../core/loose.ts'
import { type ItemStatus, OpenCall, type OpenItem, OpenMessage, OpenReasoning, type Teller } from './open-items.ts'
import { isCarriedDetail, signatureOf } from './own-reasoning.ts'
import { asksForSummary } from './reasoning-summary.ts'

type Json = Readonly<Record<string, unknown>>

/** A call as its pieces come: it begins once id and name are there. */
interface Call {
  id: string
  name: string
  isCustom: boolean
  signature: string | null
  /** What came before it could begin. */
  early: string
  open: OpenCall | null
}

/** For whoever wants the items alone. */
export const UNTOLD: Teller = { tell: () => undefined, deltas: () => () => undefined }

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

/**
 * One per answer. Reasoning and text close each other, and a call closes both; calls stay open to the end, for their
 * pieces may take turns.
 */
export class OutputItems {
  readonly #id: string
  readonly #teller: Teller
  readonly #takesEncrypted: boolean
  readonly #isSummary: boolean
  readonly #all: OpenItem[] = []
  readonly #calls: Call[] = []
  /** By the index that the upstream gave, from wherever it counts. */
  readonly #callsByIndex = new Map<unknown, Call>()
  /** Signatures that came when their calls had begun. */
  #late: Record<string, string> = {}
  #open: OpenReasoning | OpenMessage | null = null
  /** The item that was written last: the one that is not whole where the answer was cut off. */
  #last: OpenItem | null = null

  /** `id`: unique, the items' own are made of it. `request`: the caller's body. */
  constructor(id: string, request: Json, teller: Teller) {
    this.#id = id
    this.#teller = teller
    this.#takesEncrypted = items(request.include).includes('reasoning.encrypted_content')
    this.#isSummary = asksForSummary(request)
  }

  /** Takes the delta of a chunk, or a whole message, which is the same in one piece. */
  take(delta: Json, logprobs: unknown): void {
    const details = items(delta.reasoning_details).filter(isObject)
    for (const detail of details) if (detail.format === 'openai-responses') this.#encrypted(detail)
    const reasoning = textOf(delta.reasoning_content) || textOf(delta.reasoning)
    if (reasoning !== '') this.#write(this.#reasoning(), (open) => open.add(reasoning))
    const carried = details.filter(isCarriedDetail)
    if (carried.length > 0) this.#write(this.#reasoning(), (open) => open.carry({ details: carried }))
    const scores = isObject(logprobs) ? items(logprobs.content) : []
    const text = textOf(delta.content)
    if (text !== '' || scores.length > 0) this.#write(this.#message(), (open) => open.text(text, scores))
    const refusal = textOf(delta.refusal)
    if (refusal !== '') this.#write(this.#message(), (open) => open.refusal(refusal))
    for (const piece of items(delta.tool_calls)) if (isObject(piece)) this.#piece(piece)
  }

  /** The items, all closed. `isComplete`: the answer was not cut off. */
  end(isComplete: boolean): readonly Json[] {
    for (const call of this.#calls) if (call.open === null) this.#begin(call)
    const statusOf = (item: OpenItem): ItemStatus => (isComplete || item !== this.#last ? 'completed' : 'incomplete')
    this.#closeOpen(statusOf)
    for (const { open } of this.#calls) open?.close(statusOf(open))
    if (Object.keys(this.#late).length > 0) {
      this.#reasoning().carry({ signatures: this.#late })
      this.#closeOpen()
    }
    // Agents go on asking until there is a message or a call.
    if (isComplete && this.#all.every((item) => item instanceof OpenReasoning)) {
      this.#message().text('')
      this.#closeOpen()
    }
    return this.#all.map(({ item }) => item)
  }

  #write<Open extends OpenItem>(open: Open, write: (open: Open) => void): void {
    this.#last = open
    write(open)
  }

  #reasoning(): OpenReasoning {
    if (this.#open instanceof OpenReasoning) return this.#open
    const isSummary = this.#isSummary
    return this.#opened((index) => new OpenReasoning(this.#teller, index, `rs_${this.#id}_${index}`, { isSummary }))
  }

  /**
   * OpenAI's own reasoning goes back under its own id, or OpenAI does not take it, and before all else, which it stands
   * for. Where text of an item of ours was told already it cannot.
   */
  #encrypted({ id, data }: Json): void {
    const isFirst = this.#all.every((item) => item instanceof OpenReasoning && item.isEncrypted)
    if (!this.#takesEncrypted || !isFirst || typeof data !== 'string' || typeof id !== 'string') return
    this.#closeOpen()
    const manner = { encrypted: data, isSummary: this.#isSummary }
    this.#opened((index) => new OpenReasoning(this.#teller, index, id, manner))
  }

  #message(): OpenMessage {
    if (this.#open instanceof OpenMessage) return this.#open
    return this.#opened((index) => new OpenMessage(this.#teller, index, `msg_${this.#id}_${index}`))
  }

  #opened<Open extends OpenReasoning | OpenMessage>(make: (index: number) => Open): Open {
    this.#closeOpen()
    const open = make(this.#all.length)
    this.#all.push(open)
    this.#open = open
    return open
  }

  #closeOpen(statusOf: (item: OpenItem) => ItemStatus = () => 'completed'): void {
    const open = this.#open
    this.#open = null
    open?.close(statusOf(open))
  }

  #piece(piece: Json): void {
    const inner = isObject(piece.custom) ? piece.custom : isObject(piece.function) ? piece.function : {}
    const call = this.#callOf(piece, inner)
    if (call.id === '') call.id = textOf(piece.id)
    if (call.name === '') call.name = textOf(inner.name)
    if (piece.type === 'custom' || isObject(piece.custom)) call.isCustom = true
    this.#signed(call, signatureOf(piece))
    const text = textOf(inner.arguments) || textOf(inner.input)
    if (call.open === null) {
      call.early += text
      if (call.id !== '' && call.name !== '') this.#begin(call)
    } else if (text !== '') this.#write(call.open, (open) => open.add(text))
  }

  #signed(call: Call, signature: string | null): void {
    if (signature === null) return
    if (call.open === null) call.signature = signature
    else this.#late[call.id] = signature
  }

  #begin(call: Call): void {
    // A call whose upstream gave it no id must be answered under one all the same.
    if (call.id === '') call.id = `call_${this.#id}_${this.#calls.indexOf(call)}`
    if (call.signature !== null) this.#reasoning().carry({ signatures: { [call.id]: call.signature } })
    this.#closeOpen()
    const index = this.#all.length
    call.open = new OpenCall(this.#teller, index, `${this.#id}_${index}`, call)
    this.#all.push(call.open)
    this.#last = call.open
    if (call.early !== '') call.open.add(call.early)
  }

  /**
   * The call that a piece belongs to. Some upstreams count from 1, some not at all (then whoever has an id of its own is
   * a call of its own), and some give every call the same index: there another id with another name begins one.
   */
  #callOf({ index, id }: Json, inner: Json): Call {
    const known = index === undefined ? this.#calls.at(-1) : this.#callsByIndex.get(index)
    const isNamed = index === undefined || textOf(inner.name) !== ''
    const isOther = textOf(id) !== '' && known !== undefined && known.id !== '' && known.id !== id
    if (known !== undefined && !(isOther && isNamed)) return known
    const call: Call = { id: '', name: '', isCustom: false, signature: null, early: '', open: null }
    this.#calls.push(call)
    if (index !== undefined) this.#callsByIndex.set(index, call)
    return call
  }
}
