/** A value that an isolate keeps and asks for anew while there is traffic. No I/O of its own. */
/*
 * Requests share the value. A promise of another request is only ever awaited in a race with one's own timer: the
 * request that made it may be reset, and then it never settles, nor does its deadline fire. So a load in flight carries
 * the time it began at and is void after twice its deadline, and whoever has waited in vain loads for itself.
 */
import { type Clock, withDeadline } from './clock.ts'

/** How long a request waits for another one's load before it begins its own. */
const JOIN_MS = 250
/** How many loads of others a request waits for: the second is that of whoever gave up first, so 50 do not begin 50. */
const JOINS_MAX = 2
/** Pause after a failed load, in which a value that may still serve does so at once. */
const RETRY_MS = 500

/** How a value ages. All ages count from when its last load began, for the answer may be as old as the question. */
export interface Ages {
  /** Age at which it is loaded anew in the background, jittered between the two. */
  readonly refreshMinMs: number
  readonly refreshMaxMs: number
  /** Oldest age at which it serves without having been confirmed. */
  readonly freshMs: number
  /** Oldest age at which it serves while it cannot be loaded. */
  readonly staleMs: number
  /** Bound of one load. */
  readonly deadlineMs: number
}

/** What a refreshed value needs of its surroundings. */
export interface Surroundings {
  readonly clock: Clock
  /** Uniform in [0, 1). */
  readonly random: () => number
  /** Keeps work alive after the reply of the request that calls it. */
  readonly background: (work: Promise<unknown>) => void
}

/** A value, kept. */
export interface Refreshed<T> {
  /** The newest value within its ages. Rejects, with the load's own error, only when there is none. */
  readonly get: () => Promise<T>
  /** The same without waiting; undefined where `get` would have to load. */
  readonly peek: () => T | undefined
}

interface Flight {
  readonly beganMs: number
  /** Never rejects. */
  readonly settled: Promise<void>
}

/** Keeps what `load` answers; `load` is given the value so far and may answer with it. */
export function createRefreshed<T extends NonNullable<unknown>>(
  options: Ages & Surroundings & { readonly load: (current: T | undefined) => Promise<T> },
): Refreshed<T> {
  const { load, clock, random, background, refreshMinMs, refreshMaxMs, freshMs, staleMs, deadlineMs } = options
  let value: T | undefined
  let confirmedMs = Number.NEGATIVE_INFINITY
  let refreshMs = Number.NEGATIVE_INFINITY
  let failed: { atMs: number; error: unknown } | undefined
  let flight: Flight | undefined

  const late = (): Error => new Error(`no answer within ${deadlineMs} ms`)

  const within = (ageMs: number): T | undefined => (clock.now() - confirmedMs <= ageMs ? value : undefined)

  const flying = (): Flight | undefined =>
    flight !== undefined && clock.now() - flight.beganMs < 2 * deadlineMs ? flight : undefined

  const attempt = async (beganMs: number): Promise<void> => {
    try {
      const loaded = await withDeadline(clock, deadlineMs, load(value), late)
      // A load that began earlier and took longer knows less.
      if (beganMs < confirmedMs) return
      value = loaded
      confirmedMs = beganMs
      refreshMs = beganMs + refreshMinMs + random() * (refreshMaxMs - refreshMinMs)
      failed = undefined
    } catch (error) {
      if (beganMs < confirmedMs) return
      failed = { atMs: clock.now(), error }
      refreshMs = failed.atMs + RETRY_MS
    }
  }

  const begin = (): Flight => {
    const beganMs = clock.now()
    const own: Flight = {
      beganMs,
      settled: attempt(beganMs).then(() => {
        if (flight === own) flight = undefined
      }),
    }
    flight = own
    background(own.settled)
    return own
  }

  /** Out of reach as far as anybody knows: the last load failed just now, or is being repeated at this moment. */
  const outOfReach = (): boolean => {
    if (failed === undefined) return false
    const nowMs = clock.now()
    return nowMs - failed.atMs < RETRY_MS || (flight !== undefined && nowMs - flight.beganMs < deadlineMs)
  }

  const peek = (): T | undefined => {
    const usable = within(outOfReach() ? staleMs : freshMs)
    if (usable !== undefined && clock.now() >= refreshMs && flying() === undefined) begin()
    return usable
  }

  const get = async (): Promise<T> => {
    const ready = peek()
    if (ready !== undefined) return ready
    let joined: Flight | undefined
    for (let joins = 0; joins < JOINS_MAX; joins++) {
      const others = flying()
      if (others === undefined || others === joined) break
      joined = others
      await settledOr(clock, JOIN_MS, others.settled)
      const loaded = peek()
      if (loaded !== undefined) return loaded
    }
    await begin().settled
    const usable = failed === undefined ? value : within(staleMs)
    if (usable === undefined) throw failed?.error
    return usable
  }

  return { get, peek }
}

/** Resolves when the work settles, or after `ms`. The timer is cleared here, by the request that set it. */
async function settledOr(clock: Clock, ms: number, work: Promise<void>): Promise<void> {
  let cancel = (): void => {}
  const over = new Promise<void>((resolve) => {
    cancel = clock.after(ms, resolve)
  })
  await Promise.race([work, over])
  cancel()
}
