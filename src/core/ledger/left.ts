/** How limits stand once it is known what a request has used, where they were read when only its estimate was. No I/O. */
import type { Usage } from '../usage.ts'
import { actualUnits } from './estimates.ts'
import type { Level, LimitState } from './types.ts'

/** The levels with what was reserved of tokens and money replaced by what was used of them. */
export function stateAfter(limits: LimitState, usage: Usage | null, costMicroUsd: number | null): LimitState {
  const { counters, levels, units } = limits
  if (units === undefined || !counters.some(({ of }) => of === 'tokens' || of === 'usd')) return limits
  return {
    counters,
    levels: levels.map((level, index): Level => {
      const counter = counters[index]
      if (counter === undefined || (counter.of !== 'tokens' && counter.of !== 'usd')) return level
      const back = (units[index] ?? 0) - actualUnits(counter, usage, costMicroUsd)
      const remaining = Math.min(counter.amount, Math.max(0, Math.floor(level.remaining + back)))
      return { remaining, resetMs: level.resetMs }
    }),
  }
}
