/** The recall lane's part about memory: what a process holds after so many distinct answers that were all kept. */
import { jobOf, type RecallLoad, type RecallOptions, type Way } from './recall-lane.ts'
import type { Contender } from './types.ts'

const CONNECTIONS = 16
const STEPS = 10

/** Memory after so many answers. */
export interface MemoryStep {
  readonly answers: number
  readonly mb: number
}

export interface MemoryResults {
  readonly steps: readonly MemoryStep[]
  readonly failures: number
  readonly requestsPerSecond: number
}

/** Asks for so many distinct answers on one isolate. `residentMb`: of its process. */
export async function memoryRun(
  sluice: Contender,
  load: RecallLoad,
  options: RecallOptions,
  answers: number,
  residentMb: (pid: number) => number,
): Promise<MemoryResults> {
  const step = Math.ceil(answers / STEPS)
  const steps: MemoryStep[] = [{ answers: 0, mb: residentMb(sluice.pid) }]
  let failures = 0
  let seconds = 0
  for (let asked = 0; asked < answers; asked += step) {
    const way: Way = {
      name: 'store',
      contender: sluice,
      kind: 'miss',
      model: 'distinct',
      questions: () => [asked, step],
    }
    const result = await load({ ...jobOf(way, CONNECTIONS, options), warmMs: 0, inAll: step })
    failures += result.failures
    seconds += result.counted / result.requestsPerSecond
    steps.push({ answers: asked + step, mb: residentMb(sluice.pid) })
    options.progress(`memory lane: ${asked + step} answers, ${Math.round(residentMb(sluice.pid))} MB`)
  }
  return { steps, failures, requestsPerSecond: (step * (steps.length - 1)) / seconds }
}
