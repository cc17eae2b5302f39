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
      const last = await this.#send(writer, after)
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

  async #send(writer: Writer, after: number): Promise<number> {
    for (let last = after; ; ) {
      const { changed, isOver, isWhole } = this.#log
      const next = await this.#log.after(last, STREAM_PIECE_BYTES_MAX)
      if (next !== null) {
        await writer.write(next.bytes)
        last = next.last
      } else if (isOver) return last
      // A reply in one piece has no place for comments.
      else if ((await orSilence(changed)) === 'silence' && !isWhole) await writer.write(KEEP_ALIVE)
    }
  }

  #gone(name: string): void {
    this.#writers.delete(name)
    this.#left(this.#writers.size)
  }
}

function orSilence(changed: Promise<void>): Promise<'changed' | 'silence'> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve('silence'), KEEP_ALIVE_MS)
    changed.then(() => {
      clearTimeout(timer)
      resolve('changed')
    })
  })
}
