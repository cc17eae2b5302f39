/** The replicas of a pool: which there are, which of them a request may go to, and how many may be out. No I/O. */
import { POOL_BLOCKS_MAX, POOL_BUSY_MS, POOL_OUT_SHARE_MAX, POOL_PREFILL_WEIGHT } from './limits.ts'
import { PrefillRate } from './prefill-rate.ts'
import { configuredRate, Replica } from './replica.ts'
import type { PoolReplica, PoolRequest, PoolRules } from './types.ts'

/** In the order of the config. */
export class Roster {
  #replicas = new Map<string, Replica>()
  #list: readonly Replica[] = []
  /** By what the config says: those that are told alike are taken to be alike until they show otherwise. */
  #sharedRates = new Map<number, PrefillRate>()
  #busyShare = 0
  #passedMs = Number.NEGATIVE_INFINITY

  get all(): readonly Replica[] {
    return this.#list
  }

  get(id: string): Replica | undefined {
    return this.#replicas.get(id)
  }

  /** Answers with the ids of those that are gone. */
  configure(rules: PoolRules, configs: readonly PoolReplica[], nowMs: number): string[] {
    const before = this.#replicas
    const shared = this.#sharedRates
    this.#sharedRates = new Map()
    this.#replicas = new Map()
    const most = Math.floor(POOL_BLOCKS_MAX / Math.max(1, configs.length))
    for (const config of configs) {
      const blocks = Math.max(1, Math.min(most, Math.floor((config.kvTokens ?? rules.kvTokens) / rules.blockTokens)))
      const known = before.get(config.id)
      const told = configuredRate(config, rules)
      const rate = this.#sharedRates.get(told) ?? shared.get(told) ?? new PrefillRate(told)
      this.#sharedRates.set(told, rate)
      known?.configure(config, rules, blocks, rate)
      this.#replicas.set(config.id, known ?? new Replica(config, rules, blocks, rate, nowMs))
    }
    this.#list = [...this.#replicas.values()]
    return [...before.keys()].filter((id) => !this.#replicas.has(id))
  }

  /** Prompt tokens that all of those who take any compute in a ms, as learnt; never 0. */
  get tokensPerMs(): number {
    const active = this.#list.filter(({ config }) => config.state === 'active')
    return (
      Math.max(
        1,
        active.reduce((sum, { rate }) => sum + rate.tokensPerSecond, 0),
      ) / 1000
    )
  }

  /** What a ms of prefill weighs against a ms of waiting, at least 1. */
  get prefillWeight(): number {
    return 1 + POOL_PREFILL_WEIGHT * this.#busyShare ** 2
  }

  /** Time has passed in which what is busy now was busy. */
  pass(nowMs: number): void {
    let busy = 0
    for (const replica of this.#list) {
      replica.pass(nowMs)
      if (replica.isBusy) busy += 1
    }
    const kept = Math.exp((this.#passedMs - nowMs) / POOL_BUSY_MS)
    this.#busyShare = kept * this.#busyShare + (1 - kept) * (busy / Math.max(1, this.#list.length))
    this.#passedMs = nowMs
  }

  /** Replicas that a request may go to; none where no active one serves its model. */
  eligible({ model, tried }: Pick<PoolRequest, 'model' | 'tried'>, nowMs: number): readonly Replica[] {
    const serving = this.#list.filter((replica) => replica.config.state === 'active' && replica.serves(model))
    // All out: all in. Whoever fails open may be wrong, whoever fails closed is.
    const open = preferred(serving, ({ health }) => health.isOpen(nowMs))
    const untried = tried.length === 0 ? open : preferred(open, ({ id }) => !tried.includes(id))
    return preferred(untried, (replica) => !replica.isResting(nowMs))
  }

  /** Leaves a replica alone for a while, unless too many are already. */
  putOut(replica: Replica, nowMs: number): void {
    const active = this.#list.filter(({ config }) => config.state === 'active')
    const out = active.filter((other) => other !== replica && other.health.state(nowMs) !== 'ok')
    if (out.length + 1 > POOL_OUT_SHARE_MAX * active.length) return
    replica.health.out(nowMs)
    // It was most likely started anew; and whoever is back is not to be overrun by what it had once.
    replica.index.clear()
  }
}

/** Those that are as wished, or all where none is. */
function preferred(replicas: readonly Replica[], isWished: (replica: Replica) => boolean): readonly Replica[] {
  const wished = replicas.filter(isWished)
  return wished.length > 0 ? wished : replicas
}
