/** What the admin API answers about a pool: what its scheduler and its engines say, and nothing less. */
import { expect, it } from 'vitest'
import type { EngineMetrics } from '../../../src/core/pool/engine-metrics.ts'
import type { ReplicaView, SchedulerView } from '../../../src/core/pool/types.ts'
import { poolViewSchema } from '../../../src/core/pool/views.ts'

const REPLICA: ReplicaView = {
  id: 'a',
  state: 'active',
  health: 'out',
  outUntilMs: 1_700_000_030_000,
  failuresInARow: 5,
  requests: 2,
  inflightUncachedTokens: 100.5,
  inflightTokens: 900,
  prefillTokensPerSecond: 15_999.5,
  indexedBlocks: 40,
  bound: 3,
  promptTokens: 3000,
  cachedTokens: 1000,
}
const SCHEDULER: SchedulerView = {
  replicas: [REPLICA],
  queued: { interactive: 1, batch: 2 },
  longestWaitMs: 12.5,
  bound: 3,
  refused: { full: 0, wait: 1, shed: 2, none: 3 },
  chosen: { warm: 1, saturated: 1, cold: 1, only: 0 },
  matchedShare: 0.25,
}
const METRICS: EngineMetrics = {
  running: 1,
  waiting: 2,
  kvUsage: 0.5,
  prefixQueries: 32,
  prefixHits: 8,
  prefixHitShare: 0.25,
  gpuUtilisation: null,
  readAtMs: 1_700_000_000_000,
}

it('shows all of the scheduler’s view, each replica’s metrics, and the workers', () => {
  const replicas = [
    { ...REPLICA, url: 'https://a.example/v1', metrics: METRICS },
    { ...REPLICA, id: 'b', url: null, outUntilMs: null, metrics: null },
  ]
  const workers = [
    {
      replica: 'b',
      tokenId: 'AbCdEf12',
      name: 'rack 3',
      state: 'active',
      models: ['m'],
      maxConcurrent: 4,
      requests: 1,
      connectedAt: '2026-11-28T10:00:00Z',
    },
  ]
  const view = { id: 'gpu', ...SCHEDULER, replicas, workers }
  expect(poolViewSchema.parse(view)).toEqual(view)
})
