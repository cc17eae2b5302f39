/** The pool lane's figures → tables and the bounds that are accepted or not. No I/O. */
import { BUSY_WAIT_MS } from './pool-config.ts'
import { type BusyRun, type FairRun, SLOW_TIMES, type SlowRun } from './pool-crowds.ts'
import { busyFigures, failures, firstMs, othersP95Ms, slowShares } from './pool-figures.ts'
import type { ChatsRun, CostRound } from './pool-lane.ts'
import type { MeteredPairs } from './pool-pairs.ts'
import { median } from './stats.ts'
import { aligned } from './table.ts'
import { atLeast, atMost, below, type Verdict } from './verdict.ts'

/** What the lane measured. */
export interface PoolResults {
  readonly chats: readonly ChatsRun[]
  readonly fair: readonly FairRun[]
  readonly slow: SlowRun
  readonly busy: BusyRun
  readonly cost: readonly CostRound[]
  readonly pairs: MeteredPairs
}

const CACHED_RATIO_MIN = 2
const LOAD_OVER_MEAN_MAX = 1.5
const FAIR_RATIO_MAX = 1.25
/** What a replica ten times as slow may still be sent: a little over what it can do. */
const SLOW_SHARE_MAX = 0.05
const GOODPUT_MIN = 0.9
/** Of `batch` over what of `interactive` is answered at the first time of asking. */
const BATCH_RATIO_MAX = 0.5
const RETURNED_SHARE_MIN = 0.8
const ADDED_MAX_MS = 0.5
const PAIRS_MIN = 4000

/** The bounds of the acceptance. */
export function poolVerdicts({ chats, fair, slow, busy, cost, pairs }: PoolResults): Verdict[] {
  const [pool, roundRobin] = [wayOf(chats, 'pool'), wayOf(chats, 'round-robin')]
  const figures = busyFigures(busy, BUSY_WAIT_MS)
  // Whoever floods may be refused, the others not.
  const refused = fair.flatMap(({ asked }) => of(asked, 'other')).filter(({ status }) => status === 429)
  const failed = refused.length + sum([...fair, slow], ({ asked }) => failures(asked))
  return [
    atLeast("cached share over round-robin's", cachedShare(pool) / cachedShare(roundRobin), CACHED_RATIO_MIN),
    below("mean to first token over round-robin's", pool.firstMeanMs / roundRobin.firstMeanMs, 1),
    atMost('most requests of a replica over the mean', mostOverMean(pool, 'requests'), LOAD_OVER_MEAN_MAX),
    atMost('most tokens computed by a replica over the mean', mostOverMean(pool, 'computedTokens'), LOAD_OVER_MEAN_MAX),
    atMost(
      "others' p95 to first token beside 10 × its share over that without",
      othersP95Ms(fair, 10) / othersP95Ms(fair, 0),
      FAIR_RATIO_MAX,
    ),
    atMost(
      "others' p95 to first token beside 10 × its share over that beside its share",
      othersP95Ms(fair, 10) / othersP95Ms(fair, 1),
      FAIR_RATIO_MAX,
    ),
    atMost(`requests to a replica ${SLOW_TIMES} × as slow, from 5 s on`, slowShares(slow).after, SLOW_SHARE_MAX),
    atLeast('goodput at 4 × over the capacity', figures.goodput / figures.capacity, GOODPUT_MIN),
    atMost('p99 to first token of those admitted, ms', figures.firstP99Ms, BUSY_WAIT_MS),
    atMost("batch answered over interactive's share", figures.batchShare / figures.interactiveShare, BATCH_RATIO_MAX),
    atLeast('let in of those who came back when told', figures.returnedShare, RETURNED_SHARE_MIN),
    atMost('p50 that a pool adds, ms', addedMs(cost), ADDED_MAX_MS),
    atLeast('pairs of one pool object in a second of CPU', pairs.perCpuSecond, PAIRS_MIN),
    atMost(
      'failures',
      pool.failures + roundRobin.failures + failed + figures.failures + sum(cost, (round) => round.failures),
      0,
    ),
  ]
}

/** The lane as tables. */
export function poolTables({ chats, fair, slow, busy, cost, pairs }: PoolResults): string {
  const shares = slowShares(slow)
  const figures = busyFigures(busy, BUSY_WAIT_MS)
  const ms = (value: number): string => `${value.toFixed(0)} ms`
  return [
    aligned([
      ['conversations', 'requests', 'cached', 'first mean', 'p50', 'p95', 'requests and tokens over the mean'],
      ...chats.map((run) => [
        run.way,
        String(run.requests),
        percent(cachedShare(run)),
        ms(run.firstMeanMs),
        ms(run.firstP50Ms),
        ms(run.firstP95Ms),
        `${mostOverMean(run, 'requests').toFixed(2)}  ${mostOverMean(run, 'computedTokens').toFixed(2)}`,
      ]),
    ]),
    aligned([
      ['beside a tenant at … × its share', "others' p50", 'p95', 'its own p50', 'failed'],
      ...fair.map(({ times, asked }) => [
        String(times),
        ms(firstMs(of(asked, 'other'), 0.5)),
        ms(othersP95Ms(fair, times)),
        times === 0 ? '' : ms(firstMs(of(asked, 'flood'), 0.5)),
        String(failures(asked)),
      ]),
    ]),
    aligned([
      ['share of a replica', 'before', 'in the first 5 s', 'from then on'],
      [`${SLOW_TIMES} × as slow`, percent(shares.before), percent(shares.at), percent(shares.after)],
    ]),
    aligned([
      ['4 × too much', 'capacity', 'goodput', 'first p99', 'interactive', 'batch', 'refused', 'back', 'let in'],
      [
        '',
        `${figures.capacity.toFixed(1)}/s`,
        `${figures.goodput.toFixed(1)}/s`,
        ms(figures.firstP99Ms),
        percent(figures.interactiveShare),
        percent(figures.batchShare),
        String(figures.refused),
        String(figures.returned),
        percent(figures.returnedShare),
      ],
    ]),
    aligned([
      [
        'one at a time',
        'plain p50',
        'pooled p50',
        'added',
        'CPU added',
        'pairs/s of one object',
        'of CPU',
        'waited',
        'p50',
        'p99',
      ],
      [
        '',
        `${p50Ms(cost, 'plain').toFixed(3)} ms`,
        `${p50Ms(cost, 'pooled').toFixed(3)} ms`,
        `${addedMs(cost).toFixed(3)} ms`,
        `${(cpuMs(cost, 'pooled') - cpuMs(cost, 'plain')).toFixed(3)} ms`,
        pairs.perSecond.toFixed(0),
        pairs.perCpuSecond.toFixed(0),
        percent(pairs.queuedShare),
        `${pairs.p50Ms.toFixed(2)} ms`,
        `${pairs.p99Ms.toFixed(2)} ms`,
      ],
    ]),
  ].join('\n\n')
}

function wayOf(chats: readonly ChatsRun[], way: ChatsRun['way']): ChatsRun {
  const run = chats.find((one) => one.way === way)
  if (run === undefined) throw new Error(`the run by ${way} is missing`)
  return run
}

const cachedShare = ({ cachedTokens, promptTokens }: ChatsRun): number => cachedTokens / promptTokens

function mostOverMean({ replicas }: ChatsRun, figure: 'requests' | 'computedTokens'): number {
  const figures = replicas.map((replica) => replica[figure])
  return (Math.max(...figures) * figures.length) / figures.reduce((total, one) => total + one, 0)
}

const p50Ms = (cost: readonly CostRound[], way: CostRound['way']): number =>
  median(cost.filter((round) => round.way === way).map((round) => round.p50Ms))

const cpuMs = (cost: readonly CostRound[], way: CostRound['way']): number =>
  median(cost.filter((round) => round.way === way).map((round) => round.cpuMsPerRequest))

const addedMs = (cost: readonly CostRound[]): number => p50Ms(cost, 'pooled') - p50Ms(cost, 'plain')

const sum = <T>(all: readonly T[], figure: (one: T) => number): number =>
  all.reduce((total, one) => total + figure(one), 0)

const of = <T extends { readonly flow: string }>(asked: readonly T[], flow: string): readonly T[] =>
  asked.filter((one) => one.flow === flow)

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`
