/** What the admin API answers with. No call of it ever returns a secret but a new API key, once. No I/O. */
import { z } from 'zod'
import { limitSchema } from './config.ts'

const instant = z.string().describe('RFC 3339, UTC')
const count = z.number().int()
const json = z.unknown()

/** A page of a list; `last` goes into `?after=` for the next one. */
export const pageOf = <T extends z.ZodType>(entry: T) =>
  z.object({ data: z.array(entry), has_more: z.boolean(), last: z.string().nullable() })

export const errorViewSchema = z.object({
  error: z.object({
    message: z.string(),
    type: z.string(),
    param: z.string().nullable(),
    code: z.string(),
    faults: z.array(z.object({ path: z.string().describe('JSON Pointer'), message: z.string() })),
  }),
})

export const configViewSchema = z.object({ version: count, config: json })

export const appliedViewSchema = z.object({
  version: count.describe('In force afterwards'),
  changes: z.array(
    z.object({
      path: z.string().describe('JSON Pointer'),
      op: z.enum(['add', 'remove', 'replace']),
      before: json.optional(),
      after: json.optional(),
    }),
  ),
})

export const configVersionViewSchema = z.object({
  version: count,
  at: instant,
  actor: z.string(),
  rollbackOf: count.nullable(),
})

export const credentialViewSchema = z.object({
  name: z.string(),
  createdAt: instant,
  version: count,
  last4: z.string().describe('Empty for values under 12 characters'),
  usedBy: z.array(z.string()).describe('Providers of the config that name it'),
})

export const tenantCredentialViewSchema = credentialViewSchema.extend({ fallbackToOperator: z.boolean() })

export const resealedViewSchema = z.object({
  resealed: count,
  remaining: count.describe('Records that are still not under the current master key'),
})

export const providerCheckViewSchema = z.object({
  ok: z.boolean(),
  latencyMs: z.number(),
  models: z.array(z.string()).optional(),
  error: z.string().optional(),
})

export const tenantViewSchema = z.object({
  id: z.string(),
  name: z.string(),
  state: z.enum(['active', 'suspended']),
  models: z.array(z.string()).optional(),
  limits: z.array(limitSchema).optional(),
  metadata: z.record(z.string(), z.string()).optional(),
  waitMaxMs: count.optional(),
  profileTemplate: z.string().optional(),
  region: z.string().optional(),
  jurisdiction: z.string().optional(),
  createdAt: instant,
})

export const keyViewSchema = z.object({
  id: z.string(),
  name: z.string(),
  state: z.enum(['active', 'expiring', 'expired', 'revoked']),
  createdAt: instant,
  expiresAt: instant.nullable().describe('Of a rotated key: the end of its overlap, if that comes first'),
  lastUsedOn: z.string().nullable().describe('UTC day'),
  models: z.array(z.string()).nullable(),
  limits: z.array(limitSchema).nullable(),
})

export const newKeyViewSchema = z.object({ id: z.string(), key: z.string().describe('Shown this once') })

export const webhookViewSchema = z.object({
  url: z.string().nullable().describe('Where events go unless a request says otherwise'),
  createdAt: instant.describe('Of the secret'),
  last4: z.string().describe('Of the secret'),
  previousUntil: instant.nullable().describe('Until when the secret before signs, too'),
})

const webhookSecretView = z.string().describe('Shown this once: whsec_ and base64, as Standard Webhooks has it')

export const newWebhookViewSchema = webhookViewSchema.extend({ secret: webhookSecretView })

export const rotatedWebhookViewSchema = z.object({
  secret: webhookSecretView,
  previousUntil: instant.describe('Until when the secret before signs beside it'),
})

const percentiles = z.object({ p50: z.number().nullable(), p95: z.number().nullable() })

export const usageViewSchema = z.object({
  data: z.array(
    z.object({
      key: z.string().optional(),
      model: z.string().nullable().optional(),
      day: z.string().optional(),
      requests: count,
      inputTokens: count,
      cachedInputTokens: count,
      cacheWriteTokens: count,
      outputTokens: count,
      reasoningTokens: count,
      costMicroUsd: count.nullable().describe('Null when a price in the sum is unknown'),
      unpricedRequests: count,
      cacheHits: count,
      errors: count,
      cancelled: count,
      refused: count,
      firstTokenMs: percentiles,
      totalMs: percentiles,
    }),
  ),
})

export const usageRecordViewSchema = z.object({
  requestId: z.string(),
  at: instant,
  key: z.string(),
  model: z.string().nullable(),
  target: z.string().nullable(),
  outcome: z.enum(['finished', 'cancelled', 'broken', 'refused', 'failed']),
  status: count,
  cache: z.enum(['hit', 'semantic', 'coalesced', 'miss', 'bypass']),
  attempts: count,
  usage: z
    .object({
      inputTokens: count,
      cachedInputTokens: count,
      cacheWriteTokens: count,
      outputTokens: count,
      reasoningTokens: count,
      source: z.enum(['provider', 'estimated', 'reaped']),
    })
    .nullable(),
  costMicroUsd: count.nullable(),
  firstTokenMs: z.number().nullable(),
  totalMs: z.number(),
})

export const limitViewSchema = z.object({
  name: z.string(),
  of: z.enum(['requests', 'tokens', 'concurrency', 'usd']).describe('Unit of amount, burst, used and remaining'),
  scope: z.enum(['tenant', 'key', 'user', 'model']),
  subject: z.string().nullable().describe('Key, end user or alias that is counted; null: the tenant, or nobody so far'),
  model: z.string().optional().describe('Only requests to aliases that fit this glob'),
  amount: z.number(),
  perSeconds: z.number().optional(),
  per: z.enum(['day', 'month']).optional(),
  timeZone: z.string().optional(),
  shape: z.enum(['paced']).optional(),
  burst: z.number().optional(),
  hard: z.boolean(),
  used: z.number().describe('Counted at the moment, what is reserved for requests in flight included'),
  remaining: z.number(),
  resetMs: count.nullable().describe('Until the whole amount is back; null for concurrency, and for never'),
  nextFreeMs: count.nullable().describe('Until one more fits; null for never'),
  waiting: count.describe('Requests that wait for it'),
})

export const tenantLimitsViewSchema = z.object({
  data: z.array(limitViewSchema),
  reservations: count.describe('Requests admitted one by one that are not settled yet'),
  slices: count.describe('Shares of limits that isolates hold in advance'),
  waiting: count,
})

export const keyLimitsViewSchema = z.object({ data: z.array(limitViewSchema) })

const routeViewSchema = z.object({
  model: z.string().describe('Alias'),
  encoder: z.string().describe('What made the vectors of its questions, and their length'),
  observations: z.number(),
  threshold: z.number().nullable().describe('Score from which a hit is served; null: none is'),
  maxErrorRate: z.number(),
  errorRate: z.number().nullable().describe('Measured share of wrong ones among would-be hits; null: not measured yet'),
  errorBound: z.number().nullable().describe('Its upper Wilson bound, which has to stay under maxErrorRate'),
  vectors: count.describe('Questions whose answer is known'),
  groups: count.describe('Answers'),
})

export const cacheViewSchema = z.object({
  entries: count,
  bytes: count.describe('As they are stored, sealed'),
  hits: z.object({ exact: count, semantic: count, coalesced: count }),
  corrupt: count.describe('Values that did not open, and were dropped'),
  savedTokens: count,
  savedMicroUsd: count.describe('Of the hits whose cost was known'),
  dropped: count.describe(
    "Answers and hits, of all tenants, that this isolate had no room to tell the cache's store of",
  ),
  routes: z.array(routeViewSchema).describe('Models recalled by meaning, and how well'),
})

export const purgedViewSchema = z.object({ removed: count.describe('Values') })

export const statusViewSchema = z.object({
  version: z.string().describe('Of Sluice'),
  configVersion: count,
  degradedSeconds: z.number().describe('That this isolate served from state it could not refresh'),
  rowsDropped: count.describe('Usage rows that this isolate could not keep'),
  ledgerCalls: count.describe("Requests about which this isolate asked their tenant's object; slices spare the rest"),
  recordsUnderOldKey: count
    .nullable()
    .describe(
      "Sealed records that reseal would move to the current master key; null while a tenant's object is silent",
    ),
})

export const auditEntryViewSchema = z.object({
  at: instant,
  actor: z.string(),
  action: z.string(),
  subject: z.string(),
  before: json.optional(),
  after: json.optional(),
})

/** A page as it goes over the wire. */
export interface Page<T> {
  data: T[]
  has_more: boolean
  last: string | null
}
export type AppliedView = z.output<typeof appliedViewSchema>
export type ConfigVersionView = z.output<typeof configVersionViewSchema>
export type CredentialView = z.output<typeof credentialViewSchema>
export type TenantCredentialView = z.output<typeof tenantCredentialViewSchema>
export type ProviderCheckView = z.output<typeof providerCheckViewSchema>
export type TenantView = z.output<typeof tenantViewSchema>
export type WebhookView = z.output<typeof webhookViewSchema>
export type NewWebhookView = z.output<typeof newWebhookViewSchema>
export type RotatedWebhookView = z.output<typeof rotatedWebhookViewSchema>
export type KeyView = z.output<typeof keyViewSchema>
export type UsageView = z.output<typeof usageViewSchema>
export type UsageRecordView = z.output<typeof usageRecordViewSchema>
export type LimitView = z.output<typeof limitViewSchema>
export type TenantLimitsView = z.output<typeof tenantLimitsViewSchema>
export type CacheView = z.output<typeof cacheViewSchema>
export type PurgedView = z.output<typeof purgedViewSchema>
export type StatusView = z.output<typeof statusViewSchema>
export type AuditEntryView = z.output<typeof auditEntryViewSchema>
