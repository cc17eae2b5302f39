/** The config of the pool lane: pools over the same replicas, and the same replicas one by one. No I/O. */
import { modelOf } from './body.ts'
import type { BenchReplica, EngineSpeeds } from './pool-origins.ts'
import { type BenchConfig, configOf } from './sluice.ts'

/** Longest wait for a turn in the pool that is asked for too much, ms: its bound. */
export const BUSY_WAIT_MS = 3000
/** Longest wait in the others: nobody is refused. */
const WAIT_MS = 60_000
/** Attempts are not ended for the engine's queue, which is what is measured. */
const TIMEOUTS = { firstTokenMs: 120_000, idleMs: 60_000, totalMs: 300_000 }

/** A model of the lane that goes to a pool. Each pool has an object of its own, and so knows nothing of the others. */
export type PoolAlias = 'chats' | 'fair' | 'slow' | 'busy'

/** Alias of round-robin's replica at a place. */
export const roundRobinAlias = (index: number): string => `one-${index}`

type Replicas = readonly Pick<BenchReplica, 'id' | 'url'>[]

/** `pooled`: behind pools; `single`: each as a provider of its own, for round-robin by the client. */
export function poolConfigOf(
  pooled: Replicas,
  single: Replicas,
  { prefill, kvTokens }: EngineSpeeds,
): (upstream: string) => BenchConfig {
  return (upstream) => {
    const poolOf = (replicas: Replicas, maxWaitMs: number) => ({
      protocol: 'openai',
      pool: {
        replicas: replicas.map(({ id, url }) => ({ id, url })),
        prefillTokensPerSecond: prefill,
        kvTokens,
        maxWaitMs,
        health: { intervalMs: 1000 },
      },
    })
    const pools: Readonly<Record<PoolAlias, object>> = {
      chats: poolOf(pooled, WAIT_MS),
      fair: poolOf(pooled, WAIT_MS),
      slow: poolOf(pooled, WAIT_MS),
      busy: poolOf(pooled, BUSY_WAIT_MS),
    }
    const singles = single.map(({ url }, index) => [roundRobinAlias(index), { protocol: 'openai', baseUrl: url }])
    const engines: Readonly<Record<string, object>> = { ...pools, ...Object.fromEntries(singles) }
    const { providers, limits } = configOf(upstream)
    const fast = modelOf(200)
    return {
      providers: { ...providers, ...engines, pooled: poolOf([{ id: 'a', url: upstream }], WAIT_MS) },
      limits,
      models: {
        ...Object.fromEntries(Object.keys(engines).map((name) => [name, routeTo(name, 'demo-llm')])),
        pooled: routeTo('pooled', fast),
        plain: routeTo('upstream', fast),
      },
    }
  }
}

const routeTo = (provider: string, model: string): object => ({
  targets: [{ provider, model, price: { input: 0.25, output: 2 } }],
  timeouts: TIMEOUTS,
})
