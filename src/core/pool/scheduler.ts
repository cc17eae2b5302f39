/** A pool's scheduler: who gets which replica, and when. The same code runs in the pool's object, in tests and in the simulator. No I/O. */
import { Appointments } from './appointments.ts'
import { affinityOf, explained, type Option } from './choice.ts'
import { LateBinding } from './late-binding.ts'
import { Leases } from './leases.ts'
import { POOL_CACHED_SHARE_MIN, POOL_LEASES_MAX } from './limits.ts'
import { costOf, Placement } from './placement.ts'
import type { Lease, Replica } from './replica.ts'
import { Roster } from './roster.ts'
import { TenantCounters } from './tenant-counters.ts'
import type {
  PoolEnd,
  PoolEvent,
  PoolLease,
  PoolReplica,
  PoolRequest,
  PoolRules,
  PoolScheduler,
  RefusedTurn,
  SchedulerView,
  Turn,
} from './types.ts'
import { Waiting } from './waiting.ts'

type Decided = Exclude<Turn, { kind: 'queued' }>

/** `random` as Math.random. */
export class Scheduler implements PoolScheduler {
  readonly #roster = new Roster()
  readonly #counters = new TenantCounters()
  readonly #waiting = new Waiting(this.#counters)
  readonly #leases = new Leases()
  readonly #placement: Placement
  readonly #line: LateBinding
  /** What has come of those who waited, in order. */
  readonly #decided = new Map<string, Decided>()
  readonly #refused = { full: 0, wait: 0, shed: 0, none: 0 }
  readonly #chosen = { warm: 0, saturated: 0, cold: 0, only: 0 }
  readonly #appointments = new Appointments()
  #nowMs = 0
  #matchedBlocks = 0
  #blocks = 0

  constructor(
    rules: PoolRules,
    replicas: readonly PoolReplica[],
    { random, nowMs }: { readonly random: () => number; readonly nowMs: number },
  ) {
    this.#placement = new Placement(rules, this.#roster, this.#waiting)
    const fates = {
      bind: (request: PoolRequest, replica: Replica, atMs: number): void => {
        const options = this.#placement.options(request, atMs)
        const option = options.find(({ id }) => id === replica.id) ?? this.#placement.option(replica, request, atMs)
        this.#decided.set(request.id, this.#bind(request, option, options, atMs))
      },
      refuse: (request: PoolRequest, why: RefusedTurn['why'], retryAfterMs: number): void =>
        void this.#decided.set(request.id, this.#refusal(request, why, retryAfterMs)),
    }
    this.#line = new LateBinding(this.#roster, this.#waiting, this.#placement, fates, random)
    this.configure(rules, replicas, nowMs)
  }

  configure(rules: PoolRules, replicas: readonly PoolReplica[], nowMs: number): void {
    this.#nowMs = nowMs
    this.#placement.rules = rules
    for (const id of this.#roster.configure(rules, replicas, nowMs)) {
      for (const lease of this.#leases.at(id)) this.#leases.remove(lease.id)
    }
    this.#line.dispatch(nowMs)
  }

  acquire(request: PoolRequest, nowMs: number): Turn {
    this.#pass(nowMs)
    const { id, tenant } = request
    this.#decided.delete(id)
    const lease = this.#leases.get(id)
    if (lease?.choice) {
      this.#leases.renew(id, nowMs)
      return { kind: 'bound', id, replica: lease.replica, choice: lease.choice }
    }
    const known = this.#waiting.get(id)
    if (known !== undefined) return { kind: 'queued', id, expectedMs: this.#line.waitMs(known, nowMs) }
    const options = this.#placement.options(request, nowMs)
    const option = this.#placement.chosen(options, request, nowMs)
    if (option === undefined) return this.#refusal(request, 'none', 0)
    if (this.#leases.size >= POOL_LEASES_MAX) return this.#refusal(request, 'full', option.waitMs)
    const isFree = this.#waiting.at(option.id).size === 0 && option.replica.hasCredit(request.promptTokens, nowMs)
    if (isFree && this.#line.mayTake(option.replica, request, nowMs)) {
      // It, too, passes through the queue: what a tenant was given while nobody waited is not held against it later.
      this.#counters.waits(tenant)
      this.#counters.left(tenant)
      return this.#bind(request, option, options, nowMs)
    }
    this.#line.enqueue(request, option, nowMs)
    const decided = this.#decided.get(id)
    this.#decided.delete(id)
    return decided ?? { kind: 'queued', id, expectedMs: Math.ceil(option.waitMs) }
  }

  tell(events: readonly PoolEvent[], nowMs: number): void {
    this.#pass(nowMs)
    for (const event of events) {
      const lease = this.#leases.get(event.id)
      if (lease === undefined) {
        const waiter = event.kind === 'left' ? this.#waiting.get(event.id) : undefined
        if (waiter !== undefined) this.#waiting.remove(waiter)
      } else if (event.kind === 'first') this.#roster.get(lease.replica)?.first(lease, nowMs)
      else this.#end(lease, event.kind === 'ended' ? event.end : LEFT, nowMs)
      if (event.kind === 'left') this.#decided.delete(event.id)
    }
    this.#line.dispatch(nowMs)
  }

  renew(ids: readonly string[], nowMs: number): void {
    for (const id of ids) this.#leases.renew(id, nowMs)
  }

  adopt(leases: readonly PoolLease[], nowMs: number): void {
    for (const { id, replica: name, tenant, promptTokens, blocks, isStarted } of leases) {
      const replica = this.#roster.get(name)
      if (this.#leases.renew(id, nowMs) || replica === undefined || this.#leases.size >= POOL_LEASES_MAX) continue
      const matched = affinityOf(replica.index.matched(blocks))
      const uncachedTokens = replica.uncachedOf({ promptTokens, blocks }, matched)
      const known = {
        isCrowding: false,
        id,
        replica: name,
        tenant,
        promptTokens,
        uncachedTokens,
        matched,
        boundMs: nowMs,
        tellsFirst: true,
      }
      const lease: Lease = { ...known, cost: 0, blocks: this.#leases.blocksFor(blocks), choice: null }
      replica.bind(lease, blocks, isStarted)
      this.#leases.add(lease, nowMs)
    }
  }

  probed(id: string, isHealthy: boolean, nowMs: number): void {
    this.#nowMs = nowMs
    const replica = this.#roster.get(id)
    if (replica?.health.probed(isHealthy, nowMs)) this.#roster.putOut(replica, nowMs)
    this.#line.dispatch(nowMs)
  }

  reported(id: string, { waiting }: { readonly waiting: number }, nowMs: number): void {
    if (waiting > 0) this.#roster.get(id)?.queues(nowMs)
  }

  decided(nowMs: number): readonly Decided[] {
    this.#pass(nowMs)
    this.#line.dispatch(nowMs)
    if (this.#decided.size === 0) return NOTHING
    const decided = [...this.#decided.values()]
    this.#decided.clear()
    return decided
  }

  wakeAtMs(nowMs: number): number | null {
    if (this.#decided.size > 0) return nowMs
    let atMs = Math.min(this.#leases.nextLapseMs(), this.#waiting.nextDeadlineMs())
    for (const replica of this.#waiting.size === 0 ? [] : this.#roster.all) {
      const moments = [replica.creditAtMs(nowMs), replica.silentDueMs(), replica.health.outUntilMs ?? nowMs]
      for (const dueMs of moments) if (dueMs > nowMs) atMs = Math.min(atMs, dueMs)
    }
    return Number.isFinite(atMs) ? Math.max(nowMs, Math.ceil(atMs)) : null
  }

  get queued(): number {
    return this.#waiting.size
  }

  view(nowMs: number): SchedulerView {
    let oldestMs = nowMs
    for (const { request } of this.#waiting.all()) oldestMs = Math.min(oldestMs, request.sinceMs)
    const { warm, saturated, cold, only } = this.#chosen
    return {
      replicas: this.#roster.all.map((replica) => replica.view(nowMs)),
      queued: this.#waiting.counts,
      longestWaitMs: nowMs - oldestMs,
      bound: warm + saturated + cold + only,
      refused: { ...this.#refused },
      chosen: { ...this.#chosen },
      matchedShare: this.#matchedShare,
    }
  }

  /** What time alone brings about. */
  #pass(nowMs: number): void {
    this.#nowMs = nowMs
    for (const lease of this.#leases.lapsed(nowMs)) this.#end(lease, LEFT, nowMs)
    this.#roster.pass(nowMs)
    this.#line.expire(nowMs)
  }

  #bind(request: PoolRequest, option: Option<Replica>, options: readonly Option<Replica>[], nowMs: number): Decided {
    const { id, tenant, promptTokens, blocks, tellsFirst } = request
    const { replica, matched, uncachedTokens } = option
    const choice = explained(option, options, blocks.length)
    const cost = costOf(request, uncachedTokens)
    const isCrowding = this.#placement.isCrowded && !this.#placement.isLight(request)
    const known = { id, tenant, promptTokens, uncachedTokens, matched, cost, tellsFirst, isCrowding, choice }
    const lease: Lease = { ...known, boundMs: nowMs, replica: replica.id, blocks: this.#leases.blocksFor(blocks) }
    this.#counters.charge(tenant, cost)
    this.#placement.went(request, replica.id)
    replica.bind(lease, blocks, false)
    this.#leases.add(lease, nowMs)
    if (choice.reason !== 'degraded') this.#chosen[choice.reason] += 1
    this.#matchedBlocks += matched
    this.#blocks += blocks.length
    return { kind: 'bound', id, replica: replica.id, choice }
  }

  #refusal({ id, promptTokens }: PoolRequest, why: RefusedTurn['why'], waitMs: number): RefusedTurn {
    this.#refused[why] += 1
    const serviceMs = (promptTokens * (1 - this.#matchedShare)) / this.#roster.tokensPerMs
    const retryAfterMs = why === 'none' ? 0 : this.#appointments.next(waitMs, serviceMs, this.#nowMs)
    return { kind: 'refused', id, why, retryAfterMs }
  }

  get #matchedShare(): number {
    return this.#blocks === 0 ? 0 : this.#matchedBlocks / this.#blocks
  }

  #end(lease: Lease, { outcome, usage }: PoolEnd, nowMs: number): void {
    this.#leases.remove(lease.id)
    const replica = this.#roster.get(lease.replica)
    if (replica === undefined) return
    const { health } = replica
    if (outcome === 'answered') health.answered(lease.id, nowMs)
    if (outcome === 'overloaded') replica.overloaded(nowMs)
    if (outcome === 'lost') replica.index.clear()
    const isTooMuch = outcome === 'failed' && health.failed(lease.id, nowMs)
    replica.release(lease, nowMs)
    if (isTooMuch) this.#roster.putOut(replica, nowMs)
    if (usage !== null) this.#correct(lease, replica, usage)
  }

  /** What it really was: of the tenant's counter, of the index, of the figures. */
  #correct(lease: Lease, replica: Replica, usage: NonNullable<PoolEnd['usage']>): void {
    const { promptTokens, cachedTokens, outputTokens } = usage
    replica.promptTokens += promptTokens
    replica.cachedTokens += cachedTokens
    this.#counters.charge(lease.tenant, costOf({ outputTokens }, promptTokens - cachedTokens) - lease.cost)
    const { blocks, matched } = lease
    const cachedBlocks = Math.floor((blocks.length * cachedTokens) / Math.max(1, promptTokens))
    if (cachedBlocks >= POOL_CACHED_SHARE_MIN * matched) return
    // Its own prompt is there since it was computed, so what is wrong is what others built upon what was not there.
    replica.index.forget(blocks, cachedBlocks)
    replica.index.use(blocks)
  }
}

const LEFT: PoolEnd = { outcome: 'unknown', usage: null }
const NOTHING: readonly Decided[] = []
