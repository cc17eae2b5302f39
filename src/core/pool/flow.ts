/** Flow of one body over a socket that many share: sent only as far as it is acknowledged, acknowledged as it is read. No I/O. */
import { ACK_AFTER_BYTES, FRAME_CUT_BYTES, STREAM_WINDOW_BYTES } from './worker-limits.ts'

type Bytes = Uint8Array<ArrayBuffer>

/** A body on its way out. At most STREAM_WINDOW_BYTES of it are unacknowledged. */
export class Outflow {
  #leftBytes = STREAM_WINDOW_BYTES
  #isOver = false
  #wake: (() => void) | null = null
  #reader: ReadableStreamDefaultReader<Uint8Array> | null = null

  /** Sends all of it in pieces. True at its end; false where it was stopped. Rejects where the body breaks. */
  async send(body: ReadableStream<Uint8Array>, piece: (bytes: Bytes) => void): Promise<boolean> {
    const reader = body.getReader()
    this.#reader = reader
    if (this.#isOver) this.stop()
    for (;;) {
      const { done, value } = await reader.read()
      if (this.#isOver) return false
      if (done) return true
      for (let at = 0; at < value.byteLength; ) {
        while (this.#leftBytes === 0 && !this.#isOver) await this.#room()
        if (this.#isOver) return false
        const bytes = value.slice(at, at + Math.min(this.#leftBytes, FRAME_CUT_BYTES)) as Bytes
        this.#leftBytes -= bytes.byteLength
        at += bytes.byteLength
        piece(bytes)
      }
    }
  }

  /** So many bytes have been read at the other end; false where they were never sent. */
  acknowledged(bytes: number): boolean {
    if (this.#leftBytes + bytes > STREAM_WINDOW_BYTES) return false
    this.#leftBytes += bytes
    this.#wake?.()
    return true
  }

  /** Nobody wants the rest. */
  stop(): void {
    this.#isOver = true
    this.#wake?.()
    this.#reader?.cancel().catch(() => {})
  }

  #room(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }
}

/** Who is told of what happens to a body on its way in. */
export interface InflowEnds {
  /** So many bytes have been read. */
  readonly acknowledge: (bytes: number) => void
  /** Nobody reads on. */
  readonly cancelled: () => void
  /** So many bytes more, or fewer, are held. */
  readonly held?: (bytes: number) => void
}

/** A body on its way in, to be read at the reader's own pace. */
export class Inflow {
  readonly body: ReadableStream<Uint8Array>
  readonly #ends: InflowEnds
  readonly #pieces: Bytes[] = []
  #unackedBytes = 0
  #readBytes = 0
  #end: { readonly error: Error | null } | null = null
  #wake: (() => void) | null = null
  #controller: ReadableStreamDefaultController<Uint8Array> | null = null

  constructor(ends: InflowEnds) {
    this.#ends = ends
    this.body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller
        },
        pull: async (controller) => {
          while (this.#pieces.length === 0 && this.#end === null) await this.#more()
          const piece = this.#pieces.shift()
          if (piece === undefined) return this.#end?.error == null ? close(controller) : undefined
          controller.enqueue(piece)
          this.#read(piece.byteLength)
        },
        cancel: () => {
          const wasOver = this.#end !== null
          this.#over({ error: null })
          this.#drop()
          if (!wasOver) ends.cancelled()
        },
      },
      // Nothing is read before somebody asks for it: what is acknowledged has gone on.
      { highWaterMark: 0 },
    )
  }

  /** The next bytes; false where more came than may be under way. */
  push(bytes: Bytes): boolean {
    if (this.#end !== null) return true
    if (this.#unackedBytes + bytes.byteLength > STREAM_WINDOW_BYTES) return false
    this.#unackedBytes += bytes.byteLength
    this.#ends.held?.(bytes.byteLength)
    this.#pieces.push(bytes)
    this.#wake?.()
    return true
  }

  /** That was all: what is held can still be read. */
  end(): void {
    this.#over({ error: null })
  }

  /** It broke off: nothing more can be read. */
  fail(error: Error): void {
    if (this.#end !== null) return
    this.#over({ error })
    this.#drop()
    this.#controller?.error(error)
  }

  #over(end: { readonly error: Error | null }): void {
    this.#end ??= end
    this.#wake?.()
  }

  #drop(): void {
    const heldBytes = this.#pieces.reduce((sum, { byteLength }) => sum + byteLength, 0)
    this.#pieces.length = 0
    if (heldBytes > 0) this.#ends.held?.(-heldBytes)
  }

  #read(bytes: number): void {
    this.#ends.held?.(-bytes)
    this.#readBytes += bytes
    if (this.#readBytes < ACK_AFTER_BYTES || this.#end !== null) return
    const acknowledged = this.#readBytes
    this.#readBytes = 0
    this.#unackedBytes -= acknowledged
    this.#ends.acknowledge(acknowledged)
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }
}

/** One that has failed meanwhile cannot be closed. */
function close(controller: ReadableStreamDefaultController<Uint8Array>): void {
  try {
    controller.close()
  } catch {
    // It has failed.
  }
}
