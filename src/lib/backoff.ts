/** How long to wait before trying again: exponential with full jitter. No I/O. */

/**
 * Uniform in [0, min(capMs, baseMs · 2^attempt)); `attempt` counts from 0. Full jitter spreads retries best: Brooker,
 * "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
 */
export function backoffMs(attempt: number, baseMs: number, capMs: number, random: () => number): number {
  return random() * Math.min(capMs, baseMs * 2 ** attempt)
}
