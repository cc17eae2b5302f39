/** The pool lane's crowds: one tenant that floods, one replica that is slow, and four times what there is room for. */
import { type PoolAlias, roundRobinAlias } from './pool-config.ts'
import { ENGINE, type PoolOptions, type PoolPlace } from './pool-lane.ts'
import type { Asked, Flow, PoolLoad } from './pool-types.ts'

const PROMPT_TOKENS = 1000
const ANSWER_TOKENS = 8
const SEED = 70

/** Tenants that want less than their share, and the one that wants so many times its own. */
const OTHERS = 3
const OTHERS_LOAD = 0.8
const FLOOD_TIMES = 10
/** What comes while one replica is slow, over what all of them can do. */
const SLOW_LOAD = 0.5
export const SLOW_TIMES = 10
/** Of the time that the crowd comes; the pool has SLOW_LEFT_MS from then on. */
const SLOW_FROM = 0.3
/** What comes when it is too much, over what there is room for; half of it is `batch`. */
const BUSY_LOAD = 4
/** Requests at a time on each replica that tell what it can do at most. */
const FULL_AT_ONCE = 4

/** How others were served beside the one tenant. */
export interface FairRun {
  /** What it wanted, in times of its share; 0: it was not there. */
  readonly times: number
  readonly asked: readonly Asked[]
}

export interface SlowRun {
  readonly replica: string
  /** Since the crowd came. */
  readonly slowAtMs: number
  readonly forMs: number
  readonly asked: readonly Asked[]
}

export interface BusyRun {
  readonly forMs: number
  /** Four requests at a time on each replica, by itself. */
  readonly full: readonly Asked[]
  readonly asked: readonly Asked[]
}

/** Requests/s that so many replicas can begin at most. */
const capacityOf = ({ pooled }: PoolPlace): number => (pooled.length * ENGINE.prefill) / PROMPT_TOKENS

const flowOf = (name: string, model: string, headers: Flow['headers'], pace: Flow['pace']): Flow => ({
  name,
  model,
  headers,
  pace,
  promptTokens: PROMPT_TOKENS,
  answerTokens: ANSWER_TOKENS,
})

/** Others under their share: alone, beside a tenant at its share, and beside the same at ten times that. */
export async function fairRuns(place: PoolPlace, load: PoolLoad, options: PoolOptions): Promise<readonly FairRun[]> {
  const { addTenant } = place.admission
  const share = capacityOf(place) / (OTHERS + 1)
  const model: PoolAlias = 'fair'
  const others = await Promise.all(
    Array.from({ length: OTHERS }, async (_, index) =>
      flowOf('other', model, await addTenant(`other-${index}`, []), { perSecond: OTHERS_LOAD * share }),
    ),
  )
  const flooding = await addTenant('flood', [])
  const runs: FairRun[] = []
  for (const times of [0, 1, FLOOD_TIMES]) {
    options.progress(`pool lane: ${OTHERS} tenants beside one at ${times} × its share`)
    const flood = times === 0 ? [] : [flowOf('flood', model, flooding, { perSecond: times * share })]
    const flows = [...others, ...flood]
    const { asked } = await load({ ...crowd(place, options), flows, isPatient: false })
    runs.push({ times, asked })
  }
  return runs
}

/** One replica becomes slow while requests come. */
export async function slowRun(place: PoolPlace, load: PoolLoad, options: PoolOptions): Promise<SlowRun> {
  const [replica] = place.pooled
  if (replica === undefined) throw new Error('there is no replica to slow down')
  options.progress(`pool lane: a replica becomes ${SLOW_TIMES} × as slow`)
  const headers = { ...(await place.admission.addTenant('slow', [], { debug: true })), 'x-sluice-debug': '1' }
  const model: PoolAlias = 'slow'
  const flows = [flowOf('all', model, headers, { perSecond: SLOW_LOAD * capacityOf(place) })]
  const slowAtMs = SLOW_FROM * options.crowdMs
  const [{ asked }] = await Promise.all([
    load({ ...crowd(place, options), flows, isPatient: false }),
    options.sleep(slowAtMs).then(() => replica.slow(SLOW_TIMES)),
  ])
  await replica.slow(1)
  return { replica: replica.id, slowAtMs, forMs: options.crowdMs, asked }
}

/** Four times what there is room for, and whoever is refused comes back once, when told. */
export async function busyRun(place: PoolPlace, load: PoolLoad, options: PoolOptions): Promise<BusyRun> {
  const headers = await place.admission.addTenant('busy', [])
  const all = crowd(place, options)
  options.progress('pool lane: what the replicas can do at most')
  const singles = place.single.map((_, index) =>
    flowOf('full', roundRobinAlias(index), headers, { atOnce: FULL_AT_ONCE }),
  )
  const full = await load({ ...all, flows: singles, isPatient: false })
  options.progress(`pool lane: ${BUSY_LOAD} × as much`)
  const perSecond = (BUSY_LOAD * capacityOf(place)) / 2
  const model: PoolAlias = 'busy'
  const flows = (['interactive', 'batch'] as const).map((priority) =>
    flowOf(priority, model, { ...headers, 'x-sluice-priority': priority }, { perSecond }),
  )
  const { asked } = await load({ ...all, flows, isPatient: true })
  return { forMs: options.crowdMs, full: full.asked, asked }
}

const crowd = ({ port }: PoolPlace, { crowdMs }: PoolOptions) =>
  ({ kind: 'crowd', port, forMs: crowdMs, seed: SEED }) as const
