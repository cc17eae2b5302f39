/** Whom a pool that has too much refuses, and when it says to come again. No I/O. */
import { POOL_RETRY_MS_MAX, POOL_RETRY_MS_MIN, POOL_SHED_FACTOR, POOL_SHED_POWER } from './limits.ts'
import type { PoolRequest, PoolRules, RefusedTurn } from './types.ts'

/** How it stands with a request that would have to wait. */
export interface Outlook {
  /** Until it would be bound, and until its first content, ms, by estimate. */
  readonly waitMs: number
  readonly firstMs: number
  /** Longest that it may wait from now, ms. */
  readonly boundMs: number
  /** Requests that wait. */
  readonly queued: number
  /** Time until the next of them goes, ms, by estimate. */
  readonly nextMs: number
}

/** Why it is refused, or null: it may wait. */
export function refusalOf(
  { priority }: Pick<PoolRequest, 'priority'>,
  { maxQueue }: PoolRules,
  outlook: Outlook,
  random: () => number,
): Pick<RefusedTurn, 'why' | 'retryAfterMs'> | null {
  const { waitMs, firstMs, boundMs, queued, nextMs } = outlook
  // Whoever waits and is answered after its bound has had nothing of its wait.
  if (firstMs > boundMs) return { why: 'wait', retryAfterMs: retryMs(firstMs - boundMs) }
  if (queued >= maxQueue) return { why: 'full', retryAfterMs: retryMs(nextMs) }
  if (priority !== 'batch') return null
  const saturation = Math.max(waitMs / boundMs, queued / maxQueue)
  return random() < shedShare(saturation) ? { why: 'shed', retryAfterMs: retryMs(waitMs) } : null
}

/** Share of `batch` that is left out, so that the queue never fills with what can wait. */
export function shedShare(saturation: number): number {
  return Math.min(1, POOL_SHED_FACTOR * saturation ** POOL_SHED_POWER)
}

/** In whole ms. */
export function retryMs(ms: number): number {
  return Math.ceil(Math.min(POOL_RETRY_MS_MAX, Math.max(POOL_RETRY_MS_MIN, ms)))
}
