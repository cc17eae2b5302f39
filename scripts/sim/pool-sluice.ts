/** The pool's own scheduler, as the simulation asks and tells it. No I/O. */
import { Scheduler } from '../../src/core/pool/scheduler.ts'
import type { PoolRequest, PoolRules, Turn } from '../../src/core/pool/types.ts'
import type { Decision, PoolArrival, Router } from './pool-router.ts'

/** Weight of the newest answer in the average that foretells the next. */
const OUTPUT_ALPHA = 0.05
const OUTPUT_TOKENS = 300
/** No prompt and no answer of the simulation outlives its lease: every isolate lives, and renews. */
const RENEW_MS = 10_000

/** It knows what it would know in life: estimates, and what it is told. */
export class Sluice implements Router {
  readonly name = 'sluice'
  readonly #scheduler: Scheduler
  readonly #rules: PoolRules
  readonly #bound = new Set<string>()
  #outputTokens = OUTPUT_TOKENS
  #renewedMs = 0

  constructor(replicas: number, rules: PoolRules, random: () => number) {
    const configs = Array.from({ length: replicas }, (_, index) => ({ id: `${index}`, state: 'active' as const }))
    this.#rules = rules
    this.#scheduler = new Scheduler(rules, configs, { random, nowMs: 0 })
  }

  arrived(arrival: PoolArrival, nowMs: number): readonly Decision[] {
    this.#renew(nowMs)
    const request: PoolRequest = {
      id: arrival.id,
      tenant: arrival.tenant,
      priority: arrival.priority,
      model: 'chat',
      blocks: Float64Array.from(arrival.blocks, (block) => block + 1),
      promptTokens: arrival.estimatedTokens,
      outputTokens: Math.round(this.#outputTokens),
      tellsFirst: true,
      tried: [],
      sinceMs: nowMs,
      maxWaitMs: this.#rules.maxWaitMs,
    }
    return [...this.#decisions([this.#scheduler.acquire(request, nowMs)]), ...this.woken(nowMs)]
  }

  first({ id }: PoolArrival, _: number, nowMs: number): readonly Decision[] {
    this.#scheduler.tell([{ kind: 'first', id }], nowMs)
    return this.woken(nowMs)
  }

  ended(
    { id, promptTokens, outputTokens }: PoolArrival,
    _: number,
    cachedTokens: number,
    nowMs: number,
  ): readonly Decision[] {
    this.#bound.delete(id)
    this.#outputTokens += OUTPUT_ALPHA * (outputTokens - this.#outputTokens)
    const usage = { promptTokens, cachedTokens, outputTokens }
    this.#scheduler.tell([{ kind: 'ended', id, end: { outcome: 'answered', usage } }], nowMs)
    return this.woken(nowMs)
  }

  wakeAtMs(nowMs: number): number | null {
    return this.#scheduler.wakeAtMs(nowMs)
  }

  woken(nowMs: number): readonly Decision[] {
    this.#renew(nowMs)
    return this.#decisions(this.#scheduler.decided(nowMs))
  }

  #renew(nowMs: number): void {
    if (nowMs - this.#renewedMs < RENEW_MS) return
    this.#renewedMs = nowMs
    this.#scheduler.renew([...this.#bound], nowMs)
  }

  #decisions(turns: readonly Turn[]): Decision[] {
    return turns.flatMap((turn): Decision[] => {
      if (turn.kind === 'queued') return []
      const { id } = turn
      if (turn.kind === 'refused') return [{ id, refused: turn.why, retryAfterMs: turn.retryAfterMs }]
      this.#bound.add(id)
      return [{ id, replica: Number(turn.replica) }]
    })
  }
}
