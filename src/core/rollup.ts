/** Roll-ups of usage by day, model, key and status: what they hold, how rows add up, how they are shown. No I/O. */
import { addValue, type Histogram, mergeHistogram, quantile } from './histogram.ts'
import { isHit, type UsageRecord } from './usage-record.ts'

/** A question to the roll-ups: half-open range of instants (RFC 3339), of one key or all, and what to group by. */
export interface RollupQuery {
  readonly from?: string | undefined
  readonly to?: string | undefined
  readonly key?: string | undefined
  readonly by: readonly ('model' | 'key' | 'day')[]
}

/** Half of the answer's shape: median and 95th percentile, ms; null when nothing was measured. */
export interface Percentiles {
  readonly p50: number | null
  readonly p95: number | null
}

/** One group, as `GET /admin/tenants/{id}/usage` shows it. */
export interface RollupRow {
  readonly key?: string
  /** Null: refused before the model was known. */
  readonly model?: string | null
  readonly day?: string
  readonly requests: number
  readonly inputTokens: number
  readonly cachedInputTokens: number
  readonly cacheWriteTokens: number
  readonly outputTokens: number
  readonly reasoningTokens: number
  readonly costMicroUsd: number | null
  readonly unpricedRequests: number
  readonly cacheHits: number
  readonly errors: number
  readonly cancelled: number
  readonly refused: number
  readonly firstTokenMs: Percentiles
  readonly totalMs: Percentiles
}

/** Sums of one (day, model, key, status), as stored: everything in it adds up, percentiles included. */
export interface Rollup {
  requests: number
  inputTokens: number
  cachedInputTokens: number
  cacheWriteTokens: number
  outputTokens: number
  reasoningTokens: number
  /** Of the priced requests. */
  costMicroUsd: number
  unpricedRequests: number
  cacheHits: number
  errors: number
  cancelled: number
  refused: number
  firstTokenMs: Histogram
  totalMs: Histogram
}

/** What a roll-up is of. */
export interface RollupKey {
  /** UTC day of the request's start, `YYYY-MM-DD`. */
  readonly day: string
  readonly model: string | null
  readonly key: string
  readonly status: number
}

/** A roll-up of nothing. */
export function emptyRollup(): Rollup {
  return {
    requests: 0,
    inputTokens: 0,
    cachedInputTokens: 0,
    cacheWriteTokens: 0,
    outputTokens: 0,
    reasoningTokens: 0,
    costMicroUsd: 0,
    unpricedRequests: 0,
    cacheHits: 0,
    errors: 0,
    cancelled: 0,
    refused: 0,
    firstTokenMs: {},
    totalMs: {},
  }
}

/**
 * Where a record is summed up. An alias that does not exist has no roll-up of its own: whoever has a key could make
 * as many rows, kept for 400 days, as there are names.
 */
export function rollupKeyOf(record: UsageRecord): RollupKey {
  const unknownModel = record.outcome === 'refused' && record.status === 404
  return {
    day: record.at.slice(0, 10),
    model: unknownModel ? null : record.model,
    key: record.key,
    status: record.status,
  }
}

/** Adds one record. Changes the roll-up in place. */
export function addRecord(rollup: Rollup, record: UsageRecord): void {
  if (record.outcome === 'refused') {
    rollup.refused += 1
    return
  }
  rollup.requests += 1
  if (record.outcome === 'cancelled') rollup.cancelled += 1
  if (record.outcome === 'broken' || (record.outcome === 'failed' && record.status >= 500)) rollup.errors += 1
  if (isHit(record.cache)) rollup.cacheHits += 1
  if (record.usage !== null) {
    for (const bucket of TOKEN_BUCKETS) rollup[bucket] += record.usage[bucket]
  }
  if (record.costMicroUsd !== null) rollup.costMicroUsd += record.costMicroUsd
  else if (isUnpriced(record)) rollup.unpricedRequests += 1
  if (record.firstTokenMs !== null) addValue(rollup.firstTokenMs, record.firstTokenMs)
  addValue(rollup.totalMs, record.totalMs)
}

/**
 * Was money spent that nobody can name? Where tokens were used without a known price, and for an answer whose tokens
 * nobody counted. A request that failed or was left before any token was reported has cost nothing that is known of:
 * it would make every sum null for no reason.
 */
function isUnpriced(record: UsageRecord): boolean {
  return record.usage !== null || record.outcome === 'finished'
}

/** Adds the sums of another roll-up. Changes the first in place. */
export function mergeRollup(into: Rollup, from: Rollup): void {
  for (const counter of COUNTERS) into[counter] += from[counter]
  mergeHistogram(into.firstTokenMs, from.firstTokenMs)
  mergeHistogram(into.totalMs, from.totalMs)
}

/** Collects roll-ups and single records into the groups of a query. */
export class RollupGroups {
  readonly #by: RollupQuery['by']
  readonly #key: string | undefined
  readonly #groups = new Map<string, { key: RollupKey; rollup: Rollup }>()

  /** Of one key alone where one is named. */
  constructor({ by, key }: Pick<RollupQuery, 'by' | 'key'>) {
    this.#by = by
    this.#key = key
  }

  add(key: RollupKey, rollup: Rollup): void {
    if (this.#isOf(key)) mergeRollup(this.#group(key), rollup)
  }

  addRecord(record: UsageRecord): void {
    if (this.#isOf(record)) addRecord(this.#group(rollupKeyOf(record)), record)
  }

  /** The groups as they are shown, by day, model and key. */
  rows(): RollupRow[] {
    return [...this.#groups.values()]
      .sort((left, right) => compare(left.key, right.key))
      .map(({ key, rollup }) => this.#row(key, rollup))
  }

  #isOf({ key }: { readonly key: string }): boolean {
    return this.#key === undefined || this.#key === key
  }

  #group(key: RollupKey): Rollup {
    const name = JSON.stringify(this.#by.map((part) => key[part]))
    const known = this.#groups.get(name)
    if (known !== undefined) return known.rollup
    const rollup = emptyRollup()
    this.#groups.set(name, { key, rollup })
    return rollup
  }

  #row(key: RollupKey, rollup: Rollup): RollupRow {
    const { firstTokenMs, totalMs, ...counters } = rollup
    return {
      ...(this.#by.includes('key') ? { key: key.key } : {}),
      ...(this.#by.includes('model') ? { model: key.model } : {}),
      ...(this.#by.includes('day') ? { day: key.day } : {}),
      ...counters,
      costMicroUsd: rollup.unpricedRequests > 0 ? null : rollup.costMicroUsd,
      firstTokenMs: percentiles(firstTokenMs),
      totalMs: percentiles(totalMs),
    }
  }
}

const TOKEN_BUCKETS = [
  'inputTokens',
  'cachedInputTokens',
  'cacheWriteTokens',
  'outputTokens',
  'reasoningTokens',
] as const

const COUNTERS = [
  ...TOKEN_BUCKETS,
  'requests',
  'costMicroUsd',
  'unpricedRequests',
  'cacheHits',
  'errors',
  'cancelled',
  'refused',
] as const

function compare(left: RollupKey, right: RollupKey): number {
  return order(left.day, right.day) || order(left.model ?? '', right.model ?? '') || order(left.key, right.key)
}

const order = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0)

function percentiles(histogram: Histogram): Percentiles {
  return { p50: shown(quantile(histogram, 0.5)), p95: shown(quantile(histogram, 0.95)) }
}

/** A tenth of a millisecond is finer than any clock here. */
const shown = (ms: number | null): number | null => (ms === null ? null : Math.round(ms * 10) / 10)
