/** A reply on its way to its client, seen by who keeps what it came to: told before the client is told the end. */
import { ByteBudget } from '../../core/byte-budget.ts'
import { KEPT_ANSWER_BYTES_MAX, KEPT_ANSWERS_BYTES_MAX } from '../../core/limits.ts'
import type { Form } from '../../core/wire.ts'
import { EventPieces } from '../../lib/event-pieces.ts'
import { isHanded, piecesIn, type Sink } from '../../lib/handover.ts'
import { joined, type Pieces } from '../../lib/pieces.ts'
import { writtenReply } from '../written-reply.ts'
import { AnswerReader, type FinalAnswer, type Told, wholeAnswer } from './answer-reader.ts'

/** How a reply ended: whole (or cut at a bound of the answer's own), with an error, or because its client left. */
export type HowEnded = 'finished' | 'broken' | 'cancelled'

export interface Seeing extends Told {
  /** Keeps the pump alive until the end is told. */
  readonly background: (work: Promise<unknown>) => void
  /**
   * Called once. Null with `finished`: the answer was told in full, and is too long to be kept or none that could be.
   * The client waits for it; a rejection is logged, and takes nothing from the client.
   */
  onEnd(final: FinalAnswer | null, how: HowEnded): Promise<void>
  readonly log: (line: Readonly<Record<string, unknown>>) => void
}

/** What all answers that are being collected in this isolate hold: a count, and nothing of any request's. */
const COLLECTED = new ByteBudget(KEPT_ANSWERS_BYTES_MAX)
const UTF8 = new TextDecoder()

/** The reply, to be sent to the client instead. A whole one is there when this resolves, a stream passes as it comes. */
export async function seenReply(response: Response, form: Form, seeing: Seeing): Promise<Response> {
  const target = response.headers.get('x-sluice-target')
  const end = onceEnded(seeing)
  if (response.status !== 200) {
    await end(null, response.status === 204 ? 'cancelled' : 'broken')
    return response
  }
  const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true
  const from = isStream ? piecesIn(response) : null
  if (from !== null) {
    const { reply, to } = writtenReply(response, isHanded(response))
    const reader = new AnswerReader(form, seeing, target)
    seeing.background(new SeenStream(from, to, reader, end).pump())
    return reply
  }
  const body = new Uint8Array(await response.arrayBuffer())
  await end(
    body.length > KEPT_ANSWER_BYTES_MAX ? null : wholeAnswer(form, UTF8.decode(body), seeing, target),
    'finished',
  )
  return new Response(body, response)
}

type End = (final: FinalAnswer | null, how: HowEnded) => Promise<void>

function onceEnded(seeing: Seeing): End {
  let isTold = false
  return async (final, how) => {
    if (isTold) return
    isTold = true
    try {
      await seeing.onEnd(final, how)
    } catch (error) {
      const name = error instanceof Error ? error.name : 'unknown'
      seeing.log({ level: 'error', event: 'answer-not-kept', error: name })
    }
  }
}

/** Passes a stream on in whole events, so that no client has the last one before it is told here. */
class SeenStream {
  readonly #from: Pieces
  readonly #to: Sink
  readonly #reader: AnswerReader
  readonly #end: End
  readonly #pieces = new EventPieces()
  readonly #hold = COLLECTED.hold()
  #heldBytes = 0
  /** Is the end still to come? After it, and where an event is too long to be held, bytes pass as they are. */
  #isWatching = true
  #isTooLong = false

  constructor(from: Pieces, to: Sink, reader: AnswerReader, end: End) {
    this.#from = from
    this.#to = to
    this.#reader = reader
    this.#end = end
  }

  /** Never rejects. */
  async pump(): Promise<void> {
    try {
      for (;;) {
        const { value } = await this.#from.read()
        if (value === undefined) break
        await this.#pass(value)
      }
      await this.#rest()
      await this.#to.close()
    } catch (error) {
      // Whichever side it is that is gone, the other is told.
      this.#from.cancel(error).catch(() => {})
      this.#to.abort(error).catch(() => {})
    } finally {
      this.#hold.release()
      await this.#end(null, 'cancelled')
    }
  }

  async #pass(bytes: Uint8Array): Promise<void> {
    if (!this.#isWatching) return this.#to.write(bytes)
    const ready: Uint8Array[] = []
    for (const event of this.#pieces.push(bytes)) {
      if (this.#isWatching) await this.#look(UTF8.decode(event), ready)
      ready.push(event)
    }
    if (!this.#isWatching || !this.#mayHold()) ready.push(this.#pieces.flush())
    if (ready.length > 0) await this.#to.write(joined(ready))
  }

  /** Tells the end, if it is that; what came before it goes out first. */
  async #look(text: string, ready: Uint8Array[]): Promise<void> {
    const heard = this.#reader.take(text)
    if (heard === 'more') return
    this.#isWatching = false
    if (ready.length > 0) await this.#to.write(joined(ready.splice(0)))
    if (heard === 'broken') return this.#end(null, 'broken')
    await this.#end(this.#reader.final(), 'finished')
  }

  /** Within the bounds of one answer and of all? Beyond them nothing is kept, and no event of any length is held. */
  #mayHold(): boolean {
    const bytes = this.#pieces.heldBytes + this.#reader.heldBytes
    const more = bytes - this.#heldBytes
    if (bytes <= KEPT_ANSWER_BYTES_MAX && (more <= 0 || this.#hold.take(more))) {
      this.#heldBytes = Math.max(this.#heldBytes, bytes)
      return true
    }
    this.#reader.giveUp()
    this.#isTooLong = this.#pieces.heldBytes > KEPT_ANSWER_BYTES_MAX
    this.#isWatching = !this.#isTooLong
    return !this.#isTooLong
  }

  /** What no blank line ended: some servers' last event. */
  async #rest(): Promise<void> {
    const rest = this.#pieces.flush()
    const ready: Uint8Array[] = []
    if (this.#isWatching && rest.length > 0) await this.#look(UTF8.decode(rest), ready)
    await this.#end(null, this.#isTooLong ? 'finished' : 'broken')
    if (rest.length > 0) await this.#to.write(rest)
  }
}
