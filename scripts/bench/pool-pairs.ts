/** Acquire and release, again and again, of one pool's object: how many pairs it sustains. */
import { Breaker } from '../../src/core/breaker.ts'
import { DegradedTime } from '../../src/core/degraded-time.ts'
import { Heartbeats } from '../../src/core/ledger/heartbeats.ts'
import { RoundTrips } from '../../src/core/ledger/round-trips.ts'
import { PoolDesk } from '../../src/core/pool/desk.ts'
import { POOL_LOG_MS, POOL_REST_MS } from '../../src/core/pool/line-limits.ts'
import type { PoolRequest } from '../../src/core/pool/types.ts'
import { holdLease, type LineServices, tell, turnOf } from '../../src/dispatch/pool-line.ts'
import type { Clock } from '../../src/lib/clock.ts'
import type { PoolStore } from '../../src/stores/types.ts'
import type { BenchConfig } from './sluice.ts'
import { percentile } from './stats.ts'

export const PAIRS_POOL = 'pairs'
const REPLICAS = 16
const INDEXED_BLOCKS = 100_000
const BLOCKS = 40
const BLOCK_TOKENS = 128
const PROMPT_TOKENS = BLOCKS * BLOCK_TOKENS
/** Of a prompt, the blocks that are new each time: what an answer and a question add to a conversation. */
const NEW_BLOCKS = 4
/** So that their blocks and what was new of late fill the index. */
const CONVERSATIONS = 2000
const TENANTS = 8
const OUTPUT_TOKENS = 100
const WAIT_MS = 30_000
const DEADLINE_MS = 2000
/** A replica has room for so many: fewer than ask, so that there always is a queue. */
const ROOM = 12

export interface PairsJob {
  /** Requests under way at a time. */
  readonly atOnce: number
  readonly measureMs: number
  /** Number of its first request: a later run goes on where the one before ended. */
  readonly first: number
}

export interface PairsRun {
  readonly perSecond: number
  /** All of them, the last ones too, that ended when the time was over. */
  readonly asked: number
  /** From asking for a replica to having one. */
  readonly p50Ms: number
  readonly p99Ms: number
  /** Of the requests, those that had to wait for their turn. */
  readonly queuedShare: number
  readonly refused: number
  /** Calls to the object for one pair: the news that no acquire took along, and the waits. */
  readonly callsPerPair: number
}

/** On a machine with other work, what counts is what a core would do. */
export interface MeteredPairs extends PairsRun {
  readonly perCpuSecond: number
}

/** Requests under way at a time: some of them wait for their turn. */
const AT_ONCE = 64
/** Until the index is full and the code compiled. */
const WARM_MS = 5000
const MEASURE_MS = 5000

/** Warm, then measured. `cpuMs`: of the process that has both the object and who asks it. */
export async function meteredPairs(
  run: (job: PairsJob) => Promise<PairsRun>,
  cpuMs: () => number,
): Promise<MeteredPairs> {
  const { asked } = await run({ atOnce: AT_ONCE, measureMs: WARM_MS, first: 0 })
  const before = cpuMs()
  const measured = await run({ atOnce: AT_ONCE, measureMs: MEASURE_MS, first: asked })
  return { ...measured, perCpuSecond: (1000 * measured.asked) / (cpuMs() - before) }
}

/** Replicas that are never asked: their health is not looked at, and what they hold is what the pool believes. */
export function pairsConfig(config: BenchConfig): BenchConfig {
  const replicas = Array.from({ length: REPLICAS }, (_, index) => ({
    id: `r-${index}`,
    url: `http://127.0.0.1:9/v${index}`,
  }))
  const pool = {
    replicas,
    kvTokens: (INDEXED_BLOCKS / REPLICAS) * BLOCK_TOKENS,
    prefillTokensPerSecond: 1_000_000,
    maxInflightTokens: ROOM * PROMPT_TOKENS,
    maxWaitMs: WAIT_MS,
    health: { intervalMs: 3_600_000 },
  }
  return {
    ...config,
    providers: { ...config.providers, [PAIRS_POOL]: { protocol: 'openai', pool } },
    models: { ...config.models, [PAIRS_POOL]: { targets: [{ provider: PAIRS_POOL, model: 'm' }] } },
  }
}

/** Runs one job, as an isolate's requests would: through the line to the object, and its desk. */
export async function drivePairs(
  store: PoolStore,
  clock: Clock,
  background: LineServices['background'],
  { atOnce, measureMs, first }: PairsJob,
): Promise<PairsRun> {
  let calls = 0
  const count = <T>(called: T): T => {
    calls += 1
    return called
  }
  const counting: PoolStore = {
    ...store,
    acquire: (...values) => count(store.acquire(...values)),
    turn: (...values) => count(store.turn(...values)),
    tell: (...values) => count(store.tell(...values)),
  }
  const services = linesOf(counting, clock, background)
  const place = { pool: PAIRS_POOL, region: undefined }
  const client = new AbortController().signal
  const tookMs: number[] = []
  let [asked, queued, refused] = [0, 0, 0]
  const untilMs = clock.now() + measureMs
  const loop = async (): Promise<void> => {
    for (let nowMs = clock.now(); nowMs < untilMs; nowMs = clock.now()) {
      asked += 1
      const request = requestOf(first + asked, nowMs)
      const taken = await turnOf(services, place, request, false, client)
      if (taken === null || taken === 'left') throw new Error("the pool's object was out of reach")
      if (taken.queuedMs > 0) queued += 1
      if (taken.turn.kind === 'bound') answered(services, place, request, taken.turn.replica)
      else refused += 1
      const endMs = clock.now()
      if (endMs < untilMs) tookMs.push(endMs - nowMs)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, loop))
  const sorted = Float64Array.from(tookMs).sort()
  return {
    perSecond: (1000 * sorted.length) / measureMs,
    asked,
    p50Ms: percentile(sorted, 0.5),
    p99Ms: percentile(sorted, 0.99),
    queuedShare: queued / asked,
    refused,
    callsPerPair: calls / asked,
  }
}

/** A replica that answers at once, with all of the prompt but the new blocks from its cache. */
function answered(
  services: LineServices,
  place: { readonly pool: string; readonly region: undefined },
  { id, tenant, promptTokens, blocks }: PoolRequest,
  replica: string,
): void {
  const drop = holdLease(services, place, { id, replica, tenant, promptTokens, blocks, isStarted: false })
  tell(services, place, { kind: 'first', id })
  drop()
  const usage = { promptTokens, cachedTokens: promptTokens - NEW_BLOCKS * BLOCK_TOKENS, outputTokens: OUTPUT_TOKENS }
  tell(services, place, { kind: 'ended', id, end: { outcome: 'answered', usage } })
}

function linesOf(store: PoolStore, clock: Clock, background: LineServices['background']): LineServices {
  const breaker = new Breaker({ failuresMax: 1, restMs: POOL_REST_MS, tellMs: POOL_LOG_MS })
  return {
    clock,
    background,
    log: () => undefined,
    pools: {
      store,
      desk: new PoolDesk(),
      trips: new RoundTrips(DEADLINE_MS),
      beats: new Heartbeats(),
      breaker: () => breaker,
      degraded: new DegradedTime(clock),
    },
  }
}

/** The next turn of some conversation: what it had before, and something new. */
function requestOf(number: number, nowMs: number): PoolRequest {
  const conversation = (number * 7919) % CONVERSATIONS
  const tenant = `tenant-${conversation % TENANTS}`
  const blocks = Float64Array.from({ length: BLOCKS }, (_, at) =>
    at < BLOCKS - NEW_BLOCKS ? 1 + conversation * BLOCKS + at : 1e9 + number * NEW_BLOCKS + at,
  )
  return {
    id: `request-${number}.0`,
    tenant,
    priority: number % 4 === 0 ? 'batch' : 'interactive',
    model: 'm',
    blocks,
    promptTokens: PROMPT_TOKENS,
    outputTokens: OUTPUT_TOKENS,
    tellsFirst: true,
    tried: [],
    sinceMs: nowMs,
    maxWaitMs: WAIT_MS,
  }
}
