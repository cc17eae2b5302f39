/** What every `RateLimiter` does, whatever it counts in. */
import { describe, expect, it } from 'vitest'
import type { RateLimiter, RateRule } from '../../src/stores/types.ts'

/** An adapter under test. */
export interface RateLimiterSubject {
  /** A limiter over the store, as one isolate has it; called again, as another isolate has it. */
  readonly isolate: () => RateLimiter
  /** What its store counts to. */
  readonly rule: RateRule
}

/** Runs the cases. `subject` is called inside of them, so that hooks may make what it needs. */
export function rateLimiterContract(subject: () => RateLimiterSubject): void {
  describe('RateLimiter', () => {
    it('allows the amount, then refuses until a window from now at most', async () => {
      const { isolate, rule } = subject()
      const verdicts = await inOneWindow(rule, async (key) => {
        const limiter = isolate()
        const seen = []
        for (let index = 0; index < rule.requests + 3; index++) seen.push(await limiter.limit(key, rule))
        return seen
      })
      expect(verdicts.map(({ allowed }) => allowed)).toEqual([
        ...Array.from({ length: rule.requests }, () => true),
        ...[false, false, false],
      ])
      for (const verdict of verdicts) {
        if (verdict.allowed) continue
        expect(verdict.retryAfterMs).toBeGreaterThan(0)
        expect(verdict.retryAfterMs).toBeLessThanOrEqual(rule.perSeconds * 1000)
      }
    })

    it('allows exactly the amount of those that come at once, over all isolates', async () => {
      const { isolate, rule } = subject()
      const verdicts = await inOneWindow(rule, (key) => {
        const isolates = [isolate(), isolate(), isolate()]
        const each = Math.ceil(rule.requests / 2)
        return Promise.all(isolates.flatMap((limiter) => Array.from({ length: each }, () => limiter.limit(key, rule))))
      })
      expect(verdicts.filter(({ allowed }) => allowed)).toHaveLength(rule.requests)
    })

    it('counts every key by itself, however alike and long they are', async () => {
      const { isolate, rule } = subject()
      const allowed = await inOneWindow(rule, async (key) => {
        const limiter = isolate()
        const spent = `${key}.${'g'.repeat(32)}.a1b2c3d4`
        for (let index = 0; index <= rule.requests; index++) await limiter.limit(spent, rule)
        const others = [spent.toUpperCase(), spent.slice(0, -1), `${spent}5`, ` ${spent}`, spent.replaceAll('.', ':')]
        return Promise.all([spent, ...others].map(async (one) => (await limiter.limit(one, rule)).allowed))
      })
      expect(allowed).toEqual([false, true, true, true, true, true])
    })
  })
}

let keys = 0

/** Stores may count by the clock's windows: what ran across the end of one is run again, with a key that has no past. */
async function inOneWindow<T>({ perSeconds }: RateRule, work: (key: string) => Promise<T>): Promise<T> {
  const window = (): number => Math.floor(Date.now() / (perSeconds * 1000))
  for (;;) {
    const before = window()
    keys += 1
    const result = await work(`tenant-${Date.now()}-${keys}`)
    if (window() === before) return result
  }
}
