/** What the admin API takes and shows of a pool and its workers. No I/O. */
import { z } from 'zod'
import { keyInputSchema } from '../admin-schemas.ts'

const instant = z.string().describe('RFC 3339, UTC')
const count = z.number().int()

export const workerInputSchema = keyInputSchema.pick({ name: true, expiresAt: true })

export const workerViewSchema = z.object({
  id: z.string(),
  name: z.string(),
  state: z.enum(['active', 'expired', 'revoked']),
  createdAt: instant,
  expiresAt: instant.nullable(),
  lastSeenAt: instant.nullable().describe('Of its last connection, to the minute'),
})

export const newWorkerViewSchema = z.object({ id: z.string(), token: z.string().describe('Shown this once') })

const connectedSchema = z.object({
  replica: z.string().describe('Its name among the replicas'),
  tokenId: z.string(),
  name: z.string(),
  state: z.enum(['active', 'draining']),
  models: z.array(z.string()),
  maxConcurrent: count,
  requests: count.describe('With it now'),
  connectedAt: instant,
})

const replicaSchema = z.object({
  id: z.string(),
  state: z.enum(['active', 'draining', 'disabled']),
  health: z.enum(['ok', 'out', 'trial']),
  outUntilMs: z.number().nullable(),
  failuresInARow: count,
  requests: count,
  inflightUncachedTokens: z.number(),
  inflightTokens: z.number(),
  prefillTokensPerSecond: z.number().describe('As learnt so far'),
  indexedBlocks: count,
  bound: count.describe('Requests since the pool’s object woke'),
  promptTokens: z.number(),
  cachedTokens: z.number(),
})

/** The scheduler's view as core/pool/types.ts has it, with who is connected. More fields may come. */
export const poolViewSchema = z.looseObject({
  id: z.string(),
  replicas: z.array(z.looseObject(replicaSchema.shape)),
  queued: z.object({ interactive: count, batch: count }),
  longestWaitMs: z.number(),
  bound: count,
  refused: z.object({ full: count, wait: count, shed: count, none: count }),
  chosen: z.record(z.string(), count).describe('Requests by why their replica was chosen'),
  matchedShare: z.number(),
  workers: z.array(connectedSchema),
})

export type WorkerView = z.output<typeof workerViewSchema>
export type PoolView = z.output<typeof poolViewSchema>
