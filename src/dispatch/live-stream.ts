/** A committed stream: hands on the upstream's bytes one pull at a time and settles exactly once. */
import { type Usage, usageEstimated } from '../core/usage.ts'
import type { Clock } from '../lib/clock.ts'
import type { Pieces } from '../lib/pieces.ts'
import type { Cutter } from './cutter.ts'
import type { Deadline } from './deadline.ts'

/** How a reply ended, with the usage so far; null when nothing was used. */
export interface Ended {
  readonly kind: 'finished' | 'cancelled' | 'broken'
  readonly usage: Usage | null
  /** What broke it: a stall, or a cut or an error; null otherwise. */
  readonly code: 'upstream_timeout' | 'upstream_failed' | null
  /** Upstream calls in all, where more were begun after the commit point. */
  readonly attempts?: number
}

/** What whoever sends a stream on knows of it. */
export type Live = Pick<LiveStream, 'next' | 'cancel' | 'ended' | 'observe' | 'isInsideEvent' | 'reportedUsage'>

/** After `[DONE]` an upstream gets this long to close by itself; its last bytes still count as its own. */
const CLOSE_MS = 1000

/** What the live stream is made of: the attempt's parts, past the commit point. */
export interface LiveParts {
  readonly reader: Pick<Pieces, 'read'>
  readonly cutter: Cutter
  readonly deadline: Deadline
  readonly clock: Clock
  readonly idleMs: number
  /** What came up to the commit point. */
  readonly prologue: Uint8Array
  /** The upstream's error came in the same bytes as the first content: the prologue is all there will be. */
  readonly broken: boolean
  /** Bytes of the prompt, for an estimate where the provider never says; null where nobody could estimate it. */
  readonly requestBytes: number | null
  /** Stops the upstream. */
  readonly abort: () => void
  /** Did the client leave? An aborted read looks like any other failure. */
  readonly clientLeft: () => boolean
  /** Gives the replica back. */
  readonly release: (outcome: 'answered' | 'failed', usage: Usage | null) => void
}

/** Pull `next()` until it answers with an `Ended`, or `cancel()`. */
export class LiveStream {
  readonly #parts: LiveParts
  #prologue: Uint8Array | null
  #ended: Ended | null = null
  #timedOut = false
  #see: ((bytes: Uint8Array) => void) | null = null
  #settle: (ended: Ended) => void = () => {}
  /** Settles once, whatever happens. */
  readonly ended: Promise<Ended>

  constructor(parts: LiveParts) {
    this.#parts = parts
    this.#prologue = parts.prologue
    this.ended = new Promise((resolve) => {
      this.#settle = resolve
    })
  }

  /** Is the client in the middle of an event of the upstream's? */
  get isInsideEvent(): boolean {
    return this.#parts.cutter.isInsideEvent
  }

  /** Has every piece seen on its way to the client. What sees must be quick, and may not throw. */
  observe(see: (bytes: Uint8Array) => void): void {
    this.#see = see
  }

  /** The provider's own usage object, as far as it has come; undefined before. */
  get reportedUsage(): unknown {
    return this.#parts.cutter.reportedUsage
  }

  /** The next bytes for the client (never empty), or how it ended. */
  async next(): Promise<Uint8Array | Ended> {
    if (this.#prologue !== null && this.#prologue.length > 0) {
      const prologue = this.#prologue
      this.#prologue = null
      this.#see?.(prologue)
      return prologue
    }
    const { reader, cutter, deadline, idleMs } = this.#parts
    for (;;) {
      if (this.#ended !== null) return this.#ended
      if (this.#parts.broken) return this.#break()
      let read: ReadableStreamReadResult<Uint8Array>
      deadline.arm(cutter.done ? CLOSE_MS : idleMs, 'idle')
      try {
        read = await reader.read()
      } catch {
        return this.#end(this.#afterFailure())
      }
      deadline.pause()
      if (read.done) {
        const rest = cutter.end()
        const ended = this.#end(cutter.done ? 'finished' : 'broken')
        if (rest.length === 0) return ended
        this.#see?.(rest)
        return rest
      }
      const cut = cutter.push(read.value)
      if (cut.error) this.#break()
      if (cut.bytes.length === 0) continue
      this.#see?.(cut.bytes)
      return cut.bytes
    }
  }

  /** The client left, or nobody reads any more: stops the upstream. After the end it does nothing. */
  cancel(): void {
    if (this.#ended !== null) return
    this.#parts.abort()
    this.#end(this.#parts.cutter.done ? 'finished' : 'cancelled')
  }

  #break(): Ended {
    this.#parts.abort()
    // After `[DONE]` the answer is whole, and nothing may follow it.
    return this.#end(this.#parts.cutter.done ? 'finished' : 'broken')
  }

  /** Tells why the read that is about to fail fails. */
  expired(): void {
    this.#timedOut = true
  }

  #afterFailure(): Ended['kind'] {
    if (this.#parts.cutter.done) return 'finished'
    return this.#parts.clientLeft() ? 'cancelled' : 'broken'
  }

  #end(kind: Ended['kind']): Ended {
    if (this.#ended !== null) return this.#ended
    const { deadline, release, cutter, requestBytes } = this.#parts
    deadline.stop()
    const usage = usageOf(cutter, requestBytes, kind)
    release(kind === 'broken' ? 'failed' : 'answered', usage)
    const broken = this.#timedOut ? 'upstream_timeout' : 'upstream_failed'
    this.#ended = { kind, usage, code: kind === 'broken' ? broken : null }
    this.#settle(this.#ended)
    return this.#ended
  }
}

/** What the provider said; of a cut stream also what came after it last said anything, which is counted by events. */
function usageOf({ usage, events, reported }: Cutter, requestBytes: number | null, kind: Ended['kind']): Usage | null {
  if (usage === null) return requestBytes === null ? null : usageEstimated(requestBytes, events)
  if (kind === 'finished' || events <= reported) return usage
  return { ...usage, outputTokens: usage.outputTokens + events - reported, source: 'estimated' }
}
