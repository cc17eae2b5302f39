/** A process started by a script: its own group, stopped gently and then hard, and gone even when the script is killed. */
import { type ChildProcess, execFile, type StdioOptions, spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

/** How a process ended. */
export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** A started process. */
export interface Child {
  readonly pid: number
  readonly process: ChildProcess
  /** Settles once, when the process has ended. */
  readonly ended: Promise<Ended>
  /** Asks it to end, waits up to `drainMs`, then kills whatever is left of its group. */
  readonly stop: (drainMs: number) => Promise<void>
}

export interface ChildOptions {
  readonly env?: NodeJS.ProcessEnv
  readonly cwd?: string
  readonly stdio: StdioOptions
}

// Reads one line from the script's pipe. A line means "ended in order"; end of file means that the script died without
// saying so, and then the group is killed. A shell and not Node: it costs 1 MB for as long as the child lives.
const guardSource = 'trap "" INT TERM HUP; if read -r line; then exit 0; fi; kill -s KILL -- "-$1" 2>/dev/null'

/**
 * Starts a process as the leader of a group of its own, so that Ctrl-C reaches the script alone and the script decides
 * the order of the ends. A guard beside it kills the group should the script be killed outright.
 */
export function startChild(command: string, args: readonly string[], options: ChildOptions): Child {
  const child = spawn(command, args, { ...options, detached: true })
  const ended = new Promise<Ended>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }))
    child.once('error', () => resolve({ code: 127, signal: null }))
  })
  const pid = child.pid
  if (pid === undefined) throw new Error(`cannot start ${command}`)
  const guard = spawn('sh', ['-c', guardSource, 'guard', String(pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  guard.unref()
  guard.stdin.on('error', () => {})
  const guardEnded = new Promise<void>((resolve) => {
    guard.once('exit', () => resolve())
    guard.once('error', () => resolve())
  })
  void ended.then(() => {
    killGroup(pid)
    guard.stdin.end('ended\n')
  })
  const stop = async (drainMs: number): Promise<void> => {
    child.kill('SIGTERM')
    await settledWithin(ended, drainMs)
    killGroup(pid)
    await ended
    // It was not to keep the script running; now that the script waits for it, it is.
    guard.ref()
    await guardEnded
  }
  return { pid, process: child, ended, stop }
}

/** Waits for a promise, but no longer than `ms`. */
async function settledWithin(promise: Promise<unknown>, ms: number): Promise<void> {
  const waiting = new AbortController()
  await Promise.race([promise, sleep(ms, undefined, { signal: waiting.signal }).catch(() => {})])
  waiting.abort()
}

/** Kills what is left of a group; a group that is gone is what was wanted. */
function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // Nobody left.
  }
}

/** Whether a process of that number is alive and was started with `word` on its command line. */
export async function isAlive(pid: number, word: string): Promise<boolean> {
  // Slim images of Linux have no ps; a zombie's line is empty, for it has ended and its parent has yet to look.
  if (process.platform === 'linux') {
    const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
    return line !== '' && line.includes(word)
  }
  const listed = await promisify(execFile)('ps', ['-o', 'stat=,command=', '-p', String(pid)]).catch(() => undefined)
  return listed !== undefined && !listed.stdout.startsWith('Z') && listed.stdout.includes(word)
}
