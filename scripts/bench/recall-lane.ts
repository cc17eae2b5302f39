/** The recall lane: hits against a Worker that only hashes, and misses against the same without recall, in turns. */
import { metered, type Recorded, turned } from './metered.ts'
import type { RecallAlias } from './recall-config.ts'
import type { Contender, KindFigures, RecallJob, RecallResult } from './types.ts'

const HIT_CONNECTIONS = [1, 16, 64] as const
const BUSY_CONNECTIONS = 16
/** Numbers of questions: each run of misses has so many of its own, more than can be asked in it. */
const RUN_NUMBERS = 1_000_000
/** Questions whose answers have expired, and which the digest goes on naming until the shard is pruned, after 60 s. */
const EXPIRED_FIRST = 900_000_000
const EXPIRED_COUNT = 2000
const EXPIRED_MS = 1500
const TTL = { 'x-sluice-cache-ttl': '1' }
const READ_ONLY = { 'x-sluice-cache': 'no-store' }
/** An answer is recallable 1 s after its end; more is patience. */
const RECALLABLE_MS = 10_000
const RECALLABLE_POLL_MS = 100

/** What each way is asked before anything is measured: code that has just been compiled is several times as slow. */
const WARM_REQUESTS = 3000
/** Then whatever came before has its rows. */
const SETTLED_MS = 1000
/** Rows that come too late are waited for, so that they are not taken for those of the next run. */
const LATE_MS = 10_000
const LATE_POLL_MS = 200

export interface RecallOptions {
  readonly rounds: number
  readonly warmMs: number
  readonly measureMs: number
  /** Questions that are known before one is recalled by meaning. */
  readonly questions: number
  readonly progress: (text: string) => void
  readonly sleep: (ms: number) => Promise<unknown>
}

/** What is compared. */
export interface RecallPlace {
  readonly sluice: Contender & { readonly cacheHits: () => Promise<number> }
  readonly hasher: Contender
}

export type RecallLoad = (job: RecallJob) => Promise<RecallResult>

/**
 * `hasher`: the Worker that hashes. `hit`, `stream`: from memory, in both forms. `plain`: a model without a cache.
 * `digest`: a miss that memory and the digest tell of. `hop`: one for which a shard is asked. `lead`: the same with a
 * lease, kept at once. `store`: a miss that is kept, in a batch. `semantic`: by meaning.
 */
export type WayName = 'hasher' | 'hit' | 'stream' | 'plain' | 'digest' | 'hop' | 'lead' | 'store' | 'semantic'

/** One way to be answered. */
export interface Way {
  readonly name: WayName
  readonly contender: Contender
  /** What a reply of this way says of the cache. */
  readonly kind: string
  readonly model: RecallAlias
  readonly opening?: RecallJob['opening']
  readonly headers?: Readonly<Record<string, string>>
  readonly stream?: boolean
  /** Questions of one run: their first number, and how many before they come again. */
  readonly questions: () => readonly [first: number, count: number]
  readonly before?: () => Promise<void>
}

export interface RecallRound extends KindFigures {
  readonly way: WayName
  readonly connections: number
  readonly round: number
  readonly requestsPerSecond: number
  readonly failures: number
  /** Replies of another kind than was meant. */
  readonly others: number
  readonly cpuMsPerRequest: number
  /** Hits that the usage does not count, or counts too much; null where nothing is metered. */
  readonly hitsLost: number | null
  readonly recorded?: Recorded
}

/** Asks for the same chat again and again: of Sluice, which has its answer in memory, and of the Worker that hashes. */
export async function hitRounds(place: RecallPlace, load: RecallLoad, options: RecallOptions): Promise<RecallRound[]> {
  const { sluice, hasher } = place
  await untilRecalled(sluice, load, options)
  const questions = (): readonly [number, number] => [0, 1]
  const hit: Way = { name: 'hit', contender: sluice, kind: 'hit', model: 'exact', questions }
  const stream: Way = { ...hit, name: 'stream', stream: true }
  const ways: Way[] = [hit, { ...hit, name: 'hasher', contender: hasher, kind: '' }]
  await warmUp([...ways, stream], load, options)
  const results: RecallRound[] = []
  for (const connections of HIT_CONNECTIONS) {
    const asked: Way[] = connections === 1 ? [...ways, stream] : ways
    results.push(...(await inTurns(place, asked, connections, load, options)))
  }
  return results
}

/** Asks for what nobody has asked for before. */
export async function missRounds(place: RecallPlace, load: RecallLoad, options: RecallOptions): Promise<RecallRound[]> {
  const { sluice } = place
  let runs = 0
  const fresh = (): readonly [number, number] => {
    runs += 1
    return [runs * RUN_NUMBERS, RUN_NUMBERS]
  }
  const plain: Way = { name: 'plain', contender: sluice, kind: 'bypass', model: 'plain', questions: fresh }
  const store: Way = { ...plain, name: 'store', kind: 'miss', model: 'exact' }
  const expire = async (): Promise<void> => {
    const job = { ...jobOf(store, BUSY_CONNECTIONS, options), first: EXPIRED_FIRST, count: EXPIRED_COUNT }
    await load({ ...job, headers: { ...job.headers, ...TTL }, inAll: EXPIRED_COUNT })
    await options.sleep(EXPIRED_MS)
  }
  const ways: Way[] = [
    plain,
    { ...store, name: 'digest', headers: READ_ONLY },
    { ...store, name: 'hop', headers: READ_ONLY, questions: () => [EXPIRED_FIRST, EXPIRED_COUNT], before: expire },
    { ...store, name: 'lead', model: 'lead' },
    store,
  ]
  await warmUp(ways, load, options)
  return await inTurns(place, ways, BUSY_CONNECTIONS, load, options)
}

async function warmUp(ways: readonly Way[], load: RecallLoad, options: RecallOptions): Promise<void> {
  for (const way of ways) {
    await way.before?.()
    await load({ ...jobOf(way, BUSY_CONNECTIONS, options), inAll: WARM_REQUESTS })
  }
}

/** Every way once a round, in an order that turns. */
export async function inTurns(
  place: RecallPlace,
  ways: readonly Way[],
  connections: number,
  load: RecallLoad,
  options: RecallOptions,
): Promise<RecallRound[]> {
  await options.sleep(SETTLED_MS)
  const results: RecallRound[] = []
  for (let round = 0; round < options.rounds; round += 1) {
    const names = ways.map(({ name }) => name).join(', ')
    options.progress(`recall lane, round ${round + 1}/${options.rounds}: ${names}; ${connections} connections`)
    for (const way of turned(ways, round)) {
      await way.before?.()
      const before = await place.sluice.cacheHits()
      const { result, ms, recorded } = await metered(
        way.contender,
        () => load(jobOf(way, connections, options)),
        ({ sent }) => sent,
      )
      const { kinds, sent, failures, requestsPerSecond } = result
      const own = kinds[way.kind] ?? NONE
      const served = (kinds.hit?.sent ?? 0) + (kinds.semantic?.sent ?? 0) + (kinds.coalesced?.sent ?? 0)
      results.push({
        ...own,
        way: way.name,
        connections,
        round,
        requestsPerSecond,
        failures,
        others: sent - failures - own.sent,
        cpuMsPerRequest: ms / sent,
        hitsLost: way.contender === place.sluice ? await lost(place, before + served, options) : null,
        ...recorded,
      })
    }
  }
  return results
}

/** Hits that the usage does not have, or has too many of; what comes late counts, for it is in the figures already. */
async function lost({ sluice }: RecallPlace, expected: number, options: RecallOptions): Promise<number> {
  let off = expected - (await sluice.cacheHits())
  for (let waitedMs = 0; off > 0 && waitedMs < LATE_MS; waitedMs += LATE_POLL_MS) {
    await options.sleep(LATE_POLL_MS)
    off = expected - (await sluice.cacheHits())
  }
  return Math.abs(off)
}

const NONE: KindFigures = { sent: 0, p50Ms: NaN, p99Ms: NaN, firstP50Ms: NaN, firstP99Ms: NaN }

/** The job of one run of a way. */
export function jobOf(way: Way, connections: number, { warmMs, measureMs }: RecallOptions): RecallJob {
  const [first, count] = way.questions()
  return {
    kind: 'recall',
    port: way.contender.port,
    headers: { ...way.contender.headers, ...way.headers },
    model: way.model,
    opening: way.opening ?? 'question',
    first,
    count,
    stream: way.stream ?? false,
    connections,
    warmMs,
    measureMs,
    inAll: null,
  }
}

/** Until the chat that hits ask for is answered from the cache. */
async function untilRecalled(sluice: Contender, load: RecallLoad, options: RecallOptions): Promise<void> {
  const way: Way = { name: 'hit', contender: sluice, kind: 'hit', model: 'exact', questions: () => [0, 1] }
  for (let waitedMs = 0; waitedMs < RECALLABLE_MS; waitedMs += RECALLABLE_POLL_MS) {
    const { kinds } = await load({ ...jobOf(way, 1, options), inAll: 1 })
    if ((kinds.hit?.sent ?? 0) > 0) return
    await options.sleep(RECALLABLE_POLL_MS)
  }
  throw new Error('the same request, asked again and again, is never a hit')
}
