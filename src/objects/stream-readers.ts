/** Whoever reads a stream: each at their own pace, what is there first, then as it comes. */
import { KEEP_ALIVE_MS } from '../core/limits.ts'
import { STREAM_PIECE_BYTES_MAX } from '../core/streams/limits.ts'
import type { StreamLog } from './stream-log.ts'

const ENCODER = new TextEncoder()
const KEEP_ALIVE = ENCODER.encode(': keep-alive\n\n')

type Writer = WritableStreamDefaultWriter<Uint8Array>

/**
 * The readers of one stream, by names of their own; some wait for it to have a head. None of them holds up another, nor
 * the upstream: what is not read yet is kept.
 */
export class StreamReaders {
  readonly #log: StreamLog
  readonly #left: (count: number) => void
  /** Null: waits. */
  readonly #writers = new Map<string, Writer | null>()

  /** `left` hears of each that goes, with how many are left. */
  constructor(log: StreamLog, left: (count: number) => void) {
    this.#log = log
    this.#left = left
  }

  /** Those that wait and those that read. */
  get count(): number {
    return this.#writers.size
  }

  /** Somebody waits. */
  join(name: string): void {
    this.#writers.set(name, null)
  }

  /** Somebody has left, whether they wait still or read; false where nobody of that name is here. */
  leave(name: string): boolean {
    const writer = this.#writers.get(name)
    if (writer === undefined) return false
    writer?.abort().catch(() => {})
    this.#gone(name)
    return true
  }

  /**
   * Sends all after an event, until the end, to somebody who waits; `lastWords` are said where the stream itself could
   * not, after the last number that was sent. Never rejects.
   */
  async serve(
    name: string,
    writable: WritableStream<Uint8Array>,
    after: number,
    lastWords: (last: number) => Promise<string>,
  ): Promise<void> {
    const writer = writable.getWriter()
    this.#writers.set(name, writer)
    try {
      const last = await this.#send(name, writer, after)
      const words = await lastWords(last)
      if (words !== '') await writer.write(ENCODER.encode(words))
      await writer.close()
    } catch {
      writer.abort().catch(() => {})
    } finally {
      if (this.#writers.get(name) === writer) this.#gone(name)
    }
  }

  /** There is nothing more to be read here. */
  close(): void {
    for (const writer of this.#writers.values()) writer?.abort().catch(() => {})
    this.#writers.clear()
  }

  async #send(name: string, writer: Writer, after: number): Promise<number> {
    // A reply in one piece has no place for comments.
    const alive = this.#log.isWhole ? null : new KeepAlive(writer, () => this.leave(name))
    try {
      for (let last = after; ; ) {
        const { changed, isOver } = this.#log
        const found = this.#log.after(last, STREAM_PIECE_BYTES_MAX)
        const next = found instanceof Promise ? await found : found
        if (next !== null) {
          await (alive === null ? writer.write(next.bytes) : alive.write(next.bytes))
          last = next.last
        } else if (isOver) return last
        else await changed
      }
    } finally {
      alive?.stop()
    }
  }

  #gone(name: string): void {
    this.#writers.delete(name)
    this.#left(this.#writers.size)
  }
}

/** A comment into every KEEP_ALIVE_MS of silence. One timer a reader, however many events: it looks how long that has been. */
class KeepAlive {
  readonly #writer: Writer
  readonly #left: () => void
  #lastWriteMs = Date.now()
  #isWriting = false
  #timer: ReturnType<typeof setTimeout>

  /** `left` is called when a comment could not be written: nobody is there any more. */
  constructor(writer: Writer, left: () => void) {
    this.#writer = writer
    this.#left = left
    this.#timer = setTimeout(() => this.#look(), KEEP_ALIVE_MS)
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#isWriting = true
    await this.#writer.write(bytes)
    this.#isWriting = false
    this.#lastWriteMs = Date.now()
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  #look(): void {
    const dueMs = this.#lastWriteMs + KEEP_ALIVE_MS
    const isSilent = Date.now() >= dueMs
    if (isSilent && !this.#isWriting) this.write(KEEP_ALIVE).catch(this.#left)
    this.#timer = setTimeout(() => this.#look(), isSilent ? KEEP_ALIVE_MS : dueMs - Date.now())
  }
}
