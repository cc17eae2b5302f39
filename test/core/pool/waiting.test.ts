/** Who goes first: priorities, tenants by what they have had, then age and size; and what is ahead of whom. */
import { describe, expect, it } from 'vitest'
import { POOL_SAVED_TOKENS } from '../../../src/core/pool/limits.ts'
import { TenantCounters } from '../../../src/core/pool/tenant-counters.ts'
import type { PoolRequest } from '../../../src/core/pool/types.ts'
import { overdueAtMs, type Waiter, Waiting } from '../../../src/core/pool/waiting.ts'
import { requestOf } from '../../support/pool.ts'

const anyone = (): boolean => true
function waiterOf(id: string, prefillMs: number, other: Partial<PoolRequest> = {}, home = 'a'): Waiter {
  const request = requestOf(id, 'prompt', other)
  const deadlineMs = request.sinceMs + request.maxWaitMs
  return {
    request,
    deadlineMs,
    overdueMs: overdueAtMs(request.sinceMs, deadlineMs),
    home,
    prefillMs,
    cost: 10 * prefillMs,
  }
}
function waitingOf(waiters: readonly Waiter[], counters = new TenantCounters()): Waiting {
  const waiting = new Waiting(counters)
  for (const waiter of waiters) waiting.add(waiter)
  return waiting
}
const order = (waiting: Waiting, nowMs = 0): string[] => waiting.ordered('a', nowMs).map(({ request }) => request.id)

describe('inside a tenant', () => {
  it('the shortest goes first, less a quarter of what each has waited', () => {
    const waiting = waitingOf([waiterOf('long', 900, { sinceMs: 0 }), waiterOf('short', 300, { sinceMs: 2000 })])
    expect(order(waiting, 2000)).toEqual(['short', 'long'])
    const later = waitingOf([waiterOf('long', 900, { sinceMs: 0 }), waiterOf('short', 300, { sinceMs: 3000 })])
    expect(order(later, 3000)).toEqual(['long', 'short'])
  })

  it('whoever has waited half of its bound goes before all, the oldest first', () => {
    const waiting = waitingOf([
      waiterOf('new', 1, { sinceMs: 19_000 }),
      waiterOf('b', 90_000, { sinceMs: 1 }),
      waiterOf('a', 99_000),
    ])
    expect(order(waiting, 20_000)).toEqual(['a', 'b', 'new'])
  })
})

describe('priorities', () => {
  it('are strict, but who has waited long enough is interactive', () => {
    const waiting = waitingOf([
      waiterOf('batch', 1, { priority: 'batch' }),
      waiterOf('interactive', 900, { sinceMs: 100 }),
    ])
    expect(order(waiting, 100)).toEqual(['interactive', 'batch'])
    expect(order(waiting, 15_000)).toEqual(['batch', 'interactive'])
    expect(waiting.counts).toEqual({ interactive: 1, batch: 1 })
  })
})

describe('between tenants', () => {
  it('whoever had least goes first, whatever its size', () => {
    const counters = new TenantCounters()
    counters.charge('greedy', 5000)
    const waiting = waitingOf(
      [waiterOf('g', 1, { tenant: 'greedy' }), waiterOf('m', 900, { tenant: 'modest' })],
      counters,
    )
    expect(order(waiting)).toEqual(['m', 'g'])
    expect([...waiting.owedMore(waiterOf('x', 1, { tenant: 'greedy' }, 'b'))].map(({ request }) => request.id)).toEqual(
      ['m'],
    )
  })

  it('of others no more goes before a request than its own tenant has', () => {
    const counters = new TenantCounters()
    const flood = Array.from({ length: 20 }, (_, index) => waiterOf(`f${index}`, 1000, { tenant: 'flood' }))
    const waiting = waitingOf(flood, counters)
    counters.charge('flood', POOL_SAVED_TOKENS)
    expect(waiting.aheadMs(waiterOf('one', 500, { tenant: 'other' }), 0)).toBeLessThanOrEqual(500)
    expect(waiting.aheadMs(waiterOf('one', 1500, { tenant: 'flood' }), 0)).toBe(20_000)
    expect(waiting.isLight('other')).toBe(true)
    expect(waiting.isLight('flood')).toBe(false)
  })
})

describe('who fits', () => {
  it('passes who does not, unless that has waited too long', () => {
    const waiting = waitingOf([waiterOf('large', 100), waiterOf('small', 500, { sinceMs: 14_000 })])
    const fits = ({ request }: Waiter): boolean => request.id === 'small'
    expect(waiting.next('a', 14_000, fits)?.request.id).toBe('small')
    expect(waiting.next('a', 15_000, fits)).toBeUndefined()
    expect(waiting.next('b', 0, anyone)).toBeUndefined()
  })
})

describe('the queue', () => {
  it('moves who waits, and lets it go when its wait is over', () => {
    const [one, other] = [waiterOf('1', 100, { maxWaitMs: 1000 }), waiterOf('2', 100)]
    const waiting = waitingOf([one, other])
    waiting.move(one, 'b', 50)
    expect([...waiting.homes()]).toEqual(['a', 'b'])
    expect(waiting.at('b').has(one)).toBe(true)
    expect(waiting.nextDeadlineMs()).toBe(1000)
    expect(waiting.expired(999)).toEqual([])
    expect(waiting.expired(1000)).toEqual([one])
    waiting.remove(one)
    waiting.remove(one)
    expect([waiting.size, waiting.nextDeadlineMs(), [...waiting.homes()]]).toEqual([1, 30_000, ['a']])
    expect([waiting.get('1'), waiting.get('2'), [...waiting.all()]]).toEqual([undefined, other, [other]])
  })
})
