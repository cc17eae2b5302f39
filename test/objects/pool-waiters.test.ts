/** Who waits for a replica is told once, whichever comes first: the wait or its end. */
import { expect, it } from 'vitest'
import { POOL_DECIDED_MAX } from '../../src/core/pool/line-limits.ts'
import { type Decided, PoolWaiters } from '../../src/objects/pool-waiters.ts'

const refused = (id: string): Decided => ({ kind: 'refused', id, why: 'wait', retryAfterMs: 10 })

it('tells whoever waits', async () => {
  const waiters = new PoolWaiters()
  const waiting = [waiters.wait('1'), waiters.wait('2')]
  waiters.settle([refused('2'), refused('1')])
  expect(await Promise.all(waiting)).toEqual([refused('1'), refused('2')])
})

it('keeps what was decided before its wait had come', async () => {
  const waiters = new PoolWaiters()
  waiters.settle([refused('1')])
  expect(await waiters.wait('1')).toEqual(refused('1'))
})

it('keeps nothing for whoever has left, and so much at most', async () => {
  const waiters = new PoolWaiters()
  waiters.settle([refused('1')])
  waiters.forget('1')
  const again = waiters.wait('1')
  waiters.settle([{ ...refused('1'), retryAfterMs: 20 } as Decided])
  expect(await again).toMatchObject({ retryAfterMs: 20 })
  waiters.settle(Array.from({ length: POOL_DECIDED_MAX + 1 }, (_, index) => refused(`many${index}`)))
  const first = waiters.wait('many0')
  waiters.settle([{ ...refused('many0'), retryAfterMs: 30 } as Decided])
  expect(await first).toMatchObject({ retryAfterMs: 30 })
  expect(await waiters.wait('many1')).toEqual(refused('many1'))
})
