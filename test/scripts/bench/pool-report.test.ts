/** The pool lane's bounds: which run keeps them, and what a shortfall is called. */
import { expect, it } from 'vitest'
import type { ChatsRun } from '../../../scripts/bench/pool-lane.ts'
import { type PoolResults, poolTables, poolVerdicts } from '../../../scripts/bench/pool-report.ts'
import { askedOf, refusedOf } from '../../support/bench-pool.ts'

const chats = (way: ChatsRun['way'], cachedTokens: number, firstMeanMs: number, busiest = 10): ChatsRun => ({
  ...{ way, requests: 320, failures: 0, promptTokens: 1000, cachedTokens },
  ...{ firstMeanMs, firstP50Ms: firstMeanMs, firstP95Ms: 3 * firstMeanMs },
  replicas: [busiest, 10, 10, 10].map((requests) => ({ requests, computedTokens: 100 * requests })),
})

const others = (firstMs: number) => Array.from({ length: 20 }, () => askedOf({ flow: 'other', firstMs }))

function results(): PoolResults {
  const many = (count: number, more: object) => Array.from({ length: count }, () => askedOf({ atMs: 5000, ...more }))
  return {
    chats: [chats('pool', 700, 400), chats('round-robin', 300, 800)],
    fair: [
      { times: 0, asked: others(500) },
      { times: 1, asked: others(520) },
      { times: 10, asked: [...others(600), ...many(3, { flow: 'flood', firstMs: 9000 })] },
    ],
    slow: {
      ...{ replica: 'a', slowAtMs: 2000, forMs: 20_000 },
      asked: [askedOf(), ...many(5, { replica: 'b', atMs: 9000 })],
    },
    busy: {
      forMs: 10_000,
      full: many(15, { flow: 'full' }),
      asked: [
        ...many(15, { flow: 'interactive', firstMs: 2500 }),
        refusedOf({ flow: 'batch' }),
        askedOf({ flow: 'batch', atMs: 11_000, isReturn: true }),
      ],
    },
    cost: (['plain', 'pooled'] as const).map((way) => ({
      ...{ way, round: 0, failures: 0, cpuMsPerRequest: way === 'plain' ? 0.5 : 0.7 },
      p50Ms: way === 'plain' ? 1 : 1.3,
    })),
    pairs: {
      ...{ perSecond: 4100, asked: 20_000, p50Ms: 10, p99Ms: 40, queuedShare: 0.2, refused: 0 },
      ...{ callsPerPair: 1.2, perCpuSecond: 4200 },
    },
  }
}

const short = (all: PoolResults): string[] =>
  poolVerdicts(all)
    .filter(({ ok }) => !ok)
    .map(({ name }) => name)

it('is content with a run that keeps every bound', () => {
  expect(short(results())).toEqual([])
  expect(poolVerdicts(results()).length).toBe(14)
})

it('tells each shortfall', () => {
  const good = results()
  expect(short({ ...good, chats: [chats('pool', 500, 900, 40), chats('round-robin', 300, 800)] })).toEqual([
    "cached share over round-robin's",
    "mean to first token over round-robin's",
    'most requests of a replica over the mean',
    'most tokens computed by a replica over the mean',
  ])
  expect(short({ ...good, fair: good.fair.map((run) => ({ ...run, asked: others(500 + 20 * run.times) })) })).toEqual([
    "others' p95 to first token beside 10 × its share over that without",
    "others' p95 to first token beside 10 × its share over that beside its share",
  ])
  const stays = [askedOf({ atMs: 9000, replica: 'a' })]
  expect(short({ ...good, slow: { ...good.slow, asked: stays } })).toEqual([
    'requests to a replica 10 × as slow, from 5 s on',
  ])
  const late = good.busy.asked.map((one) => (one.status === 200 ? { ...one, firstMs: 3500 } : one))
  expect(short({ ...good, busy: { ...good.busy, asked: late } })).toEqual([
    'goodput at 4 × over the capacity',
    'p99 to first token of those admitted, ms',
  ])
  expect(short({ ...good, pairs: { ...good.pairs, perCpuSecond: 3900 } })).toEqual([
    'pairs of one pool object in a second of CPU',
  ])
})

it('shows all of it', () => {
  const text = poolTables(results())
  for (const part of [
    '70.0 %',
    '30.0 %',
    '400 ms',
    "others' p50",
    '10 × as slow',
    '2.0/s',
    '1.300 ms',
    '0.200 ms',
    '4100',
    '4200',
  ])
    expect(text).toContain(part)
})
