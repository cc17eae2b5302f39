/** Times and exit codes of the worker program. */

/** Full jitter between attempts to connect: of so much at first, doubled each time, up to the cap, ms. */
export const DIAL_BASE_MS = 500
export const DIAL_CAP_MS = 30_000
/** A connection that lasted so long was a good one: the next attempt is a first one again, ms. */
export const DIAL_GOOD_MS = 5000
/** Longest time until a connection is open and welcome, ms. */
export const DIAL_OPEN_MS = 15_000
/** The line to the gateway is tried so often, and given up after so long a silence, ms. */
export const LINE_PING_MS = 10_000
export const LINE_SILENT_MS = 25_000
/** A config is in force everywhere within 10 s: a pool that is still unknown after so long is none, ms. */
export const POOL_UNKNOWN_MS = 15_000
export const DIAGNOSIS_MS = 10_000
export const ENGINE_MODELS_MS = 10_000
/** Requests that run when the program is told to end have so long, s. */
export const DRAIN_SECONDS_DEFAULT = 120
export const CONCURRENCY_DEFAULT = 16

/** Why the program ended. 3 and 4 do not mend by themselves: a supervisor should not start it again. */
export const EXIT = { drained: 0, cut: 1, usage: 2, token: 3, pool: 4, engine: 5 } as const
