/** Reads request bodies within their bounds: each one's, and all that one isolate holds at once. */
import { type Refusal, refusal } from '../core/errors.ts'
import { BODIES_IN_FLIGHT_BYTES_MAX, REQUEST_BODY_BYTES_MAX } from '../core/limits.ts'

const TOO_LARGE = refusal(
  'request_too_large',
  `The request body is larger than ${REQUEST_BODY_BYTES_MAX} bytes. Send less, or by reference.`,
)
const OVERLOADED = refusal('overloaded', 'Too many large requests at once. Try again in a second.', {
  retryAfterMs: 1000,
})

/** A body, and the memory it holds until `release`. */
export interface HeldBody {
  readonly text: string
  readonly sizeBytes: number
  release(): void
}

/** One per isolate: the bytes of all bodies in flight. */
export class BodyBudget {
  #heldBytes = 0

  /**
   * Reads a body. A declared length is refused unread when it is too large; an undeclared one is counted and cut.
   * Rejects only when the client leaves.
   */
  async read(request: Request): Promise<HeldBody | Refusal> {
    const declared = request.headers.get('content-length')
    if (declared !== null) return this.#declared(request, Number(declared))
    let held = 0
    const parts: Uint8Array[] = []
    const give = (): void => this.#release(held)
    try {
      for await (const part of request.body ?? []) {
        if (held + part.length > REQUEST_BODY_BYTES_MAX) return this.#give(give, TOO_LARGE)
        if (!this.#take(part.length)) return this.#give(give, OVERLOADED)
        held += part.length
        parts.push(part)
      }
    } catch (error) {
      give()
      throw error
    }
    return { text: await new Blob(parts).text(), sizeBytes: held, release: once(give) }
  }

  async #declared(request: Request, length: number): Promise<HeldBody | Refusal> {
    if (!(length <= REQUEST_BODY_BYTES_MAX)) return TOO_LARGE
    if (!this.#take(length)) return OVERLOADED
    const release = once(() => this.#release(length))
    try {
      return { text: await request.text(), sizeBytes: length, release }
    } catch (error) {
      release()
      throw error
    }
  }

  #give(give: () => void, refused: Refusal): Refusal {
    give()
    return refused
  }

  #take(bytes: number): boolean {
    if (this.#heldBytes + bytes > BODIES_IN_FLIGHT_BYTES_MAX) return false
    this.#heldBytes += bytes
    return true
  }

  #release(bytes: number): void {
    this.#heldBytes -= bytes
  }
}

function once(action: () => void): () => void {
  let done = false
  return () => {
    if (!done) action()
    done = true
  }
}
