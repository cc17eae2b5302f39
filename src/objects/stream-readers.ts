/** Whoever reads a stream: each at their own pace, what is there first, then as it comes. */
import { KEEP_ALIVE_MS, STREAM_PIECE_BYTES_MAX } from '../core/limits.ts'
import { type StreamLog, wholeOf } from './stream-log.ts'

const ENCODER = new TextEncoder()
const KEEP_ALIVE = ENCODER.encode(': keep-alive\n\n')

/** The readers of one stream. None of them holds up another, nor the upstream: what is not read yet is kept. */
export class StreamReaders {
  readonly #log: StreamLog
  readonly #left: (count: number) => void
  readonly #writers = new Set<WritableStreamDefaultWriter<Uint8Array>>()

  /** `left` hears of each that goes, with how many are left. */
  constructor(log: StreamLog, left: (count: number) => void) {
    this.#log = log
    this.#left = left
  }

  get count(): number {
    return this.#writers.size
  }

  /** Sends all after an event, until the end; `lastWords` are said where the stream itself could not. Never rejects. */
  async serve(writable: WritableStream<Uint8Array>, after: number, lastWords: () => Promise<string>): Promise<void> {
    const writer = writable.getWriter()
    this.#writers.add(writer)
    try {
      for (let last = after; ; ) {
        const { changed, isOver } = this.#log
        const next = await this.#log.after(last, STREAM_PIECE_BYTES_MAX)
        if (next !== null) {
          await writer.write(next.bytes)
          last = next.last
        } else if (isOver) break
        else if ((await orSilence(changed)) === 'silence') await writer.write(KEEP_ALIVE)
      }
      const words = await lastWords()
      if (words !== '') await writer.write(ENCODER.encode(words))
      await writer.close()
    } catch {
      writer.abort().catch(() => {})
    } finally {
      this.#writers.delete(writer)
      this.#left(this.#writers.size)
    }
  }

  /** There is nothing more to be read here. */
  close(): void {
    for (const writer of this.#writers) writer.abort().catch(() => {})
  }
}

/** A reply in one piece, for one reader. Never rejects. */
export async function serveWhole(log: StreamLog, writable: WritableStream<Uint8Array>): Promise<void> {
  const writer = writable.getWriter()
  try {
    const bytes = await wholeOf(log)
    if (bytes.length > 0) await writer.write(bytes)
    await writer.close()
  } catch {
    writer.abort().catch(() => {})
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
