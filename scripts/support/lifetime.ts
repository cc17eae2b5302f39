/** The end of a script: whatever it started is stopped in reverse order, once, on every way out. */

/** How long requests in flight may take to end after the signal; the contract allows 5 s, and 6 s for all of the stop. */
export const DRAIN_MS = 4500
/** What even the last is given. */
const DRAIN_LEAST_MS = 200
const PARENT_CHECK_MS = 100

/** What a script hands its ends to. */
export interface Lifetime {
  /** Registers something to stop; the last registered is stopped first. */
  readonly onStop: (stop: (drainMs: number) => Promise<void>) => void
  /** Stops everything and exits. A second call changes nothing. */
  readonly stop: (exitCode: number) => Promise<void>
  readonly stopping: () => boolean
}

export interface LifetimeParts {
  readonly exit: (code: number) => void
  readonly on: (event: string, listener: () => void) => void
  readonly now: () => number
  readonly parent: () => number
  /** Under npm the parent is npm or its shell, and its death means that nobody is left to stop us. */
  readonly watchParent: boolean
}

/** Binds a lifetime to this process: Ctrl-C, SIGTERM, SIGHUP, a failure, and the death of npm. */
export function processLifetime(): Lifetime {
  // A reader that has gone away is no reason to leave anything running.
  process.stdout.on('error', () => {})
  process.stderr.on('error', () => {})
  return createLifetime({
    exit: (code) => process.exit(code),
    on: (event, listener) => {
      process.on(event, listener)
    },
    now: () => performance.now(),
    parent: () => process.ppid,
    watchParent: process.env.npm_lifecycle_event !== undefined,
  })
}

/** A lifetime over the given parts. */
export function createLifetime(parts: LifetimeParts): Lifetime {
  const stops: ((drainMs: number) => Promise<void>)[] = []
  let stopping = false
  let drainMs = DRAIN_MS

  const stop = async (exitCode: number): Promise<void> => {
    if (stopping) return
    stopping = true
    for (const end of stops.reverse()) {
      const begun = parts.now()
      await end(drainMs).catch(() => {})
      // One allowance for all of them: what the first took, the next no longer has.
      drainMs = Math.max(DRAIN_LEAST_MS, drainMs - (parts.now() - begun))
    }
    parts.exit(exitCode)
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) parts.on(signal, () => void stop(0))
  if (parts.watchParent) {
    const parent = parts.parent()
    setInterval(() => {
      if (parts.parent() !== parent) void stop(1)
    }, PARENT_CHECK_MS).unref()
  }
  return { onStop: (end) => stops.push(end), stop, stopping: () => stopping }
}
