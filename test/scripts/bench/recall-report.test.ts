/** The recall lane's bounds, each on both of its sides. */
import { expect, it } from 'vitest'
import type { RecallRound, WayName } from '../../../scripts/bench/recall-lane.ts'
import type { MemoryResults } from '../../../scripts/bench/recall-memory.ts'
import {
  memoryTable,
  memoryVerdicts,
  type RecallResults,
  recallTables,
  recallVerdicts,
} from '../../../scripts/bench/recall-report.ts'

const round = (
  way: WayName,
  connections: number,
  requestsPerSecond: number,
  change: Partial<RecallRound> = {},
): RecallRound => ({
  way,
  connections,
  requestsPerSecond,
  round: 0,
  sent: 100,
  failures: 0,
  others: 0,
  p50Ms: 1,
  p99Ms: 2,
  firstP50Ms: 1,
  firstP99Ms: 2,
  cpuMsPerRequest: 0.1,
  hitsLost: way === 'hasher' ? null : 0,
  ...change,
})

/** The rounds, with another one in the place of the same way's. */
const but = (rounds: readonly RecallRound[], changed: RecallRound): RecallRound[] =>
  rounds.map((one) => (one.way === changed.way && one.connections === changed.connections ? changed : one))

const hits = [
  round('stream', 1, 1000, { firstP99Ms: 4.9 }),
  ...[1, 16, 64].flatMap((at) => [round('hit', at, 600), round('hasher', at, 1000)]),
]
const misses = [
  round('plain', 16, 1000),
  round('digest', 16, 920),
  round('hop', 16, 650),
  round('lead', 16, 500, { others: 5 }),
  round('store', 16, 600),
]
const meaning = {
  taught: { questions: 10_000, questionsPerSecond: 400, questionP50Ms: 30, paraphrases: 600, share: 0.5 },
  rounds: [round('hit', 1, 1000), round('semantic', 1, 400, { p50Ms: 3, others: 3 })],
}
const good: RecallResults = { hits, misses, meaning }

const broken = (results: RecallResults): string[] =>
  recallVerdicts(results)
    .filter(({ ok }) => !ok)
    .map(({ name }) => name)

it('accepts what is just good enough', () => {
  expect(broken(good)).toEqual([])
  expect(recallVerdicts(good)).toHaveLength(11)
})

it.each<[string, Partial<RecallResults>]>([
  ['hits/s over the Worker that only hashes, 16 connections', { hits: but(hits, round('hit', 16, 599)) }],
  ['hits/s over the Worker that only hashes, 64 connections', { hits: but(hits, round('hit', 64, 599)) }],
  ['first byte of a streamed hit, p99 ms', { hits: but(hits, round('stream', 1, 1000, { firstP99Ms: 5 })) }],
  [
    'requests/s over the same without recall, memory and digest say no',
    { misses: but(misses, round('digest', 16, 919)) },
  ],
  ['requests/s over the same without recall, a shard says no', { misses: but(misses, round('hop', 16, 649)) }],
  [
    'paraphrases recalled once the route has learned',
    { meaning: { ...meaning, taught: { ...meaning.taught, share: 0.49 } } },
  ],
  [
    'p50 that meaning adds, ms, 10000 questions',
    { meaning: { ...meaning, rounds: but(meaning.rounds, round('semantic', 1, 400, { p50Ms: 3.1 })) } },
  ],
  ['failures with recall', { misses: but(misses, round('lead', 16, 500, { failures: 1 })) }],
  ['replies of another kind than was meant', { misses: but(misses, round('hop', 16, 650, { others: 1 })) }],
  ['hits that the usage does not count', { hits: but(hits, round('hit', 16, 600, { hitsLost: 1 })) }],
  [
    'runs whose usage was not complete within 2 s',
    { hits: but(hits, round('hit', 16, 600, { recorded: { inWindow: 1, complete: false } })) },
  ],
])('refuses: %s', (name, change) => {
  expect(broken({ ...good, ...change })).toEqual([name])
})

it('judges each round against its own', () => {
  const rounds = [
    ...[round('hit', 16, 600), round('hasher', 16, 1000)],
    ...[round('hit', 16, 60, { round: 1 }), round('hasher', 16, 100, { round: 1 })],
  ]
  const others = hits.filter(({ connections }) => connections !== 16)
  expect(recallVerdicts({ ...good, hits: [...rounds, ...others] })[0]).toMatchObject({ value: 0.6, ok: true })
})

it('is short of a bound that nothing was measured for', () => {
  const [hit, semantic] = meaning.rounds
  const unserved = { ...semantic, p50Ms: Number.NaN } as RecallRound
  expect(broken({ ...good, meaning: { ...meaning, rounds: hit === undefined ? [] : [hit, unserved] } })).toEqual([
    'p50 that meaning adds, ms, 10000 questions',
  ])
})

it('prints every way, and what it is over which', () => {
  const lines = recallTables(good).split('\n')
  expect(lines).toHaveLength(1 + 7 + 5 + 2 + 1)
  expect(lines.find((line) => line.startsWith('hit ') && line.includes(' 16 '))).toContain('× 0.600 of hasher')
  expect(lines.find((line) => line.startsWith('hop'))).toContain('× 0.650 of plain')
  expect(lines.at(-1)).toBe('10000 questions at 400/s (p50 30.00 ms), 600 paraphrases until 50 % were recalled')
})

const memory: MemoryResults = {
  steps: [0, 25, 50, 75, 100].map((share) => ({ answers: share * 1000, mb: 100 + Math.min(share, 50) })),
  failures: 0,
  requestsPerSecond: 2000,
}

it('judges memory by its second half, where the cache has long been full', () => {
  expect(memoryVerdicts(memory)).toMatchObject([{ value: 1, ok: true }, { ok: true }])
  const growing = { ...memory, steps: [...memory.steps.slice(0, -1), { answers: 100_000, mb: 196 }] }
  expect(memoryVerdicts(growing).map(({ ok }) => ok)).toEqual([false, true])
  expect(memoryVerdicts({ ...memory, failures: 1 }).map(({ ok }) => ok)).toEqual([true, false])
  expect(memoryVerdicts({ ...memory, steps: memory.steps.slice(0, -1) })).toHaveLength(1)
})

it('prints memory step by step', () => {
  expect(memoryTable(memory).split('\n')).toHaveLength(7)
  expect(memoryTable(memory)).toContain('2000 requests/s')
})
