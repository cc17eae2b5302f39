/** What became of a run's requests, in figures. No I/O. */
import type { Fate } from './pool-simulation.ts'

/** One router on one load. TTFT: time to first token, from a request's arrival at the gateway, ms. */
export interface PoolFigures {
  readonly router: string
  readonly requests: number
  readonly refused: number
  /** Share of the answered requests' prompt tokens that were cached. */
  readonly hitRatio: number
  readonly ttftMs: Spread
  /** Share of all requests that had their first token within TTFT_GOOD_MS. */
  readonly goodShare: number
  /** Of the tenants' mean TTFT (Jain, 1984): 1 where all are served alike; null: one tenant. */
  readonly jain: number | null
  /** Engine time until the last arrival that went into prompts answered within the bound, over all of it. */
  readonly goodput: number
  /** Share of requests refused by priority. */
  readonly refusedShare: { readonly interactive: number; readonly batch: number }
  /** Of the refused: the share that was so at once, and the median of what they were told to wait, ms. */
  readonly refusedAtOnce: number
  readonly retryAfterMs: number
}

export interface Spread {
  readonly mean: number
  readonly p50: number
  readonly p90: number
  readonly p95: number
  readonly p99: number
  readonly max: number
}

export const TTFT_GOOD_MS = 2000

/** `boundMs`: longest wait that counts as an answer. */
export function poolFigures(router: string, fates: readonly Fate[], replicas: number, boundMs: number): PoolFigures {
  const answered = fates.filter(({ firstMs }) => firstMs !== null)
  const refused = fates.flatMap((fate) => fate.refused ?? [])
  const lastMs = Math.max(1, ...latest(fates))
  const isGood = ({ arrival, firstMs }: Fate): boolean =>
    firstMs !== null && firstMs <= boundMs && arrival.atMs + firstMs <= lastMs
  return {
    router,
    requests: fates.length,
    refused: refused.length,
    hitRatio:
      sumOf(answered, ({ cachedTokens }) => cachedTokens) /
      Math.max(
        1,
        sumOf(answered, ({ arrival }) => arrival.promptTokens),
      ),
    ttftMs: spreadOf(answered),
    goodShare: answered.filter(({ firstMs }) => (firstMs ?? 0) <= TTFT_GOOD_MS).length / Math.max(1, fates.length),
    jain: jainOf(answered),
    goodput: sumOf(fates.filter(isGood), ({ busyMs }) => busyMs) / (replicas * lastMs),
    refusedShare: { interactive: refusedShareOf(fates, 'interactive'), batch: refusedShareOf(fates, 'batch') },
    refusedAtOnce: refused.filter(({ afterMs }) => afterMs === 0).length / Math.max(1, refused.length),
    retryAfterMs: quantile(sorted(refused.map(({ retryAfterMs }) => retryAfterMs)), 0.5),
  }
}

/** TTFT of the answered. */
export function spreadOf(fates: readonly Fate[]): Spread {
  const values = sorted(fates.flatMap(({ firstMs }) => firstMs ?? []))
  return {
    mean: values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length),
    p50: quantile(values, 0.5),
    p90: quantile(values, 0.9),
    p95: quantile(values, 0.95),
    p99: quantile(values, 0.99),
    max: values.at(-1) ?? 0,
  }
}

/** (Σx)² ÷ (n · Σx²) of the tenants' mean TTFT. */
function jainOf(answered: readonly Fate[]): number | null {
  const byTenant = Map.groupBy(answered, ({ arrival }) => arrival.tenant)
  if (byTenant.size < 2) return null
  const means = [...byTenant.values()].map((fates) => spreadOf(fates).mean)
  return sumOf(means, (mean) => mean) ** 2 / (means.length * sumOf(means, (mean) => mean ** 2))
}

function refusedShareOf(fates: readonly Fate[], priority: 'interactive' | 'batch'): number {
  const of = fates.filter(({ arrival }) => arrival.priority === priority)
  return of.filter(({ refused }) => refused !== null).length / Math.max(1, of.length)
}

function latest(fates: readonly Fate[]): number[] {
  return [fates.reduce((last, { arrival }) => Math.max(last, arrival.atMs), 0)]
}

const sorted = (values: readonly number[]): number[] => [...values].sort((one, other) => one - other)

/** The nearest rank; 0 of nothing. */
const quantile = (values: readonly number[], share: number): number =>
  values[Math.max(0, Math.ceil(share * values.length) - 1)] ?? 0

const sumOf = <T>(values: readonly T[], of: (value: T) => number): number =>
  values.reduce((sum, value) => sum + of(value), 0)
