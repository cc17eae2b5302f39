/** Fairness between tenants: whoever had least, what being away saves, and a bound on how far two that wait come apart. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { POOL_SAVED_TOKENS, POOL_TENANTS_MAX } from '../../../src/core/pool/limits.ts'
import { TenantCounters } from '../../../src/core/pool/tenant-counters.ts'

describe('a tenant that comes back', () => {
  it('has saved up a burst, and no more', () => {
    const counters = new TenantCounters()
    counters.waits('busy')
    counters.charge('busy', 10 * POOL_SAVED_TOKENS)
    expect(counters.lifted('back')).toBe(9 * POOL_SAVED_TOKENS)
    counters.waits('back')
    expect(counters.of('back')).toBe(9 * POOL_SAVED_TOKENS)
    counters.left('busy')
    expect(counters.lifted('back')).toBe(9 * POOL_SAVED_TOKENS)
  })

  it('keeps what it had more than others', () => {
    const counters = new TenantCounters()
    counters.charge('greedy', 5 * POOL_SAVED_TOKENS)
    counters.waits('other')
    expect(counters.lifted('greedy')).toBe(5 * POOL_SAVED_TOKENS)
  })

  it('after nobody waited begins a burst before where the last one went', () => {
    const counters = new TenantCounters()
    counters.charge('one', 5 * POOL_SAVED_TOKENS)
    counters.charge('other', 1)
    counters.waits('one')
    counters.left('one')
    expect(counters.lifted('other')).toBe(4 * POOL_SAVED_TOKENS)
  })
})

it('two that always wait never come further apart than a burst and one request (VTC, theorem 4.4)', () => {
  const cost = fc.integer({ min: 1, max: 50_000 })
  fc.assert(
    fc.property(fc.array(cost, { minLength: 50, maxLength: 300 }), (costs) => {
      const counters = new TenantCounters()
      const tenants = ['a', 'b', 'c']
      const had = new Map(tenants.map((tenant) => [tenant, 0]))
      for (const tenant of tenants) counters.waits(tenant)
      for (const one of costs) {
        const next = tenants.reduce((least, tenant) => (counters.of(tenant) < counters.of(least) ? tenant : least))
        counters.charge(next, one)
        had.set(next, (had.get(next) ?? 0) + one)
        const all = [...had.values()]
        expect(Math.max(...all) - Math.min(...all)).toBeLessThanOrEqual(POOL_SAVED_TOKENS + 50_000)
      }
    }),
    { numRuns: 100 },
  )
})

it('remembers so many tenants, and a forgotten one begins like a new one', () => {
  const counters = new TenantCounters()
  counters.charge('first', 100)
  for (let index = 0; index < POOL_TENANTS_MAX; index += 1) counters.charge(`tenant-${index}`, 1)
  expect(counters.of('first')).toBe(0)
})
