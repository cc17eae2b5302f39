/** CPU time and memory of processes, as Linux accounts them. Elsewhere there is none, and the figures that need it are left out. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'

// USER_HZ: 100 on every Linux that Node runs on, whatever the kernel's own tick.
const TICKS_PER_SECOND = 100

/** User and system time of a process, all threads; NaN where it cannot be told. Counts in steps of 10 ms. */
export function cpuMs(pid: number): number {
  const fields = statOf(pid)
  return ((Number(fields?.[11]) + Number(fields?.[12])) * 1000) / TICKS_PER_SECOND
}

/** Memory of a process that is in RAM, MB; NaN where it cannot be told. */
export function residentMb(pid: number): number {
  return Number(/VmRSS:\s*(\d+) kB/.exec(readText(`/proc/${pid}/status`) ?? '')?.[1]) / 1024
}

/** The process itself, or the one of its descendants that runs the named program. */
export function findProcess(pid: number, program: string): number {
  if (!existsSync('/proc')) return pid
  const parents = new Map<number, number[]>()
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    const parent = Number(statOf(Number(name))?.[1])
    parents.set(parent, [...(parents.get(parent) ?? []), Number(name)])
  }
  const waiting = [pid]
  for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) {
    if (readText(`/proc/${one}/comm`)?.trim() === program) return one
    waiting.push(...(parents.get(one) ?? []))
  }
  return pid
}

/** Fields of /proc/PID/stat after the name, which may hold blanks and brackets itself. */
function statOf(pid: number): string[] | undefined {
  const text = readText(`/proc/${pid}/stat`)
  return text?.slice(text.lastIndexOf(')') + 2).split(' ')
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
