/** Reads request bodies within their bounds: each one's, and all that one isolate holds at once. */
import { ByteBudget, type Hold } from '../core/byte-budget.ts'
import { type Refusal, refusal } from '../core/errors.ts'
import {
  BODIES_IN_FLIGHT_BYTES_MAX,
  BODY_ARRIVAL_MS,
  BODY_AT_ONCE_BYTES_MAX,
  REQUEST_BODY_BYTES_MAX,
} from '../core/limits.ts'
import { type Clock, systemClock } from '../lib/clock.ts'
import { type Pieces, piecesOf } from '../lib/pieces.ts'

/** More than one body may have. */
export const TOO_LARGE = refusal(
  'request_too_large',
  `The request body is larger than ${REQUEST_BODY_BYTES_MAX} bytes. Send less, or by reference.`,
)
/** Said when the bodies in flight are as many as an isolate holds. */
export const OVERLOADED = refusal('overloaded', 'Too many large requests at once. Try again in a second.', {
  retryAfterMs: 1000,
})

const LATE = refusal(
  'invalid_request',
  `The body did not arrive within ${BODY_ARRIVAL_MS / 1000} seconds. Send it again, over a faster connection or smaller.`,
)

/** A body, and the memory it holds until `release`. */
export interface HeldBody {
  readonly text: string
  readonly sizeBytes: number
  release(): void
}

/** The beginning of a body, and the memory it holds until `release`. The rest is still to come. */
export interface BegunBody<T> {
  /** What was looked for. */
  readonly seen: T
  readonly bytes: number
  /** Null where none was declared; never more than one body may have. */
  readonly declaredBytes: number | null
  readonly rest: Pieces
  release(): void
}

/** One per isolate: the bytes of all bodies in flight. */
export class BodyBudget {
  readonly #clock: Pick<Clock, 'after'>
  readonly #budget = new ByteBudget(BODIES_IN_FLIGHT_BYTES_MAX)

  constructor(clock: Pick<Clock, 'after'> = systemClock) {
    this.#clock = clock
  }

  /**
   * Reads a body. A declared length is refused unread when it is too large; an undeclared one is counted and cut.
   * A large one must arrive in time: a client that stalls holds memory that others wait for. Rejects only when the
   * client leaves.
   */
  read(request: Request): Promise<HeldBody | Refusal> {
    const declared = request.headers.get('content-length')
    const length = declared === null ? null : Number(declared)
    const hold = this.#budget.hold()
    if (length !== null && length <= BODY_AT_ONCE_BYTES_MAX) return readDeclared(request, length, hold)
    return this.#inTime(hold, length === null ? readCounted(request, hold) : readDeclared(request, length, hold))
  }

  /** Memory for what is put into a body; null where there is too little of it. The answer gives it back. */
  hold(bytes: number): (() => void) | null {
    const hold = this.#budget.hold()
    return hold.take(bytes) ? hold.release : null
  }

  /**
   * Reads only until `see` has seen in the pieces what it looks for, or why they will not do; within the same bounds, and
   * with the same rejection. `missing`: what to say where that never comes.
   */
  async begin<T extends object>(request: Request, see: See<T>, missing: Refusal): Promise<BegunBody<T> | Refusal> {
    const declared = request.headers.get('content-length')
    const declaredBytes = declared === null ? null : Number(declared)
    if (declaredBytes !== null && !(declaredBytes <= REQUEST_BODY_BYTES_MAX)) return TOO_LARGE
    const hold = this.#budget.hold()
    const rest = piecesOf(request.body ?? new Blob().stream())
    const begun = await this.#inTime(hold, readUntil(rest, see, missing, hold))
    if (!('code' in begun)) return { ...begun, declaredBytes, rest, release: hold.release }
    hold.release()
    rest.cancel().catch(() => {})
    return begun
  }

  /** Refuses what takes too long. */
  #inTime<T>(hold: Hold, reading: Promise<T | Refusal>): Promise<T | Refusal> {
    let cancel = (): void => {}
    const late = new Promise<Refusal>((resolve) => {
      cancel = this.#clock.after(BODY_ARRIVAL_MS, () => {
        // At once: whatever still reads may never run again after the reply.
        hold.release()
        resolve(LATE)
      })
    })
    return Promise.race([reading, late]).finally(cancel)
  }
}

/** Looks at one piece; null: what it looks for is still to come. */
type See<T> = (piece: Uint8Array) => T | Refusal | null

async function readUntil<T extends object>(
  rest: Pieces,
  see: See<T>,
  missing: Refusal,
  hold: Hold,
): Promise<Pick<BegunBody<T>, 'seen' | 'bytes'> | Refusal> {
  let bytes = 0
  try {
    for (;;) {
      const { value } = await rest.read()
      if (value === undefined) return missing
      bytes += value.length
      if (bytes > REQUEST_BODY_BYTES_MAX) return TOO_LARGE
      if (!hold.take(value.length)) return OVERLOADED
      const seen = see(value)
      if (seen !== null) return 'code' in seen ? seen : { seen, bytes }
    }
  } catch (error) {
    hold.release()
    throw error
  }
}

async function readDeclared(request: Request, length: number, hold: Hold): Promise<HeldBody | Refusal> {
  if (!(length <= REQUEST_BODY_BYTES_MAX)) return TOO_LARGE
  if (!hold.take(length)) return OVERLOADED
  try {
    return { text: await request.text(), sizeBytes: length, release: hold.release }
  } catch (error) {
    hold.release()
    throw error
  }
}

async function readCounted(request: Request, hold: Hold): Promise<HeldBody | Refusal> {
  let sizeBytes = 0
  const parts: Uint8Array[] = []
  const refused = (reason: Refusal): Refusal => {
    hold.release()
    return reason
  }
  try {
    for await (const part of request.body ?? []) {
      sizeBytes += part.length
      if (sizeBytes > REQUEST_BODY_BYTES_MAX) return refused(TOO_LARGE)
      if (!hold.take(part.length)) return refused(OVERLOADED)
      parts.push(part)
    }
  } catch (error) {
    hold.release()
    throw error
  }
  return { text: await new Blob(parts).text(), sizeBytes, release: hold.release }
}
