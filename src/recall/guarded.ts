/** Calls to what may be out of reach: behind a breaker, told of once in a while, null where there is no answer. */
import type { Breaker } from '../core/breaker.ts'

/** What a guarded call stands on. */
export interface GuardedServices {
  readonly clock: { now(): number }
  readonly log: (line: Readonly<Record<string, unknown>>) => void
}

/**
 * What `ask` answers, or null where it fails or the breaker rests. A store that is gone is a miss, never an error of the
 * request. Messages of stores are not logged: they may repeat what they were sent.
 */
export async function guarded<T>(
  { clock, log }: GuardedServices,
  breaker: Breaker,
  what: string,
  ask: () => Promise<T>,
): Promise<T | null> {
  if (!breaker.mayTry(clock.now())) return null
  try {
    const answer = await ask()
    breaker.succeeded()
    return answer
  } catch (error) {
    if (breaker.failed(clock.now())) {
      const name = error instanceof Error ? error.name : typeof error
      log({ level: 'warn', event: 'recall-store-failed', store: what, error: name })
    }
    return null
  }
}
