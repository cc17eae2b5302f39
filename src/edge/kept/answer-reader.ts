/** Reads an answer as its client is given it, in any of the three forms, to know what it came to. No I/O. */
import { parseJson } from '../../core/chat-wire.ts'
import { isObject, items } from '../../core/loose.ts'
import { Assembly } from '../../core/recall/assembly.ts'
import type { Form } from '../../core/wire.ts'
import { WIRES } from '../../core/wires.ts'
import { readEventText } from '../../lib/sse.ts'
import { outputOf } from '../responses/response-object.ts'
import { SeenMessage } from './seen-message.ts'

type Json = Readonly<Record<string, unknown>>

/** What an answer came to. */
export interface FinalAnswer {
  /** As output items of Responses. */
  readonly items: readonly Json[]
  /** The response object as its client saw it; null on the other skins. */
  readonly response: Json | null
  /** The canonical chat completion; null on the Responses skin, whose items say more. */
  readonly completion: Json | null
  /** Who answered, `provider/model`. */
  readonly target: string | null
  readonly status: 'completed' | 'incomplete'
}

/** What an event means for whoever waits for the end. */
export type Heard = 'more' | 'end' | 'broken'

/** Collects one form. */
interface Collector {
  /** Memory that it takes, about. */
  readonly heldBytes: number
  push(event: Json): void
  /** Null: there is nothing to be kept of it. */
  final(): Omit<FinalAnswer, 'target'> | null
}

/** What reads an answer is given of its request: the caller's body, and what ids of items are made of. */
export interface Told {
  readonly asked: Json
  readonly headingId: string
}

/** Nearly all events of Responses are deltas: those that are not need to be looked at. */
const ENDS_RESPONSE = /"(?:response\.(?:completed|incomplete|failed)|error)"/
const ANSWERED_BY = /^: sluice target=(\S*) /

/** One per stream: takes its events in turn. */
export class AnswerReader {
  readonly #form: Form
  #collector: Collector | null
  #target: string | null

  constructor(form: Form, told: Told, target: string | null) {
    this.#form = form
    this.#collector = collectorOf(form, told)
    this.#target = target
  }

  get heldBytes(): number {
    return this.#collector?.heldBytes ?? 0
  }

  /** What is still to come is only looked through for its end: nothing of it will be kept. */
  giveUp(): void {
    this.#collector = null
  }

  /** Takes the text of one event. */
  take(text: string): Heard {
    if (text.startsWith(':')) this.#target = ANSWERED_BY.exec(text)?.[1] || this.#target
    if (this.#form === 'responses' && !ENDS_RESPONSE.test(text)) return 'more'
    const { event, data } = readEventText(text)
    if (data === null) return 'more'
    if (this.#form === 'openai' && data.startsWith('[DONE]')) return 'end'
    const value = parseJson(data)
    const wire = WIRES[this.#form]
    if (event === 'error' || wire.errorIn(value) !== null) return 'broken'
    if (!isObject(value)) return 'more'
    this.#collector?.push(value)
    return wire.isEnd(value) ? 'end' : 'more'
  }

  final(): FinalAnswer | null {
    const final = this.#collector?.final() ?? null
    return final === null ? null : { ...final, target: this.#target }
  }
}

/** What a whole reply came to; null where it is none. */
export function wholeAnswer(form: Form, body: string, told: Told, target: string | null): FinalAnswer | null {
  const value = parseJson(body)
  if (!isObject(value) || !WIRES[form].isReply('chat', value) || WIRES[form].errorIn(value) !== null) return null
  const final = wholeOf(form, value, told)
  return final === null ? null : { ...final, target }
}

function wholeOf(form: Form, value: Json, told: Told): Omit<FinalAnswer, 'target'> | null {
  if (form === 'responses') return responseFinal(value)
  if (form === 'openai') return completionFinal(value, told)
  const message = new SeenMessage()
  message.whole(value)
  return completionFinal(message.completion(), told)
}

function collectorOf(form: Form, told: Told): Collector {
  if (form === 'responses') return new SeenResponse()
  if (form === 'openai') return new SeenChunks(told)
  const message = new SeenMessage()
  return {
    get heldBytes() {
      return message.heldBytes
    },
    push: (event) => message.push(event),
    final: () => completionFinal(message.completion(), told),
  }
}

class SeenChunks implements Collector {
  readonly #told: Told
  readonly #assembly = new Assembly()
  #isWhole = true

  constructor(told: Told) {
    this.#told = told
  }

  get heldBytes(): number {
    return this.#assembly.heldBytes
  }

  push(event: Json): void {
    this.#isWhole &&= this.#assembly.add(event)
  }

  final() {
    return this.#isWhole ? completionFinal(this.#assembly.whole(null), this.#told) : null
  }
}

/** The last event has all of it. */
class SeenResponse implements Collector {
  readonly heldBytes = 0
  #response: Json | null = null

  push({ response }: Json): void {
    if (isObject(response)) this.#response = response
  }

  final() {
    return this.#response === null ? null : responseFinal(this.#response)
  }
}

function completionFinal(completion: Json, { asked, headingId }: Told): Omit<FinalAnswer, 'target'> | null {
  const [choice] = items(completion.choices)
  if (!isObject(choice) || !isObject(choice.message)) return null
  const { output, status } = outputOf(completion, asked, headingId)
  return { items: output, response: null, completion, status }
}

function responseFinal(response: Json): Omit<FinalAnswer, 'target'> | null {
  const { status, output } = response
  if (status !== 'completed' && status !== 'incomplete') return null
  return { items: items(output).filter(isObject), response, completion: null, status }
}
