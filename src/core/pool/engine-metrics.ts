/** What an inference engine says of itself on its Prometheus page, under the names of vLLM, SGLang or TGI. No I/O. */
import { type Sample, samplesOf } from '../../lib/prometheus.ts'

/** An engine as it says it is: of all its ranks together. Null where its page has no word of it. */
export interface EngineMetrics {
  /** Requests in its batch, and in its own queue. */
  readonly running: number
  readonly waiting: number
  /** Share of its KV memory that requests hold, 0 to 1; the mean of its ranks. */
  readonly kvUsage: number | null
  /** Prompt tokens that it looked for in its prefix cache, and found there, since it started. */
  readonly prefixQueries: number | null
  readonly prefixHits: number | null
  /** Share found, 0 to 1: since it started, or where it counts no hits (an older SGLang) as its own gauge has it. */
  readonly prefixHitShare: number | null
  /** 0 to 1, the mean of the GPUs that the DCGM exporter sees; null where there is none. */
  readonly gpuUtilisation: number | null
  /** ms since the epoch. */
  readonly readAtMs: number
}

/** What a probe has found. */
export interface ProbeResult {
  /** Null: it could not be asked, for a reason that is not its own. Nothing is learnt of it. */
  readonly isHealthy: boolean | null
  /** Null where they are not asked for, or not to be had. */
  readonly metrics: EngineMetrics | null
}

/** An engine's names, the newest first where it has changed them. */
interface EngineNames {
  readonly running: string
  readonly waiting: string
  readonly kvUsage?: readonly string[]
  readonly prefixQueries?: readonly string[]
  readonly prefixHits?: readonly string[]
  readonly prefixHitShare?: string
  /** The label of what has requests and memory of its own. Whatever else there is of the same rank says the same again. */
  readonly rank?: string
}

/**
 * vLLM (`vllm/v1/metrics/loggers.py`; its client library writes `_total` after a counter's name), SGLang
 * (`docs/references/production_metrics.md`, `srt/observability/metrics_collector.py`) and TGI (`reference/metrics`), as
 * their sources and documentation had them in 2026-11. They share no name, so nobody needs to say which one it is.
 */
const ENGINES: readonly EngineNames[] = [
  {
    running: 'vllm:num_requests_running',
    waiting: 'vllm:num_requests_waiting',
    kvUsage: ['vllm:kv_cache_usage_perc', 'vllm:gpu_cache_usage_perc'],
    prefixQueries: ['vllm:prefix_cache_queries_total', 'vllm:gpu_prefix_cache_queries_total'],
    prefixHits: ['vllm:prefix_cache_hits_total', 'vllm:gpu_prefix_cache_hits_total'],
    rank: 'engine',
  },
  {
    running: 'sglang:num_running_reqs',
    waiting: 'sglang:num_queue_reqs',
    kvUsage: ['sglang:token_usage'],
    prefixQueries: ['sglang:prompt_tokens_total'],
    prefixHits: ['sglang:cached_tokens_total'],
    prefixHitShare: 'sglang:cache_hit_rate',
    rank: 'dp_rank',
  },
  { running: 'tgi_batch_current_size', waiting: 'tgi_queue_size' },
]

const GPU_UTILISATION = 'DCGM_FI_DEV_GPU_UTIL'

const NAMES: ReadonlySet<string> = new Set(
  ENGINES.flatMap(({ rank: _, ...names }) => Object.values(names).flat() as readonly string[]),
)

/** An engine's page; null where it is none that is known, or does not say how many requests it has. */
export function engineMetrics(page: string, readAtMs: number): EngineMetrics | null {
  const samples = samplesOf(page, NAMES).filter(isTold)
  for (const names of ENGINES) {
    const running = sum(byRank(samples, names.running, names.rank))
    const waiting = sum(byRank(samples, names.waiting, names.rank))
    // One of them alone would make a busy engine look idle.
    if (running === null || waiting === null) continue
    const prefixQueries = counted(samples, names.prefixQueries)
    const prefixHits = counted(samples, names.prefixHits)
    return {
      running,
      waiting,
      kvUsage: share(firstOf(names.kvUsage, (name) => mean(byRank(samples, name, names.rank)))),
      prefixQueries,
      prefixHits,
      prefixHitShare: share(
        prefixQueries !== null && prefixHits !== null && prefixQueries > 0
          ? prefixHits / prefixQueries
          : firstOf(names.prefixHitShare, (name) => mean(byRank(samples, name, names.rank))),
      ),
      gpuUtilisation: null,
      readAtMs,
    }
  }
  return null
}

/** The page of a DCGM exporter: 0 to 1; null where it says nothing of it. What a GPU cannot measure it gives as 2^63 and so. */
export function gpuUtilisation(page: string): number | null {
  const percents = samplesOf(page, new Set([GPU_UTILISATION])).filter(({ value }) => value >= 0 && value <= 100)
  const average = mean(percents.map(({ value }) => value))
  return average === null ? null : average / 100
}

/**
 * A gauge that was never set is NaN with SGLang; and where it schedules by priority it gives each one's count besides
 * that of all, which has an empty label.
 */
function isTold({ value, labels }: Sample): boolean {
  return Number.isFinite(value) && value >= 0 && (labels.get('priority') ?? '') === ''
}

/** One value for each rank. */
function byRank(samples: readonly Sample[], wanted: string, rank: string | undefined): number[] {
  const values = new Map<string, number>()
  for (const { name, labels, value } of samples) {
    if (name !== wanted) continue
    const of = rank === undefined ? '' : (labels.get(rank) ?? '')
    values.set(of, Math.max(value, values.get(of) ?? 0))
  }
  return [...values.values()]
}

/** A counter, over whatever it is split by. */
function counted(samples: readonly Sample[], names: readonly string[] | undefined): number | null {
  return firstOf(names, (wanted) => sum(samples.filter(({ name }) => name === wanted).map(({ value }) => value)))
}

/** The first of some names that there is something of. */
function firstOf(names: string | readonly string[] | undefined, read: (name: string) => number | null): number | null {
  for (const name of [names ?? []].flat()) {
    const value = read(name)
    if (value !== null) return value
  }
  return null
}

const sum = (values: readonly number[]): number | null =>
  values.length === 0 ? null : values.reduce((all, value) => all + value, 0)

function mean(values: readonly number[]): number | null {
  const all = sum(values)
  return all === null ? null : all / values.length
}

/** An engine's rounding, or its bug, may bring it above the whole. */
const share = (value: number | null): number | null => (value === null ? null : Math.min(1, value))
