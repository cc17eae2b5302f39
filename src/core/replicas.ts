/** Which replica of an origin pool gets a request: a healthy one with the fewest tokens in flight. No I/O. */
import type { PoolConfig, ReplicaConfig } from './config.ts'

/** Failures in a row after which a replica is left out, and for how long: n times the base, up to the cap. */
const FAILURES_IN_A_ROW = 3
const OUT_BASE_MS = 30_000
const OUT_CAP_MS = 300_000

interface State {
  tokensInFlight: number
  requestsInFlight: number
  failures: number
  timesOut: number
  outUntilMs: number
}

/** A replica, taken until it is given back. */
export interface ReplicaLease {
  readonly replica: ReplicaConfig
  /** Give it back, once. Overload (429, 503) is not failure; who left before it could answer says nothing of it. */
  release(outcome: 'answered' | 'failed' | 'unknown', nowMs: number): void
}

/**
 * Per isolate: it sees only its own traffic. The pool scheduler replaces this behind the same interface with one
 * object per pool, which sees all of it.
 */
export class Replicas {
  readonly #states = new Map<string, State>()

  /** Takes a replica for `tokens` of prompt; one in `tried` only when no other is left. Null when none is active. */
  take(
    poolName: string,
    pool: PoolConfig,
    tokens: number,
    tried: ReadonlySet<string>,
    nowMs: number,
  ): ReplicaLease | null {
    const active = pool.replicas.filter((replica) => replica.state === 'active')
    const fresh = active.filter((replica) => !tried.has(replica.id))
    const candidates = fresh.length > 0 ? fresh : active
    const healthy = candidates.filter((replica) => this.#state(poolName, replica).outUntilMs <= nowMs)
    // All out means that our picture is wrong more often than that all are down: try one anyway.
    const [best] = (healthy.length > 0 ? healthy : candidates)
      .map((replica) => ({ replica, state: this.#state(poolName, replica) }))
      .sort((a, b) => load(a.state) - load(b.state))
    if (best === undefined) return null
    const { replica, state } = best
    state.tokensInFlight += tokens
    state.requestsInFlight += 1
    let released = false
    return {
      replica,
      release: (outcome, endedAtMs) => {
        if (released) return
        released = true
        state.tokensInFlight -= tokens
        state.requestsInFlight -= 1
        if (outcome !== 'unknown') this.#judge(state, outcome, endedAtMs)
      },
    }
  }

  /** Forgets replicas that the config no longer names. */
  keep(names: ReadonlySet<string>): void {
    for (const name of this.#states.keys()) if (!names.has(name)) this.#states.delete(name)
  }

  #judge(state: State, outcome: 'answered' | 'failed', nowMs: number): void {
    if (outcome === 'answered') {
      state.failures = 0
      state.timesOut = 0
      state.outUntilMs = 0
      return
    }
    state.failures += 1
    // A replica that is back from being out has one trial: the next failure puts it out again, for longer.
    if (state.failures < FAILURES_IN_A_ROW && state.timesOut === 0) return
    state.timesOut += 1
    state.failures = 0
    state.outUntilMs = nowMs + Math.min(OUT_CAP_MS, OUT_BASE_MS * state.timesOut)
  }

  #state(poolName: string, replica: ReplicaConfig): State {
    const name = replicaName(poolName, replica)
    let state = this.#states.get(name)
    if (state === undefined) {
      state = { tokensInFlight: 0, requestsInFlight: 0, failures: 0, timesOut: 0, outUntilMs: 0 }
      this.#states.set(name, state)
    }
    return state
  }
}

/** The names of all replicas of a config, for `keep`. */
export function replicaNames(providers: Readonly<Record<string, { readonly pool?: PoolConfig | undefined }>>) {
  const named = Object.entries(providers).map(([name, { pool }]) => pool?.replicas.map((one) => replicaName(name, one)))
  return new Set(named.flatMap((names) => names ?? []))
}

/** The URL is in the name: a replica that moved starts with a clean slate. */
function replicaName(poolName: string, replica: ReplicaConfig): string {
  return `${poolName}/${replica.id}@${replica.url}`
}

const load = (state: State): number => state.tokensInFlight + state.requestsInFlight
