/** One question to a Durable Object: with a deadline, and again only where that is safe and can help. No I/O of its own. */
import { OBJECT_CALLS_MAX, OBJECT_RETRY_BASE_MS, OBJECT_RETRY_CAP_MS } from '../../core/limits.ts'
import { backoffMs } from '../../lib/backoff.ts'
import { type Clock, sleep, withDeadline } from '../../lib/clock.ts'

/** The object did not answer in time. What was asked of it may still happen. */
export class ObjectTimeout extends Error {
  override readonly name = 'ObjectTimeout'
}

/** What a call stands on. */
export interface CallTools {
  readonly clock: Clock
  /** Uniform in [0, 1). */
  readonly random: () => number
}

/** What a caller decides about a call. */
export interface CallRules {
  readonly deadlineMs: number
  /** May it be made twice? Only then is it tried again. */
  readonly repeatable: boolean
  /** Told of every answer of the object and how long it took, one that came too late included. */
  readonly answered?: (ms: number) => void
}

/** A class's methods as a stub has them: every one answers with a promise. */
export type Remote<T> = {
  [K in keyof T]: T[K] extends (...values: infer P) => infer R ? (...values: P) => Promise<Awaited<R>> : never
}

/**
 * Asks through a stub that is made anew for each try: one that has failed stays broken, and one of another request
 * cannot be used. Cloudflare's rule for retries: `retryable`, and not `overloaded`; with full jitter, because all
 * isolates see an object restart at the same moment.
 */
export async function callObject<T, R>(
  { clock, random }: CallTools,
  { deadlineMs, repeatable, answered }: CallRules,
  stub: () => T,
  question: (object: Remote<T>) => Promise<R>,
): Promise<R> {
  const endMs = clock.now() + deadlineMs
  for (let tries = 1; ; tries++) {
    try {
      // The types of a stub lose `unknown` and readonly members; the object's own class has them right.
      const answer = question(stub() as unknown as Remote<T>)
      if (answered !== undefined) observe(clock, answer, answered)
      return await withDeadline(clock, endMs - clock.now(), answer, late)
    } catch (error) {
      if (!repeatable || tries >= OBJECT_CALLS_MAX || !isWorthRetrying(error)) throw error
      const waitMs = backoffMs(tries - 1, OBJECT_RETRY_BASE_MS, OBJECT_RETRY_CAP_MS, random)
      if (clock.now() + waitMs >= endMs) throw error
      await sleep(clock, waitMs)
    }
  }
}

function observe(clock: Clock, answer: Promise<unknown>, answered: (ms: number) => void): void {
  const askedAtMs = clock.now()
  const note = (): void => answered(clock.now() - askedAtMs)
  answer.then(note, () => {})
}

const late = (): Error => new ObjectTimeout('the object did not answer in time')

function isWorthRetrying(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false
  return Reflect.get(error, 'retryable') === true && Reflect.get(error, 'overloaded') !== true
}
