/** Acquire and release, again and again, of one pool's object: how many pairs it sustains. No I/O but the store's. */
import type { PoolEvent, PoolRequest, Turn } from '../../src/core/pool/types.ts'
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
const CONVERSATIONS = INDEXED_BLOCKS / BLOCKS
const TENANTS = 8
const OUTPUT_TOKENS = 100
const WAIT_MS = 30_000
const DEADLINE_MS = 5000
/** A replica has room for so many: fewer than ask, so that there always is a queue. */
const ROOM = 12

export interface PairsJob {
  /** Requests under way at a time. */
  readonly atOnce: number
  readonly warmMs: number
  readonly measureMs: number
}

export interface PairsRun {
  readonly perSecond: number
  /** From asking for a replica to having one. */
  readonly p50Ms: number
  readonly p99Ms: number
  /** Of the requests, those that had to wait for their turn. */
  readonly queuedShare: number
  readonly refused: number
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

/** Runs one job. News of a request travels with the next one, as it does in an isolate under load. */
export async function drivePairs(
  store: Pick<PoolStore, 'acquire' | 'turn'>,
  clock: Clock,
  { atOnce, warmMs, measureMs }: PairsJob,
): Promise<PairsRun> {
  const place = { pool: PAIRS_POOL, region: undefined }
  const fromMs = clock.now() + warmMs
  const untilMs = fromMs + measureMs
  const tookMs: number[] = []
  let news: PoolEvent[] = []
  let [asked, counted, queued, refused] = [0, 0, 0, 0]
  const take = async (request: PoolRequest): Promise<Turn> => {
    const events = news
    news = []
    const { turn } = await store.acquire(place, request, events, false, DEADLINE_MS)
    if (turn.kind !== 'queued') return turn
    queued += 1
    return await store.turn(place, request.id, WAIT_MS)
  }
  const loop = async (): Promise<void> => {
    for (let nowMs = clock.now(); nowMs < untilMs; nowMs = clock.now()) {
      asked += 1
      const request = requestOf(asked, nowMs)
      const turn = await take(request)
      const endMs = clock.now()
      if (turn.kind === 'bound') {
        const usage = { promptTokens: PROMPT_TOKENS, cachedTokens: PROMPT_TOKENS, outputTokens: OUTPUT_TOKENS }
        const end = { outcome: 'answered', usage } as const
        news.push({ kind: 'first', id: request.id }, { kind: 'ended', id: request.id, end })
      } else refused += 1
      if (nowMs < fromMs || endMs >= untilMs) continue
      counted += 1
      tookMs.push(endMs - nowMs)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, loop))
  const sorted = Float64Array.from(tookMs).sort()
  return {
    perSecond: (1000 * counted) / measureMs,
    p50Ms: percentile(sorted, 0.5),
    p99Ms: percentile(sorted, 0.99),
    queuedShare: queued / asked,
    refused,
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
