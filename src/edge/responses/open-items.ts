/** Output items of a response while they grow, each telling its own events: reasoning, message and call. No I/O. */
import { type Carried, markOf } from './own-reasoning.ts'

type Json = Readonly<Record<string, unknown>>
type Item = Record<string, unknown>

/** How an item ends. */
export type ItemStatus = 'completed' | 'incomplete'

/** Tells one delta of a place. Log probabilities are of output text only, and there always. */
export type TellDelta = (delta: string, scores?: readonly unknown[]) => void

/** Who is told of what happens to items. */
export interface Teller {
  tell(type: string, fields: Json): void
  /** Prepares the deltas of one place: all but the delta itself is the same in each. */
  deltas(type: string, place: Json): TellDelta
}

/** One item: where it stands, and what it has come to. */
export interface OpenItem {
  /** As it is in the output; complete once it is closed. */
  readonly item: Item
  close(status: ItemStatus): void
}

/** A text that is being written into a part of an item: of its content, or of its summary. */
class OpenPart {
  readonly #teller: Teller
  readonly #place: Json
  readonly #part: Item
  readonly #names: PartNames
  readonly #tellDelta: TellDelta

  constructor(teller: Teller, itemId: unknown, outputIndex: number, parts: Item[], names: PartNames) {
    this.#teller = teller
    this.#names = names
    this.#place = { item_id: itemId, output_index: outputIndex, [names.index]: parts.length }
    this.#part = names.empty()
    teller.tell(`response.${names.part}.added`, { ...this.#place, part: { ...this.#part } })
    parts.push(this.#part)
    this.#tellDelta = teller.deltas(`response.${names.event}.delta`, this.#place)
  }

  get type(): PartType {
    return this.#names.type
  }

  add(text: string, scores: readonly unknown[]): void {
    const { text: name, hasScores } = this.#names
    this.#part[name] = `${this.#part[name]}${text}`
    if (hasScores) for (const score of scores) (this.#part.logprobs as unknown[]).push(score)
    this.#tellDelta(text, hasScores ? scores : undefined)
  }

  close(): void {
    const { event, part, text: name, hasScores } = this.#names
    const scores = hasScores ? { logprobs: this.#part.logprobs } : {}
    this.#teller.tell(`response.${event}.done`, { ...this.#place, [name]: this.#part[name], ...scores })
    this.#teller.tell(`response.${part}.done`, { ...this.#place, part: this.#part })
  }
}

type PartType = 'output_text' | 'refusal' | 'reasoning_text' | 'summary_text'

interface PartNames {
  readonly type: PartType
  /** Between `response.` and `.delta`. */
  readonly event: string
  /** The field that its text is in. */
  readonly text: 'text' | 'refusal'
  readonly hasScores: boolean
  /** Between `response.` and `.added`. */
  readonly part: 'content_part' | 'reasoning_summary_part'
  /** The field that says which of its kind the part is. */
  readonly index: 'content_index' | 'summary_index'
  readonly empty: () => Item
}

const IN_CONTENT = { part: 'content_part', index: 'content_index' } as const
const OUTPUT_TEXT: PartNames = {
  ...IN_CONTENT,
  type: 'output_text',
  event: 'output_text',
  text: 'text',
  hasScores: true,
  empty: () => ({ type: 'output_text', text: '', annotations: [], logprobs: [] }),
}
const REFUSAL: PartNames = {
  ...IN_CONTENT,
  type: 'refusal',
  event: 'refusal',
  text: 'refusal',
  hasScores: false,
  empty: () => ({ type: 'refusal', refusal: '' }),
}
const REASONING_TEXT: PartNames = {
  ...IN_CONTENT,
  type: 'reasoning_text',
  event: 'reasoning_text',
  text: 'text',
  hasScores: false,
  empty: () => ({ type: 'reasoning_text', text: '' }),
}
const SUMMARY_TEXT: PartNames = {
  type: 'summary_text',
  event: 'reasoning_summary_text',
  text: 'text',
  hasScores: false,
  part: 'reasoning_summary_part',
  index: 'summary_index',
  empty: () => ({ type: 'summary_text', text: '' }),
}

const NO_SCORES: readonly unknown[] = []

/** Tells that an item is there, as it is now. */
function announce(teller: Teller, outputIndex: number, item: Item): void {
  teller.tell('response.output_item.added', { output_index: outputIndex, item: { ...item, status: 'in_progress' } })
}

function finish(teller: Teller, outputIndex: number, item: Item, status: ItemStatus): void {
  item.status = status
  teller.tell('response.output_item.done', { output_index: outputIndex, item })
}

/** How a reasoning item is written. */
interface ReasoningManner {
  /** What OpenAI itself wrote as `encrypted_content`, under the id that it is bound to. */
  readonly encrypted?: string
  /** Its text is the summary, and not the content. */
  readonly isSummary?: boolean
}

/** Reasoning, in one part. What it carries for later turns is in `encrypted_content`, which is there when it closes. */
export class OpenReasoning implements OpenItem {
  readonly item: Item
  readonly #teller: Teller
  readonly #index: number
  readonly #parts: Item[] = []
  readonly #names: PartNames
  readonly #details: Json[] = []
  readonly #signatures: Record<string, string> = {}
  readonly #encrypted: string | null
  #part: OpenPart | null = null

  /** Is it OpenAI's own? */
  get isEncrypted(): boolean {
    return this.#encrypted !== null
  }

  constructor(teller: Teller, index: number, id: string, { encrypted, isSummary = false }: ReasoningManner = {}) {
    this.#teller = teller
    this.#index = index
    this.#encrypted = encrypted ?? null
    this.#names = isSummary ? SUMMARY_TEXT : REASONING_TEXT
    const begun = { id, type: 'reasoning', summary: [], content: [] }
    this.item = { ...begun, [isSummary ? 'summary' : 'content']: this.#parts }
    announce(teller, index, begun)
  }

  add(text: string): void {
    this.#part ??= new OpenPart(this.#teller, this.item.id, this.#index, this.#parts, this.#names)
    this.#part.add(text, NO_SCORES)
  }

  carry({ details = [], signatures = {} }: Partial<Carried>): void {
    this.#details.push(...details)
    Object.assign(this.#signatures, signatures)
  }

  close(status: ItemStatus): void {
    this.#part?.close()
    this.item.encrypted_content = this.#encrypted ?? markOf({ details: this.#details, signatures: this.#signatures })
    finish(this.#teller, this.#index, this.item, status)
  }
}

/** A message: parts of text and of refusal, as they come. */
export class OpenMessage implements OpenItem {
  readonly item: Item
  readonly #teller: Teller
  readonly #index: number
  readonly #content: Item[] = []
  #part: OpenPart | null = null

  constructor(teller: Teller, index: number, id: string) {
    this.#teller = teller
    this.#index = index
    this.item = { id, type: 'message', status: 'in_progress', role: 'assistant', content: this.#content }
    announce(teller, index, { ...this.item, content: [] })
  }

  text(text: string, scores: readonly unknown[] = NO_SCORES): void {
    this.#partOf(OUTPUT_TEXT).add(text, scores)
  }

  refusal(text: string): void {
    this.#partOf(REFUSAL).add(text, NO_SCORES)
  }

  close(status: ItemStatus): void {
    this.#part?.close()
    finish(this.#teller, this.#index, this.item, status)
  }

  #partOf(names: PartNames): OpenPart {
    if (this.#part !== null && this.#part.type === names.type) return this.#part
    this.#part?.close()
    this.#part = new OpenPart(this.#teller, this.item.id, this.#index, this.#content, names)
    return this.#part
  }
}

/** A call of one of the caller's tools: a function, or a custom tool, whose input is any text. */
export class OpenCall implements OpenItem {
  readonly item: Item
  readonly #teller: Teller
  readonly #index: number
  readonly #place: Json
  readonly #event: string
  readonly #text: 'arguments' | 'input'
  readonly #tellDelta: TellDelta

  constructor(teller: Teller, index: number, id: string, call: { id: string; name: string; isCustom: boolean }) {
    this.#teller = teller
    this.#index = index
    this.#text = call.isCustom ? 'input' : 'arguments'
    this.#event = call.isCustom ? 'response.custom_tool_call_input' : 'response.function_call_arguments'
    this.item = {
      id: `${call.isCustom ? 'ctc' : 'fc'}_${id}`,
      type: call.isCustom ? 'custom_tool_call' : 'function_call',
      status: 'in_progress',
      call_id: call.id,
      name: call.name,
      [this.#text]: '',
    }
    announce(teller, index, this.item)
    this.#place = { item_id: this.item.id, output_index: index }
    this.#tellDelta = teller.deltas(`${this.#event}.delta`, this.#place)
  }

  add(text: string): void {
    this.item[this.#text] = `${this.item[this.#text]}${text}`
    this.#tellDelta(text)
  }

  close(status: ItemStatus): void {
    const { name } = this.item
    const named = this.#text === 'arguments' ? { name } : {}
    this.#teller.tell(`${this.#event}.done`, { ...this.#place, ...named, [this.#text]: this.item[this.#text] })
    finish(this.#teller, this.#index, this.item, status)
  }
}
