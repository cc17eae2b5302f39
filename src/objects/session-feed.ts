/** The log of a session as a stream of lines for one reader each: what is there, and then what comes. */
import { KEEP_ALIVE_MS } from '../core/limits.ts'
import { FEED_ROWS, SESSION_READERS_MAX } from '../core/session/limits.ts'
import type { SessionRow } from '../core/session/types.ts'

const ENCODER = new TextEncoder()
/** Says that the reader is still served; its write is how one is noticed who left. */
const NOTHING_NEW = ENCODER.encode('\n')

/**
 * The readers of one session. Each has a place in the log and takes rows at its own pace: what is read slowly is stored,
 * and nothing waits in memory.
 */
export class SessionFeed {
  readonly #after: (seq: number, count: number) => SessionRow[]
  /** Called when there is something new, or nothing more will come. */
  readonly #waiting = new Set<() => void>()
  #readers = 0
  #isClosed = false

  /** `after`: rows of the log, oldest first. */
  constructor(after: (seq: number, count: number) => SessionRow[]) {
    this.#after = after
  }

  /** JSON of rows after `seq`, one a line, and an empty line in every silence; null where there are too many readers. */
  open(seq: number): ReadableStream<Uint8Array> | null {
    if (this.#readers >= SESSION_READERS_MAX) return null
    this.#readers += 1
    let place = seq
    let stop = (): void => {}
    let hasLeft = false
    const leave = (): void => {
      if (!hasLeft) this.#readers -= 1
      hasLeft = true
      stop()
    }
    return new ReadableStream({
      type: 'bytes',
      pull: async (controller) => {
        let rows = this.#isClosed ? [] : this.#after(place, FEED_ROWS)
        if (rows.length === 0 && !this.#isClosed) {
          await new Promise<void>((resolve) => {
            stop = this.#wait(resolve)
          })
          rows = this.#isClosed ? [] : this.#after(place, FEED_ROWS)
        }
        if (hasLeft) return
        place = rows.at(-1)?.seq ?? place
        if (rows.length > 0) controller.enqueue(ENCODER.encode(rows.map((row) => `${JSON.stringify(row)}\n`).join('')))
        else if (!this.#isClosed) controller.enqueue(NOTHING_NEW.slice())
        else {
          leave()
          controller.close()
          // What was asked for is answered with nothing.
          controller.byobRequest?.respond(0)
        }
      },
      cancel: leave,
    })
  }

  /** There is something new. */
  wake(): void {
    for (const resolve of [...this.#waiting]) resolve()
  }

  /** Nothing more will come. */
  close(): void {
    this.#isClosed = true
    this.wake()
  }

  #wait(resolve: () => void): () => void {
    const done = (): void => {
      clearTimeout(timer)
      this.#waiting.delete(done)
      resolve()
    }
    const timer = setTimeout(done, KEEP_ALIVE_MS)
    this.#waiting.add(done)
    return done
  }
}
