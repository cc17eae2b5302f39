/** What the admin API answers about an origin pool: its scheduler's view, with what its engines say of themselves. No I/O. */
import { z } from 'zod'

const count = z.number().int()
const ms = z.number()
const tokens = z.number()
const share = z.number().min(0).max(1)

export const engineMetricsViewSchema = z.object({
  running: z.number().describe('Requests in its batch'),
  waiting: z.number().describe('Requests in its own queue'),
  kvUsage: share.nullable().describe('Share of its KV memory that requests hold, 0 to 1'),
  prefixQueries: tokens.nullable().describe('Prompt tokens looked for in its prefix cache since it started'),
  prefixHits: tokens.nullable().describe('Those of them that were there'),
  prefixHitShare: share.nullable(),
  gpuUtilisation: share.nullable().describe('Mean of the GPUs that the DCGM exporter sees, 0 to 1'),
  readAtMs: ms.describe('When its page was read, ms since the epoch'),
})

export const replicaViewSchema = z.object({
  id: z.string().describe('Of the config, or of a worker'),
  url: z.string().nullable().describe('Null: a worker that has dialled in'),
  state: z.enum(['active', 'draining', 'disabled']).describe('draining: takes nothing new, and ends what it has'),
  health: z
    .enum(['ok', 'out', 'trial'])
    .describe('out: left alone for its failures until outUntilMs; trial: the next request decides'),
  outUntilMs: ms.nullable().describe('ms since the epoch'),
  failuresInARow: count,
  requests: count.describe('Bound to it at the moment'),
  inflightUncachedTokens: tokens.describe('Prompt tokens that wait for prefill there, by estimate'),
  inflightTokens: tokens.describe('All prompt tokens there, cached ones too'),
  prefillTokensPerSecond: z.number().describe('As learnt so far'),
  indexedBlocks: count.describe('Blocks of prompts that its KV cache should have'),
  bound: count.describe('Requests bound to it since the object woke'),
  promptTokens: tokens.describe('Of those requests, by its own word'),
  cachedTokens: tokens.describe('Those of them that were in its cache, by its own word'),
  metrics: engineMetricsViewSchema
    .nullable()
    .describe('Null where pool.health.metrics is not set, or its page was not to be had'),
})

export const connectedViewSchema = z.object({
  replica: z.string().describe('Its name among the replicas'),
  tokenId: z.string(),
  name: z.string(),
  state: z.enum(['active', 'draining']),
  models: z.array(z.string()),
  maxConcurrent: count,
  requests: count.describe('With it now'),
  connectedAt: z.string().describe('RFC 3339, UTC'),
})

export const poolViewSchema = z.object({
  id: z.string(),
  replicas: z.array(replicaViewSchema),
  workers: z.array(connectedViewSchema).describe('Pull workers that are connected'),
  queued: z.object({ interactive: count, batch: count }),
  longestWaitMs: ms.describe('How long the one that has waited most has waited'),
  bound: count.describe('Requests since the object woke'),
  refused: z
    .object({ full: count, wait: count, shed: count, none: count })
    .describe('full: too many waited; wait: too long; shed: for its priority; none: no replica could be asked'),
  chosen: z
    .object({ warm: count, saturated: count, cold: count, only: count })
    .describe('Requests bound, by why they went where they went'),
  matchedShare: share.describe('Share of prompt blocks that were in the index of the chosen replica'),
})

export type PoolReplicaView = z.output<typeof replicaViewSchema>
export type PoolView = z.output<typeof poolViewSchema>
