/** A stage for the pool lane: a place whose load answers what the test says, and remembers what it was asked. */
import type { PoolOptions, PoolPlace } from '../../scripts/bench/pool-lane.ts'
import type { BenchReplica } from '../../scripts/bench/pool-origins.ts'
import type { Asked } from '../../scripts/bench/pool-types.ts'

/** One request of a crowd that was answered at once, but for what is said of it. */
export const askedOf = (more: Partial<Asked> = {}): Asked => ({
  flow: 'all',
  atMs: 0,
  status: 200,
  firstMs: 100,
  endMs: 200,
  replica: 'a',
  code: null,
  retryAfterMs: null,
  isReturn: false,
  ...more,
})

/** A refusal as it is to be. */
export const refusedOf = (more: Partial<Asked> = {}): Asked =>
  askedOf({ status: 429, firstMs: null, code: 'queue_timeout', retryAfterMs: 500, ...more })

/** `happened`: what the lane did, in order. */
export function benchPool() {
  const happened: string[] = []
  const replicas = (group: string): readonly BenchReplica[] =>
    ['a', 'b', 'c', 'd'].map((id, index) => ({
      id,
      url: `http://${group}/${id}/v1`,
      work: async () => ({ requests: 10 + index, computedTokens: 1000 }),
      slow: async (times) => void happened.push(`${group}-${id} × ${times}`),
    }))
  const place: PoolPlace = {
    name: 'sluice',
    port: 1,
    pid: process.pid,
    headers: { authorization: 'Bearer slc_x' },
    admission: {
      addTenant: async (id, _limits, keyFields = {}) => ({ id, key: JSON.stringify(keyFields) }),
    },
    pooled: replicas('pooled'),
    single: replicas('single'),
  }
  const options: PoolOptions = {
    rounds: 2,
    warmMs: 1,
    measureMs: 10,
    crowdMs: 20_000,
    progress: () => undefined,
    sleep: async (ms) => void happened.push(`slept ${ms}`),
  }
  return { place, options, happened }
}
