/** Bytes from whoever writes a reply to whoever reads it within one request, without a stream of the runtime's between. */

/*
 * An IdentityTransformStream between two functions of one isolate costs a quarter of a detached stream: every event
 * crosses from script to the runtime and back twice. Where the reader is script too, it is handed over as it is.
 */
import type { Pieces } from './pieces.ts'

/** What writes a body. */
export type Sink = Pick<WritableStreamDefaultWriter<Uint8Array>, 'write' | 'close' | 'abort'>

/** As the two ends of an IdentityTransformStream: a write resolves when it was read. One reader, who reads in turn. */
export class Handover implements Pieces, Sink {
  #held: Uint8Array | null = null
  #taken: PromiseWithResolvers<void> | null = null
  #waiting: PromiseWithResolvers<ReadableStreamReadResult<Uint8Array>> | null = null
  #isClosed = false
  /** Why no more of it goes through. */
  #broken: { readonly reason: unknown } | null = null

  async write(bytes: Uint8Array): Promise<void> {
    // A comment may wait still when an event comes.
    while (this.#held !== null) await this.#taken?.promise
    if (this.#broken !== null) throw this.#broken.reason
    if (this.#waiting !== null) {
      this.#waiting.resolve({ done: false, value: bytes })
      this.#waiting = null
      return
    }
    this.#held = bytes
    this.#taken = Promise.withResolvers()
    await this.#taken.promise
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#waiting?.resolve({ done: true, value: undefined })
    this.#waiting = null
  }

  async abort(reason?: unknown): Promise<void> {
    this.#break(reason ?? new Error('the writer has gone'))
  }

  async read(): Promise<ReadableStreamReadResult<Uint8Array>> {
    if (this.#broken !== null) throw this.#broken.reason
    if (this.#held !== null) {
      const value = this.#held
      this.#held = null
      this.#taken?.resolve()
      return { done: false, value }
    }
    if (this.#isClosed) return { done: true, value: undefined }
    this.#waiting = Promise.withResolvers()
    return this.#waiting.promise
  }

  async cancel(reason?: unknown): Promise<void> {
    this.#break(reason ?? new Error('the reader has gone'))
  }

  #break(reason: unknown): void {
    if (this.#broken !== null || (this.#isClosed && this.#held === null)) return
    this.#broken = { reason }
    this.#held = null
    this.#taken?.reject(reason)
    this.#waiting?.reject(reason)
  }
}

/** By the reply that they are the body of. */
const handovers = new WeakMap<Response, Handover>()

/** A reply for a reader in this request, who uses `piecesIn`; and what writes its body. */
export function handedReply(init: ResponseInit): { readonly reply: Response; readonly to: Sink } {
  const handover = new Handover()
  // Whoever makes another reply of this one's body has all of it, at the price of a stream of script's.
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await handover.read()
        if (done) controller.close()
        else controller.enqueue(value)
      },
      cancel: (reason) => handover.cancel(reason),
    },
    { highWaterMark: 0 },
  )
  const reply = new Response(body, init)
  handovers.set(reply, handover)
  return { reply, to: handover }
}

/** Was it made for a reader in this request? */
export const isHanded = (reply: Response): boolean => handovers.has(reply)

/** The body of a reply, to be read once; null where it has none. */
export function piecesIn(reply: Response): Pieces | null {
  return handovers.get(reply) ?? reply.body?.getReader() ?? null
}
