/** What this isolate has seen of each target: dead credentials, overload, latency. Arithmetic only, no I/O. */
import { DEAD_CREDENTIAL_MS, THROTTLE_REQUESTS_MIN, THROTTLE_WINDOW_MS } from './limits.ts'

/** Weight of the newest sample in the latency average. */
const LATENCY_ALPHA = 0.2
/** The throttle's window slides in steps of this share. */
const SLICES = 12
/** Targets × credentials remembered; the oldest goes first. */
const KEYS_MAX = 2000

interface State {
  deadUntilMs: number
  /** Slice number → requests and accepts in it. */
  slices: { slice: number; requests: number; accepts: number }[]
  firstTokenMs: number | undefined
  replyMs: number | undefined
}

/**
 * Keyed by (target, credential, version), so that one tenant's bad key never takes a target from others. Held per
 * isolate: each learns by itself, which costs a few calls and needs no hop.
 */
export class TargetHealth {
  readonly #states = new Map<string, State>()

  /** A credential answered 401 or 403: leave it alone for a while, or until its version (and so the key) changes. */
  markDead(key: string, nowMs: number): void {
    this.#state(key).deadUntilMs = nowMs + DEAD_CREDENTIAL_MS
  }

  isDead(key: string, nowMs: number): boolean {
    return (this.#states.get(key)?.deadUntilMs ?? 0) > nowMs
  }

  /**
   * Counts an attempt for the throttle. `accepted` is false when the target turned it away for load or could not be
   * reached at all; an answer that says 500 was still accepted, retries deal with it.
   */
  observe(key: string, accepted: boolean, nowMs: number): void {
    const slice = Math.floor(nowMs / (THROTTLE_WINDOW_MS / SLICES))
    const state = this.#state(key)
    let last = state.slices.at(-1)
    if (last === undefined || last.slice !== slice) {
      last = { slice, requests: 0, accepts: 0 }
      state.slices.push(last)
      while ((state.slices[0]?.slice ?? slice) <= slice - SLICES) state.slices.shift()
    }
    last.requests += 1
    if (accepted) last.accepts += 1
  }

  /**
   * Client-side throttle of the SRE book (ch. 21): reject locally with `max(0, (requests − 2·accepts)/(requests + 1))`
   * over two minutes. Below THROTTLE_REQUESTS_MIN there is too little to tell.
   */
  throttles(key: string, nowMs: number, random: number): boolean {
    const state = this.#states.get(key)
    if (state === undefined || state.slices.length === 0) return false
    const oldest = Math.floor(nowMs / (THROTTLE_WINDOW_MS / SLICES)) - SLICES
    let requests = 0
    let accepts = 0
    for (const slice of state.slices) {
      if (slice.slice <= oldest) continue
      requests += slice.requests
      accepts += slice.accepts
    }
    if (requests < THROTTLE_REQUESTS_MIN) return false
    return random < (requests - 2 * accepts) / (requests + 1)
  }

  /** Time to the first content of a stream, or to the whole of a whole reply: two averages, they do not compare. */
  observeLatency(key: string, form: 'stream' | 'whole', ms: number): void {
    const state = this.#state(key)
    const field = form === 'stream' ? 'firstTokenMs' : 'replyMs'
    const before = state[field]
    state[field] = before === undefined ? ms : before + LATENCY_ALPHA * (ms - before)
  }

  /** Recent latency, ms; undefined while untried. */
  latencyMs(key: string, form: 'stream' | 'whole'): number | undefined {
    const state = this.#states.get(key)
    return form === 'stream' ? state?.firstTokenMs : state?.replyMs
  }

  #state(key: string): State {
    const known = this.#states.get(key)
    if (known !== undefined) return known
    const oldest = this.#states.size >= KEYS_MAX ? this.#states.keys().next().value : undefined
    if (oldest !== undefined) this.#states.delete(oldest)
    const state: State = { deadUntilMs: 0, slices: [], firstTokenMs: undefined, replyMs: undefined }
    this.#states.set(key, state)
    return state
  }
}
