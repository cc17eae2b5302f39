/** Rounds → medians, a table, and the ratios that are accepted or not. No I/O. */
import type { StreamsRound, WholeRound } from './lanes.ts'
import { type Spread, spread } from './stats.ts'
import type { ContenderName } from './types.ts'
import { atLeast as least, atMost as most, type Verdict } from './verdict.ts'

/** Of the upstream's and the load's own ceiling; from here on a figure tells more of them than of the contender. */
const CEILING_SHARE = 0.9

/** Least share of the floor's requests per second, with limits that count every request and its tokens. */
const LIMITED_FLOOR_SHARE = 0.55

export interface WholeRow {
  readonly contender: ContenderName
  readonly bytes: number
  readonly connections: number
  readonly requestsPerSecond: Spread
  readonly p50Ms: Spread
  readonly p99Ms: Spread
  /** Over the direct way, of the same rounds. */
  readonly addedP50Ms: Spread
  readonly addedP99Ms: Spread
  readonly cpuMsPerRequest: Spread
  readonly failures: number
  readonly atCeiling: boolean
  /** Least share of usage rows that were durable at the end of the window; null where nothing is metered. */
  readonly recordedInWindow: number | null
  readonly recordedAll: boolean | null
}

export interface StreamsRow {
  readonly contender: ContenderName
  readonly streams: number
  readonly cpuMsPerStream: Spread
  readonly addedFirstMs: Spread
  readonly addedGapP50Ms: Spread
  readonly addedGapP99Ms: Spread
  readonly eventsLost: number
  readonly failures: number
  readonly recordedAll: boolean | null
}

/** Medians of lane 1, a row for each contender, size and number of connections. */
export function wholeRows(rounds: readonly WholeRound[]): WholeRow[] {
  const keyOf = (one: WholeRound): string => `${one.bytes} ${one.connections} ${one.contender}`
  return [...Map.groupBy(rounds, keyOf).values()].flatMap((own) => {
    const [first] = own
    if (first === undefined) return []
    const { contender, bytes, connections } = first
    const directOf = (round: number): WholeRound | undefined =>
      rounds.find(
        (one) => one.contender === 'direct' && keyOf(one) === `${bytes} ${connections} direct` && one.round === round,
      )
    const over = (pick: (one: WholeRound) => number): Spread =>
      spread(own.map((one) => pick(one) - pick(directOf(one.round) ?? one)))
    const ceiling = spread(
      own.map((one) => one.requestsPerSecond / (directOf(one.round)?.requestsPerSecond ?? Infinity)),
    )
    return {
      contender,
      bytes,
      connections,
      requestsPerSecond: spread(own.map((one) => one.requestsPerSecond)),
      p50Ms: spread(own.map((one) => one.p50Ms)),
      p99Ms: spread(own.map((one) => one.p99Ms)),
      addedP50Ms: over((one) => one.p50Ms),
      addedP99Ms: over((one) => one.p99Ms),
      cpuMsPerRequest: spread(own.map((one) => one.cpuMsPerRequest)),
      failures: sum(own.map((one) => one.failures)),
      atCeiling: contender !== 'direct' && ceiling.median >= CEILING_SHARE,
      ...recordedOf(own),
    }
  })
}

/** Medians of lane 2, a row a contender. */
export function streamsRows(rounds: readonly StreamsRound[]): StreamsRow[] {
  return [...Map.groupBy(rounds, (one) => one.contender).entries()].map(([contender, own]) => {
    const over = (pick: (one: StreamsRound) => number): Spread =>
      spread(
        own.map((one) => {
          const direct = rounds.find((other) => other.contender === 'direct' && other.round === one.round)
          return pick(one) - pick(direct ?? one)
        }),
      )
    const { recordedAll } = recordedOf(own)
    return {
      contender,
      streams: sum(own.map((one) => one.streams)),
      cpuMsPerStream: spread(own.map((one) => one.cpuMsPerStream)),
      addedFirstMs: over((one) => one.firstMs),
      addedGapP50Ms: over((one) => one.gapP50Ms),
      addedGapP99Ms: over((one) => one.gapP99Ms),
      eventsLost: sum(own.map((one) => one.eventsLost)),
      failures: sum(own.map((one) => one.failures)),
      recordedAll,
    }
  })
}

/** The bounds that can be judged from these rows. */
export function verdicts(whole: readonly WholeRow[], streams: readonly StreamsRow[]): Verdict[] {
  const found: Verdict[] = []
  const atLeast = (...bound: Parameters<typeof least>): number => found.push(least(...bound))
  const atMost = (...bound: Parameters<typeof most>): number => found.push(most(...bound))
  for (const sluice of whole.filter((row) => row.contender === 'sluice')) {
    const other = (name: ContenderName): WholeRow | undefined =>
      whole.find(
        (row) => row.contender === name && row.bytes === sluice.bytes && row.connections === sluice.connections,
      )
    const at = `${size(sluice.bytes)}, ${sluice.connections} connections`
    const floor = other('floor')
    const portkey = other('portkey')
    if (sluice.connections === 16 && floor) {
      atLeast(
        `requests/s over the floor's, ${at}`,
        ratio(sluice.requestsPerSecond, floor.requestsPerSecond),
        LIMITED_FLOOR_SHARE,
      )
    }
    if (sluice.connections === 16 && portkey) {
      atLeast(`requests/s over Portkey's, ${at}`, ratio(sluice.requestsPerSecond, portkey.requestsPerSecond), 1.5)
    }
    if (sluice.connections === 1 && floor) {
      atMost(`p50 over the floor's, ms, ${at}`, sluice.p50Ms.median - floor.p50Ms.median, 0.25)
    }
    if (sluice.failures > 0) atMost(`failures, ${at}`, sluice.failures, 0)
    if (sluice.recordedAll === false) atLeast(`usage rows complete within 2 s, ${at}`, 0, 1)
  }
  const sluice = streams.find((row) => row.contender === 'sluice')
  const floor = streams.find((row) => row.contender === 'floor')
  if (sluice && floor) {
    atMost("CPU a stream over the floor's", ratio(sluice.cpuMsPerStream, floor.cpuMsPerStream), 3.3)
    atLeast('streams in all', sluice.streams, 1000)
    atMost('events lost', sluice.eventsLost, 0)
    atMost('streams failed', sluice.failures, 0)
    if (sluice.recordedAll === false) atLeast('usage rows of streams complete within 2 s', 0, 1)
  }
  for (const name of ['messages', 'responses'] as const) {
    const row = streams.find((one) => one.contender === name)
    if (row === undefined || sluice === undefined) continue
    atMost(`CPU of a stream in ${name} over one that passes`, ratio(row.cpuMsPerStream, sluice.cpuMsPerStream), 2)
    atMost(`events lost in ${name}`, row.eventsLost, 0)
    atMost(`streams failed in ${name}`, row.failures, 0)
  }
  const detached = streams.find((row) => row.contender === 'detached')
  if (detached && sluice) {
    atMost('CPU of a detached stream over one that passes', ratio(detached.cpuMsPerStream, sluice.cpuMsPerStream), 2.2)
    atMost('events lost of detached streams', detached.eventsLost, 0)
    atMost('detached streams failed', detached.failures, 0)
  }
  return found
}

/** Bytes as people say them. */
export function size(bytes: number): string {
  return bytes < 1000 ? `${bytes} B` : `${bytes / 1000} KB`
}

function ratio(one: Spread, other: Spread): number {
  return one.median / other.median
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

function recordedOf(rounds: readonly (WholeRound | StreamsRound)[]): {
  recordedInWindow: number | null
  recordedAll: boolean | null
} {
  const recorded = rounds.flatMap((one) => (one.recorded === undefined ? [] : [one.recorded]))
  if (recorded.length === 0) return { recordedInWindow: null, recordedAll: null }
  return {
    recordedInWindow: Math.min(...recorded.map((one) => one.inWindow)),
    recordedAll: recorded.every((one) => one.complete),
  }
}
