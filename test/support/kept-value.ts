/** A refreshed value under test, with its clock and its source in the test's hand. */
import { createRefreshed } from '../../src/lib/refreshed.ts'
import { manualClock } from './manual-clock.ts'

export const AGES = { refreshMinMs: 4000, refreshMaxMs: 6000, freshMs: 9000, staleMs: 30_000, deadlineMs: 2000 }
/** The answer to a request that was reset. */
export const NEVER = new Promise<never>(() => {})

/** A value under test; `source` answers its loads, and may be changed while the test runs. */
export function kept(options: { random?: number; ages?: Partial<typeof AGES> } = {}) {
  const clock = manualClock()
  const state = {
    clock,
    loads: 0,
    given: [] as (string | undefined)[],
    background: [] as Promise<unknown>[],
    source: async (): Promise<string> => `v${state.loads}`,
  }
  const value = createRefreshed<string>({
    ...AGES,
    ...options.ages,
    clock,
    random: () => options.random ?? 0.5,
    background: (work) => void state.background.push(work),
    load(current) {
      state.loads += 1
      state.given.push(current)
      return state.source()
    },
  })
  return Object.assign(state, value)
}
