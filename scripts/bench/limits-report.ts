/** The limits lane's figures → a table and the bounds that are accepted or not. No I/O. */
import { type ColdRound, compared, EXACT_WINDOWS, type ExactRun, type HotRound } from './limits-lane.ts'
import { aligned } from './table.ts'
import { atLeast, atMost, type Verdict } from './verdict.ts'

/** What the lane measured. */
export interface LimitsResults {
  readonly hot: readonly HotRound[]
  readonly cold: readonly ColdRound[]
  readonly exact: ExactRun
}

/** Least throughput of a hot tenant over the same without limits, and most questions a request. */
const HOT_RATIO_MIN = 0.9
const HOPS_MAX = 0.05
const COLD_ADDED_MAX_MS = 1

/** The bounds of issue's acceptance: what limits may cost, and that they are exact. */
export function limitsVerdicts({ hot, cold, exact }: LimitsResults): Verdict[] {
  const rates = compared(hot, (round) => round.requestsPerSecond)
  const p50Ms = compared(cold, (round) => round.p50Ms)
  const failures = [...hot, ...cold, exact].reduce((sum, round) => sum + round.failures, 0)
  return [
    atLeast(
      "requests/s of a hot tenant over the same's without limits",
      rates.limited / rates.unlimited,
      HOT_RATIO_MIN,
    ),
    atMost('questions to the ledger a request, hot tenant', hops(hot), HOPS_MAX),
    atMost('p50 that limits add, ms, cold tenant', p50Ms.limited - p50Ms.unlimited, COLD_ADDED_MAX_MS),
    atMost('most in any closed interval over the amount', exact.mostInWindow / exact.amount, 1),
    atLeast(`granted over ${EXACT_WINDOWS} × the amount`, exact.granted / (EXACT_WINDOWS * exact.amount), 1),
    atMost('failures with limits', failures, 0),
  ]
}

/** The lane as a table. */
export function limitsTable(results: LimitsResults): string {
  const { hot, cold, exact } = results
  const rates = compared(hot, (round) => round.requestsPerSecond)
  const p50Ms = compared(cold, (round) => round.p50Ms)
  return aligned([
    ['tenant', 'without', 'with limits', '', 'questions a request'],
    [
      'hot, requests/s',
      rates.unlimited.toFixed(0),
      rates.limited.toFixed(0),
      `× ${(rates.limited / rates.unlimited).toFixed(3)}`,
      share(hops(hot)),
    ],
    [
      'cold, p50 ms',
      p50Ms.unlimited.toFixed(3),
      p50Ms.limited.toFixed(3),
      `+ ${(p50Ms.limited - p50Ms.unlimited).toFixed(3)}`,
      share(hops(cold)),
    ],
    [
      'over half its rate',
      `${exact.offeredPerSecond}/s offered`,
      `${exact.granted} granted`,
      `most ${exact.mostInWindow} of ${exact.amount} in ${exact.perSeconds} s`,
      share(exact.ledgerCalls / exact.sent),
    ],
  ])
}

/** Questions to the ledger a request, of the rounds with limits. */
function hops(rounds: readonly (HotRound | ColdRound)[]): number {
  const limited = rounds.filter((round) => round.limited)
  const sum = (figure: (round: HotRound | ColdRound) => number): number =>
    limited.reduce((total, round) => total + figure(round), 0)
  return sum((round) => round.ledgerCalls) / sum((round) => round.sent)
}

function share(part: number): string {
  return `${(part * 100).toFixed(1)} %`
}
