/** Figures of what a crowd's requests came to. No I/O. */
import type { BusyRun, FairRun, SlowRun } from './pool-crowds.ts'
import type { Asked } from './pool-types.ts'
import { percentile } from './stats.ts'

/** Traffic has left a slow replica within so long. */
const SLOW_LEFT_MS = 5000
/** A crowd's first moments are left out: queues are still empty. */
const WARM_SHARE = 0.25

const isAnswered = ({ status }: Asked): boolean => status === 200

/** Percentile of the time to the first content, of those answered, ms. */
export function firstMs(asked: readonly Asked[], share: number): number {
  const times = asked.flatMap((one) => (isAnswered(one) && one.firstMs !== null ? [one.firstMs] : []))
  return percentile(Float64Array.from(times).sort(), share)
}

/** Neither answered nor refused in order. */
export const failures = (asked: readonly Asked[]): number =>
  asked.filter((one) => !isAnswered(one) && !isRefusal(one)).length

/** As a refusal is to be: `queue_timeout`, with when to come again. */
const isRefusal = ({ status, code, retryAfterMs }: Asked): boolean =>
  status === 429 && code === 'queue_timeout' && retryAfterMs !== null

/** p95 of the others' time to the first content beside that tenant, ms. */
export function othersP95Ms(runs: readonly FairRun[], times: number): number {
  const run = runs.find((one) => one.times === times)
  return firstMs(run?.asked.filter(({ flow }) => flow === 'other') ?? [], 0.95)
}

/** Share of the requests that went to the slow replica: before, in the first seconds, and from then on. */
export function slowShares({ replica, slowAtMs, forMs, asked }: SlowRun) {
  const share = (fromMs: number, untilMs: number): number => {
    const those = asked.filter(({ atMs }) => atMs >= fromMs && atMs < untilMs)
    return those.filter((one) => one.replica === replica).length / those.length
  }
  const leftAtMs = slowAtMs + SLOW_LEFT_MS
  return { before: share(0, slowAtMs), at: share(slowAtMs, leftAtMs), after: share(leftAtMs, forMs) }
}

/** How it went when there was too much. */
export function busyFigures({ forMs, full, asked }: BusyRun, boundMs: number) {
  const fromMs = WARM_SHARE * forMs
  const perSecond = (all: readonly Asked[], mostMs: number): number => {
    const begun = all.filter(
      (one) =>
        isAnswered(one) &&
        one.firstMs !== null &&
        one.firstMs <= mostMs &&
        one.atMs + one.firstMs >= fromMs &&
        one.atMs + one.firstMs < forMs,
    )
    return (1000 * begun.length) / (forMs - fromMs)
  }
  const answeredShare = (all: readonly Asked[]): number => all.filter(isAnswered).length / all.length
  const first = asked.filter(({ isReturn }) => !isReturn)
  const late = asked.filter(({ isReturn, atMs }) => isReturn && atMs >= forMs)
  const of = (flow: string): readonly Asked[] => first.filter((one) => one.flow === flow)
  return {
    capacity: perSecond(full, Number.POSITIVE_INFINITY),
    goodput: perSecond(asked, boundMs),
    firstP99Ms: firstMs(asked, 0.99),
    interactiveShare: answeredShare(of('interactive')),
    batchShare: answeredShare(of('batch')),
    refused: asked.filter(isRefusal).length,
    failures: failures(asked),
    /** Of those who came back after the crowd had gone. */
    returned: late.length,
    returnedShare: answeredShare(late),
  }
}
