/** How a request waits for what may take long: its client may leave, and it may want to look around meanwhile. No I/O. */
import type { Clock } from './clock.ts'

/** Instead of an outcome: the client left. */
export const LEFT = Symbol('the client left')

/** What comes of the work, or `LEFT` as soon as the client has left; then the work's own failure is nobody's. */
export function orLeft<T>(work: Promise<T>, client: AbortSignal): Promise<T | typeof LEFT> {
  return new Promise((resolve, reject) => {
    const leave = (): void => resolve(LEFT)
    if (client.aborted) leave()
    client.addEventListener('abort', leave, { once: true })
    work.then(resolve, reject).finally(() => client.removeEventListener('abort', leave))
  })
}

/** What comes of the work within so long; undefined where it goes on after that, and then its failure is nobody's. */
export function within<T>(clock: Clock, ms: number, work: Promise<T>): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(ms, () => resolve(undefined))
    work.then(resolve, reject).finally(cancel)
  })
}
