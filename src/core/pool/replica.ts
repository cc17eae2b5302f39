/** One replica as its pool's scheduler sees it: what it has to do, how fast it does it, and whether it has credit for more. No I/O. */
import {
  POOL_CREDIT_GROWTH_MS,
  POOL_CREDIT_MS,
  POOL_CREDIT_PART_MIN,
  POOL_LATE_FACTOR,
  POOL_LATE_MS,
  POOL_OVERLOAD_REST_MS,
  POOL_OVERLOAD_REST_MS_MAX,
} from './limits.ts'
import { PrefillRate } from './prefill-rate.ts'
import { PrefixIndex } from './prefix-index.ts'
import { ReplicaHealth } from './replica-health.ts'
import type { Choice, PoolReplica, PoolRequest, PoolRules, ReplicaView } from './types.ts'

/** A request that is with a replica. */
export interface Lease {
  readonly id: string
  readonly replica: string
  readonly tenant: string
  readonly promptTokens: number
  /** Of those, the ones that it was expected to compute. */
  readonly uncachedTokens: number
  /** What its tenant was charged. */
  readonly cost: number
  /** To correct the index by; empty where too many are held. */
  readonly blocks: Float64Array
  readonly matched: number
  readonly tellsFirst: boolean
  /** Is its tenant one of those that crowd the pool? */
  readonly isCrowding: boolean
  readonly boundMs: number
  /** Null for one that was adopted. */
  readonly choice: Choice | null
}

/** FIFO is assumed of the engine: what is first in line is what it works on. */
export class Replica {
  config: PoolReplica
  #rules: PoolRules
  index: PrefixIndex
  rate: PrefillRate
  readonly health = new ReplicaHealth()
  /** Those whose first content has not come, in the order of their binding. */
  readonly #before = new Map<string, Lease>()
  #uncachedTokens = 0
  #inflightTokens = 0
  #requests = 0
  /** Since when it works on the first in line, and may that be learnt from? */
  #sinceMs = 0
  #isKnown = true
  #creditPart = 1
  #creditMs: number
  #overloads = 0
  #restUntilMs = Number.NEGATIVE_INFINITY
  bound = 0
  promptTokens = 0
  cachedTokens = 0

  constructor(config: PoolReplica, rules: PoolRules, indexBlocks: number, nowMs: number) {
    this.config = config
    this.#rules = rules
    this.index = new PrefixIndex(indexBlocks)
    this.rate = new PrefillRate(configuredRate(config, rules))
    this.#creditMs = nowMs
  }

  get id(): string {
    return this.config.id
  }

  get requests(): number {
    return this.#requests
  }

  /** Has it anything to compute? */
  get isBusy(): boolean {
    return this.#before.size > 0
  }

  /** Has it anything to compute for those who crowd the pool? */
  get isCrowded(): boolean {
    for (const { isCrowding } of this.#before.values()) if (isCrowding) return true
    return false
  }

  get inflightTokens(): number {
    return this.#inflightTokens
  }

  /** Its config or its pool's is another. What was learnt stays, unless it is of another machine. */
  configure(config: PoolReplica, rules: PoolRules, indexBlocks: number): void {
    const before = configuredRate(this.config, this.#rules)
    this.config = config
    this.#rules = rules
    if (configuredRate(config, rules) !== before) this.rate = new PrefillRate(configuredRate(config, rules))
    if (this.index.capacity !== indexBlocks) this.index = new PrefixIndex(indexBlocks)
  }

  serves(model: string): boolean {
    return this.config.models === undefined || this.config.models.includes(model)
  }

  /** Prompt tokens that it would have to compute, given so many matching blocks. */
  uncachedOf({ promptTokens, blocks }: Pick<PoolRequest, 'promptTokens' | 'blocks'>, matched: number): number {
    return matched === 0 ? promptTokens : Math.max(1, promptTokens * (1 - matched / blocks.length))
  }

  /** How long that takes here, once it begins. A replica that is late with what it has will be with the next, too. */
  prefillMs(uncachedTokens: number, nowMs: number): number {
    return this.rate.expectedMs(uncachedTokens) * this.#slowness(nowMs)
  }

  /** Time until it has computed all that it has, by estimate. */
  remainingMs(nowMs: number): number {
    const head = this.#head()
    if (head === undefined) return 0
    const expectedMs = this.rate.expectedMs(head.uncachedTokens)
    const elapsedMs = nowMs - this.#sinceMs
    const behindMs =
      this.rate.stepMs * (this.#before.size - 1) +
      this.rate.expectedMs(this.#uncachedTokens - head.uncachedTokens) -
      this.rate.stepMs
    const slowness = this.#slowness(nowMs)
    // Late, and nothing more is known: it will take as long again as it has taken.
    const headMs = slowness > 1 ? elapsedMs : Math.max(0, expectedMs - elapsedMs)
    return headMs + behindMs * slowness
  }

  /** May this request be bound now? One at least always may. */
  hasCredit(promptTokens: number, nowMs: number): boolean {
    return this.hasRoom(promptTokens) && this.creditAtMs(nowMs) <= nowMs
  }

  /** Is there room for it, whatever there is to compute? */
  hasRoom(promptTokens: number): boolean {
    if (this.#requests >= (this.config.maxRequests ?? Number.POSITIVE_INFINITY)) return false
    // Those that have begun take no more of it: how many of them its memory holds is the engine's to know.
    return this.#before.size === 0 || this.#uncachedTokens + promptTokens <= this.#rules.maxInflightTokens
  }

  /** When it will have credit, if nothing is heard of it till then. */
  creditAtMs(nowMs: number): number {
    if (nowMs < this.#restUntilMs) return this.#restUntilMs
    if (this.#before.size === 0) return nowMs
    const overMs = this.remainingMs(nowMs) - POOL_CREDIT_MS * this.#creditPartAt(nowMs)
    if (overMs < 0) return nowMs
    // A late one does not become less so by waiting, and what is behind the first one waits for it.
    const head = this.#head()
    const headMs = head === undefined ? 0 : this.rate.expectedMs(head.uncachedTokens) - (nowMs - this.#sinceMs)
    return overMs < headMs ? nowMs + overMs + 1 : Number.POSITIVE_INFINITY
  }

  /** When the first in line counts as begun though nothing tells of it; Infinity: it will be told. */
  silentDueMs(): number {
    const head = this.#head()
    if (head === undefined || head.tellsFirst) return Number.POSITIVE_INFINITY
    return this.#sinceMs + this.rate.expectedMs(head.uncachedTokens)
  }

  /** Those that tell nothing and whose time has come count as begun. */
  pass(nowMs: number): void {
    for (let dueMs = this.silentDueMs(); dueMs <= nowMs; dueMs = this.silentDueMs()) {
      const head = this.#head()
      if (head === undefined) return
      this.#leave(head, dueMs)
      this.#isKnown = false
    }
  }

  /** A request is bound to it: its prompt is on its way into the memory. */
  bind(lease: Lease, blocks: Float64Array, isStarted: boolean): void {
    this.index.use(blocks)
    this.#requests += 1
    this.#inflightTokens += lease.promptTokens
    this.bound += 1
    this.health.bound(lease.id, lease.boundMs)
    if (isStarted) return
    if (this.#before.size === 0) {
      this.#sinceMs = lease.boundMs
      this.#isKnown = true
    }
    this.#before.set(lease.id, lease)
    this.#uncachedTokens += lease.uncachedTokens
  }

  /** Its first content has come. */
  first(lease: Lease, nowMs: number): void {
    if (!this.#before.has(lease.id)) return
    if (this.#isKnown && lease === this.#head()) this.rate.learn(lease.uncachedTokens, nowMs - this.#sinceMs)
    this.#leave(lease, nowMs)
    this.#isKnown = true
    this.#overloads = 0
  }

  /** It is with it no longer. */
  release(lease: Lease, nowMs: number): void {
    if (this.#before.has(lease.id)) this.#leave(lease, nowMs)
    this.#requests -= 1
    this.#inflightTokens -= lease.promptTokens
    this.health.released(lease.id)
  }

  /** It has a queue of its own: it is slower than it is taken for, or others ask it, too. */
  queues(nowMs: number): void {
    this.#creditPart = Math.max(POOL_CREDIT_PART_MIN, this.#creditPartAt(nowMs) / 2)
    this.#creditMs = nowMs
  }

  /** It has said that it has too much. */
  overloaded(nowMs: number): void {
    this.queues(nowMs)
    this.#overloads += 1
    this.#restUntilMs = nowMs + Math.min(POOL_OVERLOAD_REST_MS_MAX, POOL_OVERLOAD_REST_MS * this.#overloads)
  }

  isResting(nowMs: number): boolean {
    return nowMs < this.#restUntilMs
  }

  view(nowMs: number): ReplicaView {
    return {
      id: this.id,
      state: this.config.state,
      health: this.health.state(nowMs),
      outUntilMs: this.health.outUntilMs,
      failuresInARow: this.health.failuresInARow,
      requests: this.#requests,
      inflightUncachedTokens: Math.round(this.#uncachedTokens),
      inflightTokens: this.#inflightTokens,
      prefillTokensPerSecond: Math.round(this.rate.tokensPerSecond / this.#slowness(nowMs)),
      indexedBlocks: this.index.size,
      bound: this.bound,
      promptTokens: this.promptTokens,
      cachedTokens: this.cachedTokens,
    }
  }

  #head(): Lease | undefined {
    for (const lease of this.#before.values()) return lease
    return undefined
  }

  #leave(lease: Lease, nowMs: number): void {
    const isHead = lease === this.#head()
    this.#before.delete(lease.id)
    this.#uncachedTokens = this.#before.size === 0 ? 0 : this.#uncachedTokens - lease.uncachedTokens
    if (isHead) this.#sinceMs = Math.max(nowMs, this.#head()?.boundMs ?? nowMs)
  }

  /** How many times slower than expected it is with the first in line; 1 until that is late. */
  #slowness(nowMs: number): number {
    const head = this.#head()
    if (head === undefined || !head.tellsFirst) return 1
    const expectedMs = this.rate.expectedMs(head.uncachedTokens)
    const elapsedMs = nowMs - this.#sinceMs
    return elapsedMs > POOL_LATE_FACTOR * expectedMs + POOL_LATE_MS ? elapsedMs / expectedMs : 1
  }

  #creditPartAt(nowMs: number): number {
    return Math.min(1, this.#creditPart * 2 ** ((nowMs - this.#creditMs) / POOL_CREDIT_GROWTH_MS))
  }
}

const configuredRate = (replica: PoolReplica, rules: PoolRules): number =>
  replica.prefillTokensPerSecond ?? rules.prefillTokensPerSecond
