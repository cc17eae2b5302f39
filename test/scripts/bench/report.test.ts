/** From rounds to medians and verdicts. */
import { describe, expect, it } from 'vitest'
import type { StreamsRound, WholeRound } from '../../../scripts/bench/lanes.ts'
import { size, streamsRows, verdicts, wholeRows } from '../../../scripts/bench/report.ts'

function whole(contender: WholeRound['contender'], round: number, change: Partial<WholeRound> = {}): WholeRound {
  return {
    contender,
    round,
    bytes: 200,
    connections: 16,
    counted: 1000,
    sent: 1010,
    failures: 0,
    requestsPerSecond: 1000,
    p50Ms: 1,
    p99Ms: 2,
    cpuMsPerRequest: 0.1,
    ...change,
  }
}

function streams(contender: StreamsRound['contender'], change: Partial<StreamsRound> = {}): StreamsRound {
  return {
    contender,
    round: 0,
    streams: 1000,
    failures: 0,
    eventsLost: 0,
    firstMs: 3,
    firstMaxMs: 5,
    gapP50Ms: 20,
    gapP99Ms: 22,
    cpuMsPerStream: 2,
    ...change,
  }
}

describe('rows', () => {
  it('add over the direct way of the same round', () => {
    const rows = wholeRows([
      whole('direct', 0, { p50Ms: 1 }),
      whole('floor', 0, { p50Ms: 3 }),
      whole('direct', 1, { p50Ms: 10 }),
      whole('floor', 1, { p50Ms: 14 }),
    ])
    const floor = rows.find((row) => row.contender === 'floor')
    expect(floor?.addedP50Ms).toEqual({ median: 3, least: 2, most: 4 })
  })

  it('mark what is within 10 % of the ceiling', () => {
    const rows = wholeRows([
      whole('direct', 0),
      whole('floor', 0, { requestsPerSecond: 900 }),
      whole('sluice', 0, { requestsPerSecond: 899 }),
    ])
    expect(rows.filter((row) => row.atCeiling).map((row) => row.contender)).toEqual(['floor'])
  })

  it('keep the worst of the usage rows, and sum what failed', () => {
    const rows = wholeRows([
      whole('sluice', 0, { failures: 1, recorded: { inWindow: 0.9, complete: true } }),
      whole('sluice', 1, { failures: 2, recorded: { inWindow: 0.7, complete: false } }),
    ])
    expect(rows[0]).toMatchObject({ recordedInWindow: 0.7, recordedAll: false, failures: 3 })
  })

  it('add first events and gaps of streams over the direct way', () => {
    const rows = streamsRows([streams('direct'), streams('sluice', { firstMs: 4.5, gapP99Ms: 22 })])
    expect(rows[1]?.addedFirstMs.median).toBe(1.5)
    expect(rows[1]?.addedGapP99Ms.median).toBe(0)
  })
})

describe('verdicts', () => {
  const judged = (rounds: readonly WholeRound[], flows: readonly StreamsRound[] = []): Record<string, boolean> =>
    Object.fromEntries(verdicts(wholeRows(rounds), streamsRows(flows)).map(({ name, ok }) => [name, ok]))

  it('hold requests per second against the floor and Portkey at 16 connections', () => {
    const others = [whole('floor', 0), whole('portkey', 0, { requestsPerSecond: 366 })]
    expect(judged([...others, whole('sluice', 0, { requestsPerSecond: 550 })])).toEqual({
      "requests/s over the floor's, 200 B, 16 connections": true,
      "requests/s over Portkey's, 200 B, 16 connections": true,
    })
    expect(judged([...others, whole('sluice', 0, { requestsPerSecond: 548 })])).toEqual({
      "requests/s over the floor's, 200 B, 16 connections": false,
      "requests/s over Portkey's, 200 B, 16 connections": false,
    })
  })

  it('hold added latency at one connection', () => {
    const name = "p50 over the floor's, ms, 200 B, 1 connections"
    const floor = whole('floor', 0, { connections: 1, p50Ms: 1 })
    expect(judged([floor, whole('sluice', 0, { connections: 1, p50Ms: 1.25 })])[name]).toBe(true)
    expect(judged([floor, whole('sluice', 0, { connections: 1, p50Ms: 1.26 })])[name]).toBe(false)
  })

  it('hold CPU, number and completeness of streams', () => {
    const good = judged([], [streams('floor'), streams('sluice', { cpuMsPerStream: 6.6 })])
    expect(Object.values(good)).toEqual([true, true, true, true])
    const bad = judged(
      [],
      [streams('floor'), streams('sluice', { cpuMsPerStream: 6.7, streams: 999, eventsLost: 1, failures: 1 })],
    )
    expect(Object.values(bad)).toEqual([false, false, false, false])
  })

  it('count failures and lost rows against Sluice', () => {
    const lost = whole('sluice', 0, { failures: 1, recorded: { inWindow: 1, complete: false } })
    expect(Object.values(judged([lost]))).toEqual([false, false])
  })
})

it('says sizes as people do', () => {
  expect([200, 10_000, 100_000].map(size)).toEqual(['200 B', '10 KB', '100 KB'])
})
