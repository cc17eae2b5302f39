/** The pool lane: conversations through a pool and by round-robin, and what a pool costs a request by itself. */
import { metered } from './metered.ts'
import { roundRobinAlias } from './pool-config.ts'
import type { BenchReplica, EngineSpeeds, ReplicaWork } from './pool-origins.ts'
import type { ChatsResult, PoolLoad } from './pool-types.ts'
import type { RecallLoad } from './recall-lane.ts'
import type { Admission } from './sluice.ts'
import type { Contender } from './types.ts'

/** The replicas, and what each is like: its memory holds what a quarter of the conversations needs, and little more. */
export const REPLICA_NAMES = ['a', 'b', 'c', 'd'] as const
export const ENGINE: EngineSpeeds = { prefill: 2000, decode: 50, kvTokens: 36_000 }

const CONVERSATIONS = 64
const TENANTS = 8
const TURNS = [4, 6] as const
const SYSTEM_TOKENS = 100
const QUESTION_TOKENS = 300
const ANSWER_TOKENS = 32
const THINK_MS = 1500
const SEED = 7
const IN_FORCE_MS = 10_000

/** Questions asked of a pool of one replica that answers at once. */
const COST_WAYS = ['plain', 'pooled'] as const

export interface PoolOptions {
  readonly rounds: number
  readonly warmMs: number
  readonly measureMs: number
  /** How long a crowd comes. */
  readonly crowdMs: number
  readonly progress: (text: string) => void
  readonly sleep: (ms: number) => Promise<unknown>
}

/** A running Sluice and its replicas, as this lane needs them. */
export interface PoolPlace extends Pick<Contender, 'name' | 'port' | 'headers' | 'pid'> {
  readonly admission: Pick<Admission, 'addTenant'>
  /** Behind the pools, and for round-robin: as many. */
  readonly pooled: readonly BenchReplica[]
  readonly single: readonly BenchReplica[]
}

export interface ChatsRun extends ChatsResult {
  readonly way: 'pool' | 'round-robin'
  /** What each replica did of it. */
  readonly replicas: readonly ReplicaWork[]
}

export interface CostRound {
  readonly way: (typeof COST_WAYS)[number]
  readonly round: number
  readonly p50Ms: number
  readonly cpuMsPerRequest: number
  readonly failures: number
}

/** The same conversations, each way on replicas that know nothing yet. */
export async function chatsRuns(place: PoolPlace, load: PoolLoad, options: PoolOptions): Promise<readonly ChatsRun[]> {
  const tenants = await Promise.all(
    Array.from({ length: TENANTS }, (_, tenant) => place.admission.addTenant(`chats-${tenant}`, [])),
  )
  const ways = [
    { way: 'pool', models: ['chats'], replicas: place.pooled },
    { way: 'round-robin', models: place.single.map((_, index) => roundRobinAlias(index)), replicas: place.single },
  ] as const
  // What keeps tenants apart in the replicas' caches is known to every isolate once the first keys are in force.
  await options.sleep(IN_FORCE_MS)
  const runs: ChatsRun[] = []
  for (const { way, models, replicas } of ways) {
    options.progress(`pool lane: ${CONVERSATIONS} conversations, ${way}`)
    const result = await load({
      kind: 'chats',
      port: place.port,
      tenants,
      models,
      conversations: CONVERSATIONS,
      turns: TURNS,
      systemTokens: SYSTEM_TOKENS,
      questionTokens: QUESTION_TOKENS,
      answerTokens: ANSWER_TOKENS,
      thinkMs: THINK_MS,
      seed: SEED,
    })
    runs.push({ ...result, way, replicas: await Promise.all(replicas.map((replica) => replica.work())) })
  }
  return runs
}

/** One request at a time, through a pool and straight to its one replica, in turn. */
export async function costRounds(
  place: PoolPlace,
  load: RecallLoad,
  { rounds, warmMs, measureMs, progress }: PoolOptions,
): Promise<readonly CostRound[]> {
  const results: CostRound[] = []
  for (let round = 0; round < rounds; round += 1) {
    progress(`pool lane: what a pool costs, round ${round + 1}/${rounds}`)
    for (const way of round % 2 === 0 ? COST_WAYS : COST_WAYS.toReversed()) {
      const job = {
        kind: 'recall',
        port: place.port,
        headers: place.headers,
        model: way,
        opening: 'question',
        first: 0,
        count: 1_000_000,
        stream: false,
        connections: 1,
        warmMs,
        measureMs,
        inAll: null,
      } as const
      const { result, ms } = await metered(
        place,
        () => load(job),
        ({ sent }) => sent,
      )
      const { p50Ms, sent, failures } = result
      results.push({ way, round, p50Ms, cpuMsPerRequest: ms / sent, failures })
    }
  }
  return results
}
