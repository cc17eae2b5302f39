/** The config document: its schema, from which validation, defaults and the published JSON Schema come. No I/O. */
import { z } from 'zod'
import { RATE_GUARD_SECONDS_MAX, REPETITION_CHARS_DEFAULT, REPETITION_TIMES_DEFAULT, TIMEOUT_MAX_MS } from './limits.ts'
import { CACHE_TTL_SECONDS_MAX } from './recall/limits.ts'
import {
  LOOP_REPEATS_DEFAULT,
  SESSION_TOKENS_DEFAULT,
  SESSION_TTL_SECONDS_DEFAULT,
  SESSION_TTL_SECONDS_MAX,
} from './session/limits.ts'
import { WEBHOOK_OWN_HOSTS_MAX } from './webhook-limits.ts'

const name = z.string().regex(/^[a-z0-9-]{1,64}$/, 'must be 1 to 64 of a-z, 0-9 and -')
/** Callers read it in headers; it goes there between quotes, as it is. */
const limitName = z.string().regex(/^[A-Za-z0-9._-]{1,64}$/, 'must be 1 to 64 of A-Z, a-z, 0-9, ., _ and -')
const alias = z.string().regex(/^[!-~]{1,128}$/, 'must be 1 to 128 printable ASCII characters without spaces')
const timeoutMs = z.number().int().min(1).max(TIMEOUT_MAX_MS)
const share = z.number().min(0).max(1)
const usdPerMillion = z.number().min(0).max(1_000_000)

/** A header value: literal, or the name of a credential in the vault. */
const headerValue = z.union([z.string().max(4096), z.strictObject({ credential: name })])
const headers = z.record(z.string().regex(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,64}$/, 'must be a header name'), headerValue)

const replicaSchema = z.strictObject({
  id: name,
  url: z.string().max(2048).describe('Base URL with the version path, as in https://gpu-a.example.com/v1'),
  binding: z.string().min(1).max(64).optional().describe('VPC binding of the Worker to reach it through'),
  state: z.enum(['active', 'draining', 'disabled']).default('active'),
  gpuMetricsUrl: z
    .string()
    .max(2048)
    .optional()
    .describe(
      'Page of a DCGM exporter, as in https://gpu-a.example.com/dcgm; asked through the same binding, with the headers ' +
        'of the pool but not its credential',
    ),
})

const poolSchema = z.strictObject({
  replicas: z.array(replicaSchema).max(256).default([]),
  workers: z
    .boolean()
    .default(false)
    .describe('May workers dial in with a token? Then there may be no replicas: hosts that nobody can reach'),
  credential: name.optional(),
  headers: headers.optional(),
  kind: z.enum(['vllm', 'sglang', 'tgi', 'other']).default('vllm'),
  region: z.string().max(32).optional(),
  prefillTokensPerSecond: z.number().int().min(1).default(16_000),
  kvTokens: z.number().int().min(1).default(2_000_000),
  maxInflightTokens: z
    .number()
    .int()
    .min(1)
    .default(64_000)
    .describe('Prompt tokens that may wait for prefill with one replica; the others wait in the queue'),
  maxQueue: z.number().int().min(0).default(1000),
  maxWaitMs: z.number().int().min(0).max(TIMEOUT_MAX_MS).default(30_000),
  saturatedMs: z
    .number()
    .int()
    .min(0)
    .max(TIMEOUT_MAX_MS)
    .default(2000)
    .describe('Prefill that replicas who know a prompt may lie behind the others before it goes elsewhere'),
  sharePrefix: z
    .boolean()
    .default(false)
    .describe('May tenants share the prefix cache? Then they can tell what others ask'),
  onBreak: z
    .enum(['fail', 'continue'])
    .default('fail')
    .describe(
      'What becomes of a chat stream of plain text that breaks in the middle: one error, or another replica goes on ' +
        'with the text so far. Only engines that know continue_final_message can: vllm and sglang',
    ),
  health: z
    .strictObject({
      path: z.string().regex(/^\//, 'must begin with /').max(256).default('/health'),
      intervalMs: z.number().int().min(100).max(TIMEOUT_MAX_MS).default(5000),
      metrics: z
        .string()
        .regex(/^\//, 'must begin with /')
        .max(256)
        .optional()
        .describe('Path of the engine’s Prometheus page, as in /metrics, from the root of its host; absent: not read'),
    })
    .prefault({}),
})

/** A provider: one endpoint with a credential, or a pool of replicas of the customer's own. */
export const providerSchema = z.strictObject({
  protocol: z.string().describe('openai, or one of the AI SDK providers this build carries'),
  baseUrl: z.string().max(2048).optional(),
  credential: name.optional(),
  headers: headers.optional(),
  streamUsage: z.boolean().default(true).describe('false where the provider rejects stream_options'),
  responses: z
    .boolean()
    .default(false)
    .describe('Does it serve /responses itself? Then requests of that protocol reach it as they are'),
  betas: z
    .array(z.string().regex(/^[!-~]{1,128}$/, 'must be 1 to 128 printable ASCII characters without spaces'))
    .max(128)
    .optional()
    .describe('anthropic-beta values that are sent on, * for any run of characters; absent: those Anthropic documents'),
  pool: poolSchema.optional(),
})

/** USD per million tokens. */
export const priceSchema = z.strictObject({
  input: usdPerMillion,
  output: usdPerMillion,
  cachedInput: usdPerMillion.optional(),
  cacheWrite: usdPerMillion.optional(),
})

const targetSchema = z.strictObject({
  provider: name,
  model: z.string().min(1).max(256),
  contextWindow: z.number().int().min(1).optional(),
  maxOutputTokens: z.number().int().min(1).optional(),
  weight: z.number().min(0).max(1_000_000).default(1),
  price: priceSchema.optional(),
})

/** A limit on requests, tokens, concurrency or money; the admission stage enforces it. */
export const limitSchema = z.strictObject({
  name: limitName.describe(
    'One of the same name replaces it whole: of a tenant over the config, of a key over its tenant',
  ),
  of: z.enum(['requests', 'tokens', 'concurrency', 'usd']).optional(),
  amount: z.number().min(0).max(Number.MAX_SAFE_INTEGER).nullable().describe('null removes the limit of that name'),
  perSeconds: z.number().int().min(1).max(31_536_000).optional(),
  per: z.enum(['day', 'month']).optional(),
  timeZone: z.string().max(64).optional().describe('Where a day or month begins; UTC unless it is named'),
  scope: z
    .enum(['tenant', 'key', 'user', 'model'])
    .optional()
    .describe('Whom it counts together: tenant, or of a limit written on a key: key; user is x-sluice-user'),
  model: alias.optional().describe('Glob over the aliases it counts; absent: all'),
  hard: z.boolean().optional().describe('Reserve the worst case, so that it is never exceeded; always so of usd'),
  shape: z.enum(['window', 'paced']).optional(),
  burst: z.number().int().min(1).optional().describe('At once, where paced; a tenth of the amount unless it is named'),
})

const cacheSchema = z.strictObject({
  exact: z.boolean().default(false),
  semantic: z
    .strictObject({
      enabled: z.boolean().default(false),
      maxErrorRate: share.default(0.02).describe('Largest share of wrong ones among the semantic hits'),
      judge: z
        .strictObject({ model: alias })
        .optional()
        .describe('Asked whether two answers say the same, where neither their words nor their embeddings tell'),
    })
    .prefault({}),
  ttlSeconds: z.number().int().min(1).max(CACHE_TTL_SECONDS_MAX).default(86_400),
  sharing: z.enum(['tenant', 'key', 'user']).default('tenant').describe('Who may be answered with whose replies'),
  coalesce: z
    .enum(['off', 'wait', 'live'])
    .default('off')
    .describe('wait: identical requests in flight wait for the first one’s reply; live: streams are shared, too'),
  standIn: z
    .boolean()
    .default(false)
    .describe('Keep answers of fallback targets, too? They are then recalled also when the first target is back'),
  forcedTools: z.boolean().default(false).describe('Recall requests whose tool_choice forces a tool?'),
  knowledgeVersion: z
    .string()
    .regex(/^[!-~]{1,64}$/, 'must be 1 to 64 printable ASCII characters without spaces')
    .optional()
    .describe('Version of what the model knows besides the prompt: another one recalls nothing of the one before'),
})

const modelSchema = z.strictObject({
  strategy: z.enum(['fallback', 'weighted', 'cheapest', 'fastest']).default('fallback'),
  targets: z.array(targetSchema).min(1, 'a model needs at least one target').max(32),
  timeouts: z
    .strictObject({
      firstTokenMs: timeoutMs.default(10_000),
      idleMs: timeoutMs.default(15_000),
      totalMs: timeoutMs.default(600_000),
    })
    .prefault({}),
  retries: z.number().int().min(0).max(5).default(2),
  hedge: z.strictObject({ afterMs: z.number().int().min(0).max(TIMEOUT_MAX_MS).default(0) }).prefault({}),
  cache: cacheSchema.optional(),
  repetition: z
    .strictObject({
      timesMin: z.number().int().min(2).max(1000).default(REPETITION_TIMES_DEFAULT),
      charsMin: z.number().int().min(1).max(100_000).default(REPETITION_CHARS_DEFAULT),
    })
    .optional()
    .describe(
      'Ends a stream whose text, or thought, only repeats itself: the same piece so often in a row, so long in all. ' +
        'Absent: no. Streams of the model are then read and written in the canonical form, whoever answers',
    ),
})

const embedderSchema = z.union([z.strictObject({ model: alias }), z.strictObject({ workersAi: z.string().max(256) })])

const sessionsSchema = z.strictObject({
  onBusy: z
    .enum(['refuse', 'queue'])
    .default('refuse')
    .describe('What a turn comes to while another one of its session runs: 409 session_busy, or it waits'),
  ttlSeconds: z
    .number()
    .int()
    .min(60)
    .max(SESSION_TTL_SECONDS_MAX)
    .default(SESSION_TTL_SECONDS_DEFAULT)
    .describe('A session is forgotten when nobody has used it for so long'),
  maxTokens: z
    .number()
    .int()
    .min(1)
    .max(10_000_000)
    .default(SESSION_TOKENS_DEFAULT)
    .describe('Tokens of history that go with a turn, by estimate; older items stay behind'),
  loopRepeats: z
    .number()
    .int()
    .min(0)
    .max(1000)
    .default(LOOP_REPEATS_DEFAULT)
    .describe('The same tool call, or the same text, so often in a row ends the loop; 0: it may go on'),
  summary: z
    .strictObject({ model: alias })
    .optional()
    .describe('Asked to sum up what stays behind; absent: it is left out'),
})

/** The whole document. Unknown fields are faults. */
export const configSchema = z.strictObject({
  providers: z.record(name, providerSchema).default({}),
  models: z.record(alias, modelSchema).default({}),
  embedder: embedderSchema.optional(),
  limits: z.array(limitSchema).max(256).default([]),
  guard: z
    .strictObject({
      requests: z.number().int().min(1).max(1_000_000),
      perSeconds: z.number().int().min(1).max(RATE_GUARD_SECONDS_MAX),
    })
    .optional()
    .describe(
      'Coarse request rate per key, looked at before the limits; absent: none. It lets requests pass while its store ' +
        'is out of reach. Without Upstash Redis the binding RATE_LIMITER counts, to the limit and period in ' +
        'wrangler.toml: write the same here',
    ),
  sessions: sessionsSchema.prefault({}),
  cors: z.strictObject({ origins: z.array(z.string().max(256)).max(64).default([]) }).prefault({}),
  webhooks: z
    .strictObject({
      ownHosts: z
        .array(z.string().regex(/^(?:\*\.)?[a-z0-9.-]{1,253}$/i, 'must be a host name, *. before it for all below it'))
        .max(WEBHOOK_OWN_HOSTS_MAX)
        .default([])
        .describe('Names of this deployment: no webhook is sent to them, nor to the one that a request came in by'),
    })
    .optional(),
  unknownPrice: z.enum(['block', 'ignore']).default('block'),
  log: z
    .enum(['off', 'errors', 'all'])
    .default('errors')
    .describe('One structured line per request; never its content'),
})

/** A config document with its defaults filled in. */
export type Config = z.output<typeof configSchema>
/** A config document as the operator wrote it. */
export type ConfigDocument = z.input<typeof configSchema>
export type ProviderConfig = Config['providers'][string]
export type PoolConfig = NonNullable<ProviderConfig['pool']>
export type ReplicaConfig = PoolConfig['replicas'][number]
export type ModelConfig = Config['models'][string]
export type TargetConfig = ModelConfig['targets'][number]
export type Limit = z.output<typeof limitSchema>
