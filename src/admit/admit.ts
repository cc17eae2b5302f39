/** The stage that lets a request on: at once out of a slice, or by asking its tenant's ledger, waiting for its turn there. */
import type { Config } from '../core/config.ts'
import type { Refusal } from '../core/errors.ts'
import type { Client, InferenceRequest } from '../core/inference.ts'
import type { LocalLimiter } from '../core/ledger/local-limiter.ts'
import type { RoundTrips } from '../core/ledger/round-trips.ts'
import type { Slices } from '../core/ledger/slices.ts'
import type { Ask, AskReply, Charge, LimitState, Verdict } from '../core/ledger/types.ts'
import { ASKS_MAX, WAIT_CONFIRM_MS } from '../core/limits.ts'
import { modelOf } from '../core/models.ts'
import type { Model } from '../core/snapshot.ts'
import { type Caller, ownerOf, placeOf, type TenantPlace } from '../core/tenant.ts'
import { LEFT, orLeft, within } from '../lib/waiting.ts'
import type { TenantStore } from '../stores/types.ts'
import { giveBack } from './give-back.ts'
import { keepLease, type LeaseServices } from './leases.ts'
import { type AppliedLimits, areSame, limitsFor } from './limits.ts'
import { askOf, needsOf, type RequestNeeds, unitsOfAsk } from './needs.ts'
import { GONE, isShort, limitRefusal, OUT_OF_REACH, queueTimeout } from './refusals.ts'

/** What admission stands on. */
export interface AdmitServices extends LeaseServices {
  readonly tenants: Pick<TenantStore, 'admit' | 'turn' | 'withdraw' | 'renew' | 'record'>
  readonly log: (line: Readonly<Record<string, unknown>>) => void
  /** Names this isolate among those that hold slices. */
  readonly isolate: string
  readonly slices: Slices
  readonly roundTrips: RoundTrips
  readonly localLimiter: LocalLimiter
}

/** Somebody let in, under the policy of that moment. */
export interface Admitting {
  readonly deployment: { readonly config: Config; readonly models: ReadonlyMap<string, Model> }
  readonly caller: Caller
}

/** The same a while later: under the policy as it is now, or no longer let in. */
export type Standing =
  | (Admitting & { readonly kind: 'entry' })
  | { readonly kind: 'refused'; readonly refusal: Refusal }

/** What every verdict tells of the limits. */
interface Told {
  /** Null where none apply, or nobody could be asked. */
  readonly limits: LimitState | null
  /** Time waited for its turn. */
  readonly queueMs: number
}

/** The verdict of the stage. */
export type Admission =
  | (Told & {
      readonly kind: 'admitted'
      /** For its row; null where the ledger has a reservation of it, or nothing limits it. */
      readonly charge: Charge | null
      /** What its attempts must keep to: see `RequestNeeds`. */
      readonly moneyLimit: string | null
      readonly capOutput: boolean
      /** To be called at its end, whatever that is. */
      readonly release: () => void
    })
  /** Only tokens or money stand in the way, and nothing was charged: what costs neither may still be had. */
  | (Told & { readonly kind: 'short'; readonly refusal: Refusal })
  | (Told & { readonly kind: 'refused'; readonly refusal: Refusal })
  /** The client left while it was decided. */
  | (Told & { readonly kind: 'cancelled' })

const NOTHING = (): void => {}
const UNTOLD: Told = { limits: null, queueMs: 0 }
const UNLIMITED: Admission = {
  ...UNTOLD,
  kind: 'admitted',
  charge: null,
  moneyLimit: null,
  capOutput: false,
  release: NOTHING,
}

/**
 * Decides about one request. Without limits, or with a slice that holds it, at once and without a promise. Never rejects.
 * When it is not `admitted`, nothing of it stays charged. `apply` says which limits count.
 */
export function admit(
  services: AdmitServices,
  { deployment, caller, again }: Admitting & { readonly again: () => Promise<Standing> },
  request: InferenceRequest,
  model: Model,
  client: Client,
  apply = limitsFor,
): Admission | Promise<Admission> {
  const { config } = deployment
  const applied = apply(config, caller, request.alias, request.user)
  const { counters, setId } = applied
  if (counters.length === 0) return UNLIMITED
  const needed = needsOf(request, model, applied, config.unknownPrice)
  if ('code' in needed) return { ...UNTOLD, kind: 'short', refusal: needed }

  const place = placeOf(caller)
  const owner = ownerOf(place)
  const units = unitsOfAsk(counters, needed, services.slices.learned(owner, request.alias))
  const taken = services.slices.take(owner, setId, units, services.clock.now())
  if (taken === null) {
    const ask = askOf(services.isolate, caller, request, model, applied, needed)
    const asking = { request, model, client: client.signal, again, apply, place, owner, ask, applied, needed, units }
    return new Asking(services, asking).verdict()
  }
  const { moneyLimit, capOutput } = needed
  const limits = { counters, levels: taken.levels, units }
  return { kind: 'admitted', limits, queueMs: 0, charge: taken.charge, moneyLimit, capOutput, release: NOTHING }
}

/** A request that cannot be decided about here. */
interface Case {
  readonly request: InferenceRequest
  readonly model: Model
  readonly client: AbortSignal
  readonly again: () => Promise<Standing>
  readonly apply: typeof limitsFor
  readonly place: TenantPlace
  readonly owner: string
  readonly ask: Ask
  readonly applied: AppliedLimits
  readonly needed: RequestNeeds
  readonly units: readonly number[]
}

/** Its way to a verdict. */
class Asking {
  readonly #services: AdmitServices
  #case: Case
  readonly #beganMs: number
  #isQueued = false

  constructor(services: AdmitServices, of: Case) {
    this.#services = services
    this.#case = of
    this.#beganMs = services.clock.now()
  }

  /** Asks, and once more for every time that the object is lost while it waits; the ledger knows who has asked already. */
  async verdict(): Promise<Admission> {
    const { clock, localLimiter, roundTrips, tenants } = this.#services
    if (this.#case.client.aborted) return this.#cancelled()
    for (let asks = 1; asks <= ASKS_MAX; asks += 1) {
      if (!localLimiter.mayTry(this.#case.owner, clock.now())) return this.#alone(asks > 1)
      const call = this.#admit(roundTrips.deadlineMs(this.#case.owner))
      const reply = await orLeft(call, this.#case.client).catch(() => null)
      if (reply === LEFT) return this.#left(call)
      if (reply === null) break
      if (reply.kind !== 'queued') return this.#said(reply)
      this.#isQueued = true
      const endsMs = clock.now() + this.#waitMs() + roundTrips.deadlineMs(this.#case.owner)
      const turn = tenants.turn(this.#case.place, this.#case.ask.id, endsMs - clock.now())
      const verdict = await this.#turn(turn).catch(() => null)
      if (verdict === LEFT) return this.#left(null)
      if (verdict !== null) return 'queueMs' in verdict ? verdict : this.#said(verdict)
      if (clock.now() >= endsMs) break
    }
    if (localLimiter.failed(this.#case.owner, clock.now()))
      this.#services.log({ level: 'error', event: 'ledger-out-of-reach', tenant: this.#case.place.id })
    return this.#alone(true)
  }

  /** Its turn. Whether it still may, and under which limits, can change in the meantime. */
  async #turn(turn: Promise<Verdict>): Promise<Verdict | Admission | typeof LEFT> {
    for (;;) {
      const verdict = await orLeft(within(this.#services.clock, WAIT_CONFIRM_MS, turn), this.#case.client)
      if (verdict !== undefined) return verdict
      const changed = await this.#confirm()
      if (changed !== null) return changed
    }
  }

  /** What a change of policy makes of it; null while it waits on, at its place, under the limits that hold now. */
  async #confirm(): Promise<Verdict | Admission | null> {
    const before = this.#case
    const { owner, request, model, ask } = before
    const standing = await before.again()
    // That nobody can say is no reason to send away who was let in.
    if (standing.kind === 'refused')
      return standing.refusal.code === 'overloaded' ? null : this.#sentAway('refused', standing.refusal)
    const { config, models } = standing.deployment
    const known = modelOf(models, standing.caller, request.alias)
    if ('code' in known) return this.#sentAway('refused', known)
    const applied = before.apply(config, standing.caller, request.alias, request.user)
    if (areSame(applied, before.applied)) return null
    if (applied.counters.length === 0) {
      this.#withdraw()
      return { ...UNLIMITED, queueMs: this.#queueMs() }
    }
    const needed = needsOf(request, model, applied, config.unknownPrice)
    if ('code' in needed) return this.#sentAway('short', needed)
    const units = unitsOfAsk(applied.counters, needed, this.#services.slices.learned(owner, request.alias))
    this.#case = { ...before, applied, needed, units, ask: { ...ask, counters: applied.counters, needs: needed.needs } }
    const reply = await this.#admit(this.#services.roundTrips.deadlineMs(owner)).catch(() => null)
    // Not heard: it is told at the next look.
    if (reply === null) this.#case = before
    return reply === null || reply.kind === 'queued' ? null : reply
  }

  #sentAway(kind: 'refused' | 'short', reason: Refusal): Admission {
    this.#withdraw()
    return { limits: null, queueMs: this.#queueMs(), kind, refusal: reason }
  }

  /** What was asked must not be granted to nobody. */
  #withdraw(): void {
    const { background, tenants } = this.#services
    background(tenants.withdraw(this.#case.place, this.#case.ask.id).catch(NOTHING))
  }

  /** What is left of its wait. */
  #waitMs(): number {
    return Math.max(0, this.#beganMs + this.#case.ask.maxWaitMs - this.#services.clock.now())
  }

  /** One question. What its answer brings is kept also when nobody waits for it any more. */
  async #admit(deadlineMs: number): Promise<AskReply> {
    const { background, clock, slices, tenants } = this.#services
    const { applied, ask, owner, place } = this.#case
    const askedAtMs = clock.now()
    const reports = slices.reports(owner, askedAtMs)
    let reply: AskReply
    try {
      reply = await tenants.admit(place, { ...ask, maxWaitMs: this.#waitMs(), slices: reports }, deadlineMs)
    } catch (error) {
      slices.lost(owner, reports)
      throw error
    }
    slices.delivered(owner, reports)
    if (reply.kind === 'granted' && reply.slice !== null) {
      slices.put(owner, applied.setId, reply.slice, reply.levels, askedAtMs)
      background(giveBack(this.#services, place, reply.slice.lifeMs))
    }
    return reply
  }

  #said(verdict: Verdict): Admission {
    const { counters } = this.#case.applied
    const queueMs = this.#queueMs()
    if (verdict.kind === 'gone') return { limits: null, queueMs, kind: 'refused', refusal: GONE }
    const limits = { counters, levels: verdict.levels }
    if (verdict.kind === 'refused') return this.#refused(verdict, limits, queueMs)
    this.#services.slices.learn(this.#case.owner, this.#case.ask.model, verdict.learned)
    const release = this.#isHeld() ? keepLease(this.#services, this.#case.place, this.#case.ask.id) : NOTHING
    const units = unitsOfAsk(counters, this.#case.needed, verdict.learned)
    return this.#admitted({ ...limits, units }, null, release)
  }

  #refused(verdict: Extract<Verdict, { kind: 'refused' }>, limits: LimitState, queueMs: number): Admission {
    const by = this.#case.applied.counters[verdict.by]
    if (by === undefined) return { limits, queueMs, kind: 'refused', refusal: OUT_OF_REACH }
    const refused = this.#isQueued ? queueTimeout(by, queueMs, verdict) : limitRefusal(by, verdict)
    return { limits, queueMs, kind: isShort(verdict.by, limits) ? 'short' : 'refused', refusal: refused }
  }

  /** The ledger is out of reach, and this isolate decides by itself, for a part of what the limits allow. */
  #alone(isAsked: boolean): Admission {
    const { clock, localLimiter } = this.#services
    const { owner, ask, units } = this.#case
    if (!localLimiter.take(owner, ask, units, clock.now())) {
      // What was asked may still be heard.
      if (isAsked) this.#withdraw()
      return { limits: null, queueMs: this.#queueMs(), kind: 'refused', refusal: OUT_OF_REACH }
    }
    const release = this.#isHeld() ? () => localLimiter.release(owner, ask, clock.now()) : NOTHING
    return this.#admitted(null, { counters: ask.counters }, release)
  }

  /** The client has left. What it was granted meanwhile is given back, and only then: a withdrawal may not come first. */
  #left(call: Promise<AskReply> | null): Admission {
    const { background, tenants } = this.#services
    const withdraw = (): Promise<void> => tenants.withdraw(this.#case.place, this.#case.ask.id).catch(NOTHING)
    const isKept = ({ kind }: AskReply): boolean => kind === 'granted' || kind === 'queued'
    background(call === null ? withdraw() : call.then((reply) => (isKept(reply) ? withdraw() : undefined), withdraw))
    return this.#cancelled()
  }

  #cancelled(): Admission {
    return { limits: null, queueMs: this.#queueMs(), kind: 'cancelled' }
  }

  #admitted(limits: LimitState | null, charge: Charge | null, release: () => void): Admission {
    const { moneyLimit, capOutput } = this.#case.needed
    return { kind: 'admitted', limits, queueMs: this.#queueMs(), charge, moneyLimit, capOutput, release }
  }

  #queueMs(): number {
    return this.#isQueued ? this.#services.clock.now() - this.#beganMs : 0
  }

  #isHeld(): boolean {
    return this.#case.applied.counters.some(({ window }) => window.kind === 'held')
  }
}
