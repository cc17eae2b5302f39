/** Composition root: Env → Services. The one file that names concrete adapters. */
import { Breaker } from './core/breaker.ts'
import { ByteBudget } from './core/byte-budget.ts'
import { DegradedTime } from './core/degraded-time.ts'
import { Heartbeats } from './core/ledger/heartbeats.ts'
import { LocalLimiter } from './core/ledger/local-limiter.ts'
import { RoundTrips } from './core/ledger/round-trips.ts'
import { Slices } from './core/ledger/slices.ts'
import {
  OBJECT_CALL_MS,
  RATE_GUARD_FAILURES_MAX,
  RATE_GUARD_LOG_MS,
  RATE_GUARD_REST_MS,
  REPLIES_IN_FLIGHT_BYTES_MAX,
  SNAPSHOT_FRESH_MS,
  SNAPSHOT_REFRESH_MAX_MS,
  SNAPSHOT_REFRESH_MIN_MS,
  SNAPSHOT_STALE_MS,
} from './core/limits.ts'
import { createPoolLines, type PoolLines } from './core/pool/lines.ts'
import {
  RECALL_FAILURES_MAX,
  RECALL_LOG_MS,
  RECALL_MEMORY_BYTES_MAX,
  RECALL_REST_MS,
  RECALL_VECTORS_BYTES_MAX,
  RECORDINGS_BYTES_MAX,
} from './core/recall/limits.ts'
import { Outbox } from './core/recall/outbox.ts'
import type { Remembered } from './core/recall/remembered.ts'
import { Sieve } from './core/recall/sieve.ts'
import { Replicas, replicaNames } from './core/replicas.ts'
import { RetryBudget } from './core/retry-budget.ts'
import { Histories } from './core/session/history.ts'
import { readSettings, type Settings, type SettingsFault } from './core/settings.ts'
import { compileModels, type Deployment } from './core/snapshot.ts'
import { TargetHealth } from './core/target-health.ts'
import { ownerOf } from './core/tenant.ts'
import { UsageBuffer } from './core/usage-buffer.ts'
import { type Clock, systemClock } from './lib/clock.ts'
import type { Fetcher } from './lib/outgoing.ts'
import { createRefreshed, type Refreshed, type Surroundings } from './lib/refreshed.ts'
import { providers } from './providers/registry.ts'
import type { Provider } from './providers/types.ts'
import { createWorkersAi, type WorkersAi } from './providers/workers-ai.ts'
import { createDirectory, createDirectoryAdmin } from './stores/embedded/directory.ts'
import { createFrameStores, type FrameStores } from './stores/embedded/frames.ts'
import { createPoolStores, createPools } from './stores/embedded/pools.ts'
import { createBindingRateLimiter } from './stores/embedded/rate-limiter.ts'
import { createReplyCache } from './stores/embedded/reply-cache.ts'
import { createResponses } from './stores/embedded/responses.ts'
import { createSessions } from './stores/embedded/sessions.ts'
import { createStreams } from './stores/embedded/streams.ts'
import { createTenantAdmin, createTenants } from './stores/embedded/tenants.ts'
import { createSemanticRoutes, createVectorIndex } from './stores/embedded/vector-index.ts'
import type {
  Directory,
  DirectoryAdmin,
  PoolStore,
  PoolStores,
  RateLimiter,
  ReplyCache,
  ResponseStore,
  SemanticRoutes,
  SessionStore,
  StreamStore,
  TenantAdmin,
  TenantPlace,
  TenantStore,
  VectorIndex,
} from './stores/types.ts'
import { createUpstashRateLimiter } from './stores/upstash/rate-limiter.ts'
import { createRedis } from './stores/upstash/redis.ts'
import { createUpstashReplyCache } from './stores/upstash/reply-cache.ts'
import { createVector } from './stores/upstash/vector.ts'
import { createUpstashVectorIndex } from './stores/upstash/vector-index.ts'
import { createApiKeys } from './vault/api-keys.ts'
import { createCacheKeys } from './vault/cache-keys.ts'
import type { ApiKeys, CacheKeys, Vault } from './vault/types.ts'
import { createVault, masterKeyFault } from './vault/vault.ts'

/** Everything the path and the admin API stand on. One per isolate; holds values, never a request's own objects. */
export interface Services extends FrameStores, PoolStores {
  readonly clock: Clock
  /** Uniform in [0, 1). */
  readonly random: () => number
  /** Keeps work alive after the reply, at most 30 s after the client has gone. Belongs to the request that calls it. */
  readonly background: (work: Promise<unknown>) => void
  /** One structured line. Never content, never a secret. */
  readonly log: (line: Readonly<Record<string, unknown>>) => void
  /** The newest snapshot within the bounds of core/limits.ts. */
  readonly deployment: Refreshed<Deployment>
  readonly directory: Directory
  readonly tenants: TenantStore
  readonly vault: Vault
  readonly apiKeys: ApiKeys
  /** Protocol name → provider. */
  readonly providers: ReadonlyMap<string, Provider>
  /** A VPC binding by name; undefined when this Worker has none of that name. */
  readonly binding: (name: string) => Fetcher | undefined
  readonly health: TargetHealth
  /** What this isolate has itself seen of replicas. */
  readonly replicas: Replicas
  /** The origin pools' objects, and this isolate's side of the line to each. */
  readonly pools: PoolLines & { readonly store: PoolStore }
  readonly retryBudget: RetryBudget
  readonly sessions: SessionStore
  /** Of sessions, opened: what this isolate knows of them. */
  readonly histories: Histories
  /** Bytes of whole replies in flight. */
  readonly replyBudget: ByteBudget
  readonly usageBuffer: UsageBuffer
  /** Names this isolate to the ledgers of tenants. */
  readonly isolate: string
  readonly slices: Slices
  readonly roundTrips: RoundTrips
  readonly localLimiter: LocalLimiter
  readonly heartbeats: Heartbeats
  readonly responses: ResponseStore
  readonly replyCache: ReplyCache
  readonly vectorIndex: VectorIndex
  readonly semanticRoutes: SemanticRoutes
  readonly cacheKeys: CacheKeys
  readonly streams: StreamStore
  /** What recall has in memory: replies, and vectors of questions. */
  readonly memory: Sieve<Remembered>
  readonly vectors: Sieve<Float32Array>
  readonly outbox: Outbox
  /** Bytes of answers that are being recorded while they stream. */
  readonly recordings: ByteBudget
  readonly cacheBreaker: Breaker
  readonly embedBreaker: Breaker
  readonly vectorBreaker: Breaker
  /** The binding AI, where there is one. */
  readonly workersAi: WorkersAi | undefined
  /** The coarse count of requests by key; undefined where neither Redis nor the binding is there. */
  readonly rateLimiter: RateLimiter | undefined
  /** Of this isolate's calls to it. */
  readonly rateBreaker: Breaker
  readonly allowPrivate: boolean
  /** Webhooks may go to private addresses: for development. */
  readonly webhooksPrivate: boolean
  /** Current token first; the second is honoured during a change. */
  readonly adminTokens: readonly string[]
  readonly directoryAdmin: DirectoryAdmin
  readonly tenantAdmin: (place: TenantPlace) => TenantAdmin
  /** What only this isolate knows of how it fares, for `GET /admin/status`. */
  readonly status?: () => {
    readonly degradedSeconds: number
    readonly rowsDropped: number
    readonly ledgerCalls: number
  }
}

/** Makes the services of one isolate, or says which variable keeps it from working. */
export function createServices(env: Env, background: Services['background']): Services | { fault: SettingsFault } {
  const variables = env as unknown as Readonly<Record<string, unknown>>
  const settings = readSettings(variables, masterKeyFault)
  if ('message' in settings) return { fault: settings }
  const clock = systemClock
  const random = Math.random
  const surroundings = { clock, random, background }
  const vault = createVault({ masterKey: settings.masterKey, previous: settings.previousMasterKey, clock })
  const directory = createDirectory(env.DIRECTORY, surroundings)
  const usageBuffer = new UsageBuffer()
  const roundTrips = new RoundTrips()
  const localLimiter = new LocalLimiter()
  const replicas = new Replicas()
  const degraded = new DegradedTime(clock)
  const tenants = createTenants(env.TENANT, surroundings, (place, ms, by) => {
    const owner = ownerOf(place)
    // That the object answers something else does not end an outage of its ledger.
    if (roundTrips.observe(owner, ms) && by === 'ledger') localLimiter.answered(owner, clock.now())
  })
  const lines = createPoolLines(clock)
  const pools = createPools(env.POOL as unknown as DurableObjectNamespace, surroundings, lines.answered)
  let ledgerCalls = 0
  const deployment = createRefreshed<Deployment>({
    ...surroundings,
    refreshMinMs: SNAPSHOT_REFRESH_MIN_MS,
    refreshMaxMs: SNAPSHOT_REFRESH_MAX_MS,
    freshMs: SNAPSHOT_FRESH_MS,
    staleMs: SNAPSHOT_STALE_MS,
    deadlineMs: OBJECT_CALL_MS,
    load: async (current) => {
      const snapshot = await degraded.watch(directory.snapshot(current?.revision ?? -1))
      if (snapshot !== null) {
        replicas.keep(replicaNames(snapshot.config.providers))
        lines.keep(new Set(Object.keys(snapshot.config.providers)))
        return { ...snapshot, models: compileModels(snapshot.config) }
      }
      if (current === undefined) throw new Error('the directory has no snapshot')
      return current
    },
  })
  return {
    ...surroundings,
    log: (line) => console.log(JSON.stringify(line)),
    deployment,
    directory,
    tenants: {
      ...tenants,
      admit: (...question) => {
        ledgerCalls += 1
        return tenants.admit(...question)
      },
    },
    vault,
    apiKeys: createApiKeys(vault),
    providers: providers(),
    binding: (name) => fetcher(variables[name]),
    health: new TargetHealth(),
    replicas,
    pools: { ...lines, store: pools },
    retryBudget: new RetryBudget(),
    sessions: createSessions(env.SESSION, surroundings),
    histories: new Histories(),
    replyBudget: new ByteBudget(REPLIES_IN_FLIGHT_BYTES_MAX),
    usageBuffer,
    isolate: crypto.randomUUID(),
    streams: createStreams(env.STREAM as unknown as DurableObjectNamespace, surroundings),
    slices: new Slices(),
    roundTrips,
    localLimiter,
    heartbeats: new Heartbeats(),
    responses: createResponses(env.RESPONSE, surroundings),
    ...recallOf(env, settings, createCacheKeys(vault, { tenants, clock }), surroundings),
    ...createFrameStores(env, surroundings),
    ...createPoolStores(env.POOL as unknown as DurableObjectNamespace, surroundings),
    rateBreaker: new Breaker({
      failuresMax: RATE_GUARD_FAILURES_MAX,
      restMs: RATE_GUARD_REST_MS,
      tellMs: RATE_GUARD_LOG_MS,
    }),
    rateLimiter:
      settings.redis === undefined
        ? createBindingRateLimiter(variables.RATE_LIMITER)
        : createUpstashRateLimiter(createRedis(settings.redis, { clock }), clock),
    workersAi: createWorkersAi(variables.AI),
    allowPrivate: settings.allowPrivate,
    webhooksPrivate: settings.webhooksPrivate,
    adminTokens: settings.adminTokens,
    directoryAdmin: createDirectoryAdmin(env.DIRECTORY, surroundings),
    tenantAdmin: (place) => createTenantAdmin(env.TENANT, place, surroundings),
    status: () => ({
      // Rounded up: a moment out of reach is to be seen.
      degradedSeconds:
        degraded.seconds + lines.degraded.seconds + Math.ceil(localLimiter.degradedMs(clock.now()) / 1000),
      rowsDropped: usageBuffer.dropped,
      ledgerCalls,
    }),
  }
}

/** What recall stands on: its stores, embedded or Upstash's, and what this isolate has of them in memory. */
function recallOf(env: Env, { redis, vector }: Settings, cacheKeys: CacheKeys, surroundings: Surroundings) {
  const { clock } = surroundings
  const breaker = (): Breaker =>
    new Breaker({ failuresMax: RECALL_FAILURES_MAX, restMs: RECALL_REST_MS, tellMs: RECALL_LOG_MS })
  return {
    replyCache:
      redis === undefined
        ? createReplyCache(env.CACHE, surroundings)
        : createUpstashReplyCache(createRedis(redis, { clock }), surroundings),
    vectorIndex:
      vector === undefined
        ? createVectorIndex(env.INDEX, surroundings)
        : createUpstashVectorIndex(createVector(vector, { clock }), surroundings),
    semanticRoutes: createSemanticRoutes(env.INDEX, surroundings),
    cacheKeys,
    memory: new Sieve<Remembered>(RECALL_MEMORY_BYTES_MAX),
    vectors: new Sieve<Float32Array>(RECALL_VECTORS_BYTES_MAX),
    outbox: new Outbox(),
    recordings: new ByteBudget(RECORDINGS_BYTES_MAX),
    cacheBreaker: breaker(),
    embedBreaker: breaker(),
    vectorBreaker: breaker(),
  }
}

/**
 * A binding that can be fetched from; anything else of that name (a secret, say, or a namespace of objects) is none.
 * Only what a fetcher has may be asked for: it answers to every other name too, as to a method to be called remotely.
 */
function fetcher(value: unknown): Fetcher | undefined {
  const isFetcher = typeof value === 'object' && value !== null && 'fetch' in value
  return isFetcher ? (value as Fetcher) : undefined
}
