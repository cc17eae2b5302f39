/** Which replica of a pool a request goes to: by the pool's object, or without it while that is out of reach. */
import type { PoolConfig, ReplicaConfig } from '../core/config.ts'
import { type InferenceRequest, promptBytes } from '../core/inference.ts'
import { askedOutputTokens } from '../core/outputs.ts'
import { promptBlocks } from '../core/pool/blocks.ts'
import { POOL_OUTPUT_TOKENS_TYPICAL } from '../core/pool/line-limits.ts'
import type { Choice, PoolEnd, PoolRequest, RefusedTurn } from '../core/pool/types.ts'
import type { Replicas } from '../core/replicas.ts'
import { promptTokens, type Usage } from '../core/usage.ts'
import type { Fetcher } from '../lib/outgoing.ts'
import type { Asker, Candidate } from '../route/route.ts'
import type { PoolPlace } from '../stores/types.ts'
import type { ApiKeys } from '../vault/types.ts'
import { holdLease, type LineServices, tell, turnOf } from './pool-line.ts'

/** What taking a replica stands on. */
export interface ReplicaServices extends LineServices {
  readonly replicas: Replicas
  readonly apiKeys: Pick<ApiKeys, 'prefixSalt'>
}

/** A replica, taken until it is given back. */
export interface ReplicaLease {
  readonly replica: Pick<ReplicaConfig, 'id' | 'url' | 'binding'>
  /** The way to it, where that is neither the network nor a binding: a worker that has dialled in. */
  readonly through?: Fetcher | undefined
  readonly choice: Choice
  /** What the engine is to keep this tenant's prompts apart with; undefined where it takes none, or they may mix. */
  readonly cacheSalt?: string | undefined
  /** Its first content has come. */
  first(): void
  /** Gives it back, once. */
  release(outcome: PoolEnd['outcome'], usage?: Usage | null): void
}

/** One try for a replica. */
export interface ReplicaAsk {
  /** Of this attempt. */
  readonly id: string
  readonly asker: Asker
  /** Replicas that have failed the request; those taken are added. */
  readonly tried: Set<string>
  /** When the request first asked this pool, and when all of it is over, ms since the epoch. */
  readonly sinceMs: number
  readonly totalAtMs: number
}

/** What came of it. */
export type Placed =
  | { readonly kind: 'placed'; readonly lease: ReplicaLease; readonly queuedMs: number }
  | ({ readonly kind: 'unplaced' } & Pick<RefusedTurn, 'why' | 'retryAfterMs'>)
  | { readonly kind: 'left' }

const NO_TURN = { turn: null, queuedMs: 0 }

/** Takes a replica of the candidate's pool, one not in `tried` if there is one. Never rejects. */
export async function takeReplica(
  services: ReplicaServices,
  { target }: Candidate,
  request: InferenceRequest,
  pool: PoolConfig,
  ask: ReplicaAsk,
  client: AbortSignal,
): Promise<Placed> {
  const place = { pool: target.providerName, region: pool.region }
  const wanted = wantedOf(pool, target.model, request, ask)
  const taken = await turnOf(services, place, wanted, request.debug, client)
  if (taken === 'left') return { kind: 'left' }
  const { turn, queuedMs } = taken ?? NO_TURN
  if (turn?.kind === 'refused') return { kind: 'unplaced', why: turn.why, retryAfterMs: turn.retryAfterMs }
  const found = turn === null ? undefined : replicaOf(services, place, pool, turn.replica)
  if (turn !== null && found === undefined) tell(services, place, { kind: 'left', id: ask.id })
  const lease =
    turn === null || found === undefined
      ? withoutObject(services, place, pool, wanted)
      : bound(services, place, wanted, { ...found, choice: turn.choice })
  if (lease === null) return { kind: 'unplaced', why: 'none', retryAfterMs: 0 }
  ask.tried.add(lease.replica.id)
  const cacheSalt = await cacheSaltOf(services, pool, ask.asker)
  return { kind: 'placed', lease: cacheSalt === undefined ? lease : { ...lease, cacheSalt }, queuedMs }
}

/** Engines that take `cache_salt` beside a request. */
const SALTED: ReadonlySet<PoolConfig['kind']> = new Set(['vllm', 'sglang'])

/**
 * Without it neither the index nor the time an answer takes would tell one tenant of another's prompts, but the engine's
 * own memory would. One that cannot be made is made up: nothing is shared then, not even among a tenant's own requests.
 */
async function cacheSaltOf(
  { apiKeys }: ReplicaServices,
  { kind, sharePrefix }: PoolConfig,
  { owner, pepper }: Asker,
): Promise<string | undefined> {
  if (sharePrefix || !SALTED.has(kind)) return undefined
  return pepper === null ? crypto.randomUUID() : apiKeys.prefixSalt(pepper, owner)
}

function wantedOf(pool: PoolConfig, model: string, request: InferenceRequest, ask: ReplicaAsk): PoolRequest {
  const { owner } = ask.asker
  return {
    id: ask.id,
    tenant: owner,
    priority: request.priority ?? 'interactive',
    model,
    // Nobody's prompt is looked for among another tenant's, unless the pool says that they may share.
    blocks: promptBlocks(request.body, pool.sharePrefix ? model : `${owner}\n${model}`).blocks,
    promptTokens: promptTokens(promptBytes(request)),
    outputTokens: Math.min(askedOutputTokens(request) ?? POOL_OUTPUT_TOKENS_TYPICAL, POOL_OUTPUT_TOKENS_TYPICAL),
    tellsFirst: request.stream,
    tried: [...ask.tried],
    sinceMs: ask.sinceMs,
    maxWaitMs: maxWaitMs(pool, request, ask),
    session: request.session === undefined ? undefined : `${owner}\n${request.session}`,
  }
}

/** The pool's own bound, or a shorter one of the caller's: for turns, for the first token, for everything. */
function maxWaitMs(pool: PoolConfig, request: InferenceRequest, { sinceMs, totalAtMs }: ReplicaAsk): number {
  const goneMs = sinceMs - request.startedAtMs
  const turnMs = (request.maxWaitMs ?? Number.POSITIVE_INFINITY) - goneMs
  const firstMs = request.stream ? (request.firstTokenMs ?? Number.POSITIVE_INFINITY) - goneMs : turnMs
  return Math.max(0, Math.min(pool.maxWaitMs, turnMs, firstMs, totalAtMs - sinceMs))
}

/** A replica of the config's, or a worker that only the object knows. Undefined: this isolate knows no such one yet. */
function replicaOf(
  { pools }: ReplicaServices,
  place: PoolPlace,
  pool: PoolConfig,
  id: string,
): Pick<ReplicaLease, 'replica' | 'through'> | undefined {
  const replica = pool.replicas.find((one) => one.id === id)
  if (replica !== undefined) return { replica }
  if (!pool.workers) return undefined
  return { replica: { id, url: `http://pool/serve/${id}` }, through: pools.store.workers(place) }
}

function bound(
  services: ReplicaServices,
  place: PoolPlace,
  wanted: PoolRequest,
  found: Pick<ReplicaLease, 'replica' | 'through' | 'choice'>,
): ReplicaLease {
  const { clock, replicas } = services
  const { id, tenant, blocks } = wanted
  const own = replicas.hold(place.pool, found.replica, wanted.promptTokens)
  const held = { id, replica: found.replica.id, tenant, promptTokens: wanted.promptTokens, blocks, isStarted: false }
  const drop = holdLease(services, place, held)
  let isTold = false
  let isOver = false
  return {
    ...found,
    first() {
      if (isTold || isOver) return
      isTold = true
      tell(services, place, { kind: 'first', id })
    },
    release(outcome, usage = null) {
      if (isOver) return
      isOver = true
      drop()
      own.release(outcome, clock.now())
      tell(services, place, { kind: 'ended', id, end: { outcome, usage: usage === null ? null : used(usage) } })
    },
  }
}

/** By what this isolate alone has seen: the pool's object cannot be asked. */
function withoutObject(
  { clock, replicas }: ReplicaServices,
  place: PoolPlace,
  pool: PoolConfig,
  { blocks, promptTokens: tokens, tried }: PoolRequest,
): ReplicaLease | null {
  const replica = replicas.choose(place.pool, pool, blocks, new Set(tried), clock.now())
  if (replica === null) return null
  const own = replicas.hold(place.pool, replica, tokens)
  return {
    replica,
    choice: { reason: 'degraded', matchedBlocks: 0, blocks: blocks.length, candidates: [] },
    first: () => undefined,
    release: (outcome) => own.release(outcome, clock.now()),
  }
}

function used({ inputTokens, cachedInputTokens, cacheWriteTokens, outputTokens, source }: Usage): PoolEnd['usage'] {
  if (source !== 'provider') return null
  const promptTokensUsed = inputTokens + cachedInputTokens + cacheWriteTokens
  return { promptTokens: promptTokensUsed, cachedTokens: cachedInputTokens, outputTokens }
}
