/** What an isolate has itself seen of the replicas of origin pools, and a choice by that alone. No I/O. */
import type { PoolConfig, ReplicaConfig } from './config.ts'
import { rendezvous } from './pool/rendezvous.ts'
import type { PoolEnd } from './pool/types.ts'

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

/** A replica as its pool's config has it, or a worker. */
type Named = Pick<ReplicaConfig, 'id' | 'url'>

/** A request that is with a replica. */
export interface LocalLease {
  /** It is there no longer, once. Overload (429, 503) is not failure; who left before it could answer says nothing. */
  release(outcome: PoolEnd['outcome'], nowMs: number): void
}

/**
 * Per isolate: it sees only its own traffic. It watches all of it, and chooses while a pool's object, which sees the
 * traffic of all isolates, is out of reach.
 */
export class Replicas {
  readonly #states = new Map<string, State>()

  /**
   * The better of the two that the prompt's beginning hashes to, so that isolates who cannot agree still send it to the
   * same ones; one in `tried` only when no other is left. Null when none is active.
   */
  choose(
    poolName: string,
    pool: PoolConfig,
    blocks: Float64Array,
    tried: ReadonlySet<string>,
    nowMs: number,
  ): ReplicaConfig | null {
    const active = pool.replicas.filter((replica) => replica.state === 'active')
    const fresh = active.filter((replica) => !tried.has(replica.id))
    const candidates = fresh.length > 0 ? fresh : active
    const healthy = candidates.filter((replica) => this.#state(poolName, replica).outUntilMs <= nowMs)
    // All out means that our picture is wrong more often than that all are down: try one anyway.
    const usable = healthy.length > 0 ? healthy : candidates
    const byId = new Map(usable.map((replica) => [replica.id, replica]))
    const id = rendezvous(blocks, [...byId.keys()], (one) => {
      const replica = byId.get(one)
      return replica === undefined ? 0 : load(this.#state(poolName, replica))
    })
    return byId.get(id ?? '') ?? null
  }

  /** A request of so many prompt tokens goes there. */
  hold(poolName: string, replica: Named, tokens: number): LocalLease {
    const state = this.#state(poolName, replica)
    state.tokensInFlight += tokens
    state.requestsInFlight += 1
    let released = false
    return {
      release: (outcome, nowMs) => {
        if (released) return
        released = true
        state.tokensInFlight -= tokens
        state.requestsInFlight -= 1
        if (outcome === 'failed') judgeFailed(state, nowMs)
        else if (outcome === 'answered' || outcome === 'overloaded') judgeAnswered(state)
      },
    }
  }

  /** Forgets replicas that the config no longer names. */
  keep(names: ReadonlySet<string>): void {
    for (const name of this.#states.keys()) if (!names.has(name)) this.#states.delete(name)
  }

  #state(poolName: string, replica: Named): State {
    const name = replicaName(poolName, replica)
    let state = this.#states.get(name)
    if (state === undefined) {
      state = { tokensInFlight: 0, requestsInFlight: 0, failures: 0, timesOut: 0, outUntilMs: 0 }
      this.#states.set(name, state)
    }
    return state
  }
}

function judgeAnswered(state: State): void {
  state.failures = 0
  state.timesOut = 0
  state.outUntilMs = 0
}

function judgeFailed(state: State, nowMs: number): void {
  state.failures += 1
  // A replica that is back from being out has one trial: the next failure puts it out again, for longer.
  if (state.failures < FAILURES_IN_A_ROW && state.timesOut === 0) return
  state.timesOut += 1
  state.failures = 0
  state.outUntilMs = nowMs + Math.min(OUT_CAP_MS, OUT_BASE_MS * state.timesOut)
}

/** The names of all replicas of a config, for `keep`. */
export function replicaNames(providers: Readonly<Record<string, { readonly pool?: PoolConfig | undefined }>>) {
  const named = Object.entries(providers).map(([name, { pool }]) => pool?.replicas.map((one) => replicaName(name, one)))
  return new Set(named.flatMap((names) => names ?? []))
}

/** The URL is in the name: a replica that moved starts with a clean slate. */
function replicaName(poolName: string, { id, url }: Named): string {
  return `${poolName}/${id}@${url}`
}

const load = (state: State): number => state.tokensInFlight + state.requestsInFlight
