/** The line to a pool's object: leases that live are renewed together, and news that did not arrive goes again. */
import { expect, it } from 'vitest'
import { LEASE_RENEW_MS } from '../../src/core/limits.ts'
import { POOL_NEWS_WAIT_MS } from '../../src/core/pool/line-limits.ts'
import type { PoolLease } from '../../src/core/pool/types.ts'
import { holdLease, tell } from '../../src/dispatch/pool-line.ts'
import type { PoolNews, PoolStore } from '../../src/stores/types.ts'
import { manualClock } from '../support/manual-clock.ts'
import { NO_OBJECTS, poolsOver } from '../support/pools.ts'

const PLACE = { pool: 'gpu', region: undefined }
const lease = (id: string): PoolLease => ({
  ...{ id, replica: 'a', tenant: 't', promptTokens: 1, isStarted: false },
  blocks: new Float64Array(0),
})

function world() {
  const clock = manualClock(0)
  const told: PoolNews[] = []
  const away = { is: false }
  const store: PoolStore = {
    ...NO_OBJECTS,
    async tell(_place, news) {
      if (away.is) throw new Error('away')
      told.push(news)
      return { epoch: 'one', isQueued: false }
    },
  }
  const work: Promise<unknown>[] = []
  const background = (one: Promise<unknown>): void => void work.push(one)
  const services = { clock, background, log: () => undefined, pools: poolsOver(clock, store) }
  const pass = async (ms: number): Promise<void> => {
    await clock.advance(ms)
    await Promise.all(work)
  }
  return { services, told, away, pass }
}

it('a thousand leases cost one call in a while', async () => {
  const { services, told, pass } = world()
  const drops = Array.from({ length: 1000 }, (_, index) => holdLease(services, PLACE, lease(String(index))))
  await pass(LEASE_RENEW_MS)
  expect(told.length).toBe(1)
  expect(told[0]?.renew?.length).toBe(1000)
  for (const drop of drops) drop()
  await pass(2 * LEASE_RENEW_MS)
  expect(told.length).toBe(1)
})

it('a renewal that failed is made again by whoever comes next', async () => {
  const { services, told, away, pass } = world()
  holdLease(services, PLACE, lease('1'))
  away.is = true
  await pass(LEASE_RENEW_MS)
  expect(told).toEqual([])
  away.is = false
  await pass(LEASE_RENEW_MS)
  expect(told.map(({ renew }) => renew)).toEqual([['1']])
})

it('news that did not arrive goes with the next', async () => {
  const { services, told, away, pass } = world()
  away.is = true
  tell(services, PLACE, { kind: 'left', id: '1' })
  await pass(POOL_NEWS_WAIT_MS)
  away.is = false
  tell(services, PLACE, { kind: 'left', id: '2' })
  await pass(POOL_NEWS_WAIT_MS)
  expect(told).toEqual([{ events: ['1', '2'].map((id) => ({ kind: 'left', id })) }])
})
