/** One replica: what it has to do and how long that takes, when it has credit, and what it makes of being late. */
import { describe, expect, it } from 'vitest'
import { POOL_CREDIT_MS } from '../../../src/core/pool/limits.ts'
import { Replica } from '../../../src/core/pool/replica.ts'
import type { PoolReplica } from '../../../src/core/pool/types.ts'
import { blocksOf, leaseOf, RULES } from '../../support/pool.ts'

const NO_BLOCKS = new Float64Array(0)
const replicaOf = (other: Partial<PoolReplica> = {}, maxInflightTokens = 1_000_000): Replica =>
  new Replica({ id: 'a', state: 'active', ...other }, { ...RULES, maxInflightTokens }, 1000, 0)

describe('what it has to do', () => {
  it('is over with time for the first in line, and with its first content for certain', () => {
    const replica = replicaOf()
    const [one, other] = [leaseOf('1', { uncachedTokens: 10_000 }), leaseOf('2', { uncachedTokens: 5000 })]
    replica.bind(one, NO_BLOCKS, false)
    replica.bind(other, NO_BLOCKS, false)
    const { stepMs } = replica.rate
    expect(replica.remainingMs(0)).toBeCloseTo(1500 + 2 * stepMs)
    expect(replica.remainingMs(600)).toBeCloseTo(900 + 2 * stepMs)
    replica.first(one, 1000 + stepMs)
    expect(replica.remainingMs(1000 + stepMs)).toBeCloseTo(500 + stepMs)
    replica.release(other, 1100)
    expect([replica.remainingMs(1100), replica.isBusy, replica.requests]).toEqual([0, false, 1])
  })

  it('counts as done when its time has come, for what does not tell', () => {
    const replica = replicaOf()
    replica.bind(leaseOf('1', { uncachedTokens: 10_000, tellsFirst: false }), NO_BLOCKS, false)
    replica.bind(leaseOf('2', { uncachedTokens: 10_000 }), NO_BLOCKS, false)
    expect(replica.silentDueMs()).toBeCloseTo(1000 + replica.rate.stepMs)
    replica.pass(1100)
    expect(replica.silentDueMs()).toBe(Number.POSITIVE_INFINITY)
    expect(replica.view(1100).inflightUncachedTokens).toBe(10_000)
  })

  it('is what is not in its memory', () => {
    const replica = replicaOf()
    const request = { promptTokens: 1000, blocks: blocksOf('0123456789') }
    expect([0, 5, 10].map((matched) => replica.uncachedOf(request, matched))).toEqual([1000, 500, 1])
  })
})

describe('credit', () => {
  it('is there for one at least, and again shortly before the first is done', () => {
    const replica = replicaOf()
    replica.bind(leaseOf('1', { uncachedTokens: 10_000 }), NO_BLOCKS, false)
    const dueMs = 1000 + replica.rate.stepMs - POOL_CREDIT_MS
    expect(replica.hasCredit(1, dueMs - 1)).toBe(false)
    expect(replica.creditAtMs(0)).toBeGreaterThan(dueMs)
    expect(replica.hasCredit(1, replica.creditAtMs(0))).toBe(true)
    replica.bind(leaseOf('2', { uncachedTokens: 10_000 }), NO_BLOCKS, false)
    expect(replica.creditAtMs(0)).toBe(Number.POSITIVE_INFINITY)
  })

  it('ends where its room ends, in tokens and in requests', () => {
    const small = replicaOf({}, 1500)
    expect(small.hasRoom(9000)).toBe(true)
    small.bind(leaseOf('1', { uncachedTokens: 1000 }), NO_BLOCKS, false)
    expect([small.hasRoom(500), small.hasRoom(501)]).toEqual([true, false])
    small.bind(leaseOf('2', { promptTokens: 9000, uncachedTokens: 9000 }), NO_BLOCKS, true)
    expect(small.hasRoom(500)).toBe(true)
    const single = replicaOf({ maxRequests: 1 })
    single.bind(leaseOf('1'), NO_BLOCKS, true)
    expect(single.hasRoom(1)).toBe(false)
  })

  it('is gone for a while after an overload, and grows back', () => {
    const replica = replicaOf()
    replica.overloaded(0)
    expect([replica.isResting(400), replica.creditAtMs(0)]).toEqual([true, 500])
    replica.bind(leaseOf('1', { uncachedTokens: 100, boundMs: 600 }), NO_BLOCKS, false)
    expect(replica.hasCredit(1, 600)).toBe(false)
    const later = replicaOf()
    later.overloaded(0)
    later.bind(leaseOf('1', { uncachedTokens: 100, boundMs: 10_000 }), NO_BLOCKS, false)
    expect(later.hasCredit(1, 10_000)).toBe(true)
  })
})

it('a replica whose engine queues gets less at a time, and is not left alone', () => {
  const replica = replicaOf()
  for (let reads = 0; reads < 3; reads += 1) replica.queues(0)
  expect(replica.isResting(0)).toBe(false)
  expect(replica.hasCredit(1, 0)).toBe(true)
  replica.bind(leaseOf('1', { uncachedTokens: 100 }), NO_BLOCKS, false)
  expect(replica.hasCredit(1, 0)).toBe(false)
})

describe('a replica that is late', () => {
  it('is taken to be as slow with what comes next, before it has answered anything', () => {
    const replica = replicaOf()
    replica.bind(leaseOf('1', { uncachedTokens: 1000 }), NO_BLOCKS, false)
    const soonMs = replica.prefillMs(10_000, 100)
    expect(replica.prefillMs(10_000, 2000)).toBeGreaterThan(10 * soonMs)
    expect(replica.remainingMs(2000)).toBe(2000)
    expect(replica.view(2000).prefillTokensPerSecond).toBeLessThan(1000)
  })

  it('is learnt from when it answers', () => {
    const replica = replicaOf()
    let nowMs = 0
    for (let count = 0; count < 10; count += 1) {
      const lease = leaseOf(`${count}`, { uncachedTokens: 1000, boundMs: nowMs })
      replica.bind(lease, NO_BLOCKS, false)
      nowMs += 1000
      replica.first(lease, nowMs)
      replica.release(lease, nowMs)
    }
    expect(replica.prefillMs(1000, nowMs)).toBeGreaterThan(800)
  })
})

describe('a new config', () => {
  it('keeps what was learnt, unless it is of another machine', () => {
    const replica = replicaOf()
    replica.index.use(blocksOf('prompt'))
    const { rate } = replica
    replica.configure({ id: 'a', state: 'draining' }, RULES, 1000)
    expect([replica.rate === rate, replica.index.size, replica.serves('any')]).toEqual([true, 6, true])
    replica.configure({ id: 'a', state: 'active', prefillTokensPerSecond: 5000, models: ['one'] }, RULES, 500)
    expect([Math.round(replica.rate.tokensPerSecond), replica.index.size, replica.serves('any')]).toEqual([
      5000,
      0,
      false,
    ])
  })
})

it('knows whether it computes for those who crowd the pool', () => {
  const replica = replicaOf()
  replica.bind(leaseOf('1'), NO_BLOCKS, false)
  expect(replica.isCrowded).toBe(false)
  replica.bind(leaseOf('2', { isCrowding: true }), NO_BLOCKS, false)
  expect(replica.isCrowded).toBe(true)
})
