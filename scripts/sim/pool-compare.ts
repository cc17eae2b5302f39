/** All routers on one load, and what must be of the pool's own scheduler. No I/O. */
import type { PoolRules } from '../../src/core/pool/types.ts'
import { seeded } from '../mutants/pick.ts'
import type { Bound } from './compare.ts'
import { CacheAware, LeastRequest, LeastTokens, RoundRobin } from './pool-baselines.ts'
import { type PoolFigures, poolFigures, spreadOf } from './pool-figures.ts'
import type { PoolArrival, Router } from './pool-router.ts'
import { type Fate, type PoolScenario, simulatePool } from './pool-simulation.ts'
import { Sluice } from './pool-sluice.ts'
import { BLOCK_TOKENS, type PromptArrival } from './pool-trace.ts'
import { FLOODER, type PoolLoad, poolArrivals } from './pool-workload.ts'

/** What is compared. */
export interface PoolComparison {
  readonly trace: readonly PromptArrival[]
  readonly load: PoolLoad
  readonly scenario: PoolScenario
  /** What the scheduler is told of the engines' prefill is off by this share. */
  readonly prefillError: number
  readonly maxWaitMs: number
  readonly maxQueue: number
  readonly saturatedMs: number
  readonly seed: number
}

/** What it came to. `others`: p95 of the TTFT of all tenants but the one that floods, with and without. */
export interface PoolOutcome {
  readonly figures: readonly PoolFigures[]
  readonly others: readonly { readonly router: string; readonly alone: number; readonly flooded: number }[]
  readonly bounds: readonly Bound[]
}

const OTHERS_P95_MAX = 1.25
const GOODPUT_MIN = 0.9

export function comparePools(comparison: PoolComparison): PoolOutcome {
  const { load, scenario, maxWaitMs } = comparison
  const runs = runAll(comparison, load)
  const figures = runs.map(({ router, fates }) => poolFigures(router, fates, scenario.replicas, maxWaitMs))
  const alone = load.flood > 1 ? runAll(comparison, { ...load, flood: 1 }) : []
  const others = alone.map(({ router, fates }, index) => ({
    router,
    alone: othersP95(fates),
    flooded: othersP95(runs[index]?.fates ?? []),
  }))
  return { figures, others, bounds: boundsOf(comparison, figures, others) }
}

function runAll(comparison: PoolComparison, load: PoolLoad): { readonly router: string; readonly fates: Fate[] }[] {
  const { trace, scenario, seed } = comparison
  const arrivals: PoolArrival[] = poolArrivals(trace, load, seeded(seed))
  return routersOf(comparison).map((router) => ({
    router: router.name,
    fates: simulatePool(router, arrivals, scenario),
  }))
}

function routersOf({ scenario, prefillError, maxWaitMs, maxQueue, saturatedMs, seed }: PoolComparison): Router[] {
  const { replicas, engine } = scenario
  const rules: PoolRules = {
    prefillTokensPerSecond: engine.prefillTokensPerSecond * (1 + prefillError),
    kvTokens: engine.kvTokens,
    blockTokens: BLOCK_TOKENS,
    // The engine takes whatever comes: what it has in hand is not what keeps others.
    maxInflightTokens: Number.MAX_SAFE_INTEGER,
    maxQueue,
    maxWaitMs,
    saturatedMs,
  }
  return [
    new RoundRobin(replicas),
    new LeastRequest(replicas),
    new LeastTokens(replicas),
    new CacheAware(replicas, engine.kvTokens),
    new Sluice(replicas, rules, seeded(seed + 1)),
  ]
}

const othersP95 = (fates: readonly Fate[]): number =>
  spreadOf(fates.filter(({ arrival }) => arrival.tenant !== FLOODER)).p95

function boundsOf(
  { load, maxWaitMs }: PoolComparison,
  figures: readonly PoolFigures[],
  others: PoolOutcome['others'],
): Bound[] {
  const own = figures.at(-1)
  if (own === undefined) return []
  const bounds: Bound[] = []
  const best = Math.min(...figures.slice(0, -1).map(({ ttftMs }) => ttftMs.mean))
  bounds.push({
    text: `${own.router}: mean TTFT ${seconds(own.ttftMs.mean)} ≤ ${seconds(best)}, the best of the others`,
    ok: own.ttftMs.mean <= best,
  })
  const flooded = others.at(-1)
  if (flooded !== undefined) {
    const times = flooded.flooded / Math.max(1, flooded.alone)
    bounds.push({
      text: `${own.router}: p95 of the other tenants ${times.toFixed(2)} × ≤ ${OTHERS_P95_MAX} ×`,
      ok: times <= OTHERS_P95_MAX,
    })
  }
  if (load.copies > 1) {
    const { goodput, ttftMs, refusedShare } = own
    bounds.push(
      { text: `${own.router}: goodput ${goodput.toFixed(3)} ≥ ${GOODPUT_MIN} of capacity`, ok: goodput >= GOODPUT_MIN },
      {
        text: `${own.router}: p99 ${seconds(ttftMs.p99)} ≤ ${seconds(maxWaitMs)}, the longest wait`,
        ok: ttftMs.p99 <= maxWaitMs,
      },
    )
    if (load.batch > 0) {
      const { interactive, batch } = refusedShare
      const text = `${own.router}: refused of interactive ${interactive.toFixed(3)} ≤ of batch ${batch.toFixed(3)}`
      bounds.push({ text, ok: interactive <= batch })
    }
  }
  return bounds
}

/** ms as people read them. */
export const seconds = (ms: number): string => `${(ms / 1000).toFixed(3)} s`
