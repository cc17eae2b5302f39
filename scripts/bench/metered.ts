/** Runs of one contender, measured: CPU time, and whether every request is in the usage. */
import { setTimeout as sleep } from 'node:timers/promises'
import { cpuMs } from './cpu.ts'
import type { Contender } from './types.ts'

/** Usage must be complete so long after the last request's end. */
const USAGE_COMPLETE_MS = 2000
const USAGE_POLL_MS = 50

/** How the usage rows of a run came out; absent where nothing is metered. */
export interface Recorded {
  /** Share of the rows that were durable when the last reply had been read. */
  readonly inWindow: number
  /** All of them were, at most 2 s later. */
  readonly complete: boolean
}

/** Runs a job and takes the CPU time of all it caused: the usage that is written after the replies counts too. */
export async function metered<T>(
  contender: Contender,
  run: () => Promise<T>,
  sentIn: (result: T) => number,
): Promise<{ result: T; ms: number; recorded: { recorded?: Recorded } }> {
  const before = await contender.recorded?.()
  const begun = cpuMs(contender.pid)
  const result = await run()
  if (contender.recorded === undefined || before === undefined) {
    return { result, ms: cpuMs(contender.pid) - begun, recorded: {} }
  }
  const sent = sentIn(result)
  const inWindow = ((await contender.recorded()) - before) / sent
  const deadline = performance.now() + USAGE_COMPLETE_MS
  let rows = 0
  do {
    await sleep(USAGE_POLL_MS)
    rows = (await contender.recorded()) - before
  } while (rows < sent && performance.now() < deadline)
  return { result, ms: cpuMs(contender.pid) - begun, recorded: { recorded: { inWindow, complete: rows === sent } } }
}

/** The same values, beginning with another one. */
export function turned<T>(values: readonly T[], by: number): T[] {
  const at = by % values.length
  return [...values.slice(at), ...values.slice(0, at)]
}
