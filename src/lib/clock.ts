/** Time as an argument: production uses the runtime's, tests their own. No I/O. */

/** Now, and waiting. Timers live only as long as their request. */
export interface Clock {
  /** ms since the epoch. In Workers it moves only with I/O. */
  now(): number
  /** Calls back once after `ms`; the returned function cancels. */
  after(ms: number, callback: () => void): () => void
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms)
    return () => clearTimeout(timer)
  },
}

/**
 * The work's outcome, or a rejection with `late()` after `ms`. What comes too late is dropped, and its failure is
 * nobody's. The timer belongs to the request that calls this, and is cleared when the work settles.
 */
export function withDeadline<T>(clock: Clock, ms: number, work: Promise<T>, late: () => Error): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(Math.max(0, ms), () => reject(late()))
    work.then(resolve, reject).finally(cancel)
  })
}

/** Resolves after `ms`, or at once when the signal aborts (never rejects: look at the signal). */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve()
    const cancel = clock.after(ms, done)
    signal?.addEventListener('abort', done, { once: true })
    function done(): void {
      cancel()
      signal?.removeEventListener('abort', done)
      resolve()
    }
  })
}
