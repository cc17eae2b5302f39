/** A canonical stream in the events of Responses, one chunk at a time. No I/O. */
import type { Refusal } from '../../core/errors.ts'
import { isObject, items } from '../../core/loose.ts'
import { responsesUsage } from '../../core/responses/usage.ts'
import type { Heading, StreamEncoder } from '../skin.ts'
import { eventText, failedEvent } from './failed-event.ts'
import type { TellDelta, Teller } from './open-items.ts'
import { OutputItems } from './output-items.ts'
import { endOf, responseOf } from './response-object.ts'

type Json = Readonly<Record<string, unknown>>

/**
 * One per stream. The last event waits for the end: it has the usage, which comes after the finish reason, and from
 * some servers on every chunk.
 */
export class ResponsesEncoder implements StreamEncoder {
  readonly #heading: Heading
  readonly #request: Json
  readonly #output: OutputItems
  /** Number of the next event. */
  #sequence = 0
  /** What has happened since the caller was last given anything. */
  #text = ''
  #usage: Json | null = null
  #finishReason: unknown = null

  /** `request` is the caller's own body. */
  constructor(heading: Heading, request: Json) {
    this.#heading = heading
    this.#request = request
    const teller: Teller = {
      tell: (type, fields) => this.#tell(type, fields),
      deltas: (type, place) => this.#deltas(type, place),
    }
    this.#output = new OutputItems(heading.id, request, teller)
  }

  chunk(value: Json): string {
    this.#begin()
    this.#usage = responsesUsage(value.usage) ?? this.#usage
    for (const choice of items(value.choices)) {
      if (!isObject(choice)) continue
      if (isObject(choice.delta)) this.#output.take(choice.delta, choice.logprobs)
      if (typeof choice.finish_reason === 'string') this.#finishReason = choice.finish_reason
    }
    return this.#told()
  }

  end(): string {
    this.#begin()
    const end = endOf(this.#finishReason)
    const output = this.#output.end(end.status === 'completed')
    const response = responseOf(this.#request, this.#heading, { ...end, output, usage: this.#usage })
    this.#tell(`response.${end.status}`, { response })
    return this.#told()
  }

  fail(refused: Refusal, retryAfterMs: number | null): string {
    const told = retryAfterMs === null ? refused : { ...refused, retryAfterMs }
    const sequenceNumber = this.#sequence
    return failedEvent(this.#heading, this.#request, told, { hasBegun: sequenceNumber > 0, sequenceNumber })
  }

  #begin(): void {
    if (this.#sequence > 0) return
    const response = responseOf(this.#request, this.#heading, { status: 'in_progress', output: [], usage: null })
    this.#tell('response.created', { response })
    this.#tell('response.in_progress', { response })
  }

  #tell(type: string, fields: Json): void {
    this.#text += eventText(type, this.#sequence++, fields)
  }

  /** All but number and text is written once: there are thousands of these, and few of all others. */
  #deltas(type: string, place: Json): TellDelta {
    const before = `event: ${type}\ndata: ${JSON.stringify({ type, ...place }).slice(0, -1)},"sequence_number":`
    return (delta, scores) => {
      const logprobs = scores === undefined ? '' : `,"logprobs":${JSON.stringify(scores)}`
      this.#text += `${before}${this.#sequence++},"delta":${JSON.stringify(delta)}${logprobs}}\n\n`
    }
  }

  #told(): string {
    const text = this.#text
    this.#text = ''
    return text
  }
}
