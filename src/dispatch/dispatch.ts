/** The stage that gets an answer: attempts, retries, fallback, up to the commit point. */
import type { Refusal } from '../core/errors.ts'
import type { InferenceRequest } from '../core/inference.ts'
import { ATTEMPTS_MAX, RETRY_BASE_MS, RETRY_CAP_MS } from '../core/limits.ts'
import { POOL_REBINDS_MAX } from '../core/pool/line-limits.ts'
import type { PlacedChoice } from '../core/pool/types.ts'
import type { RetryBudget } from '../core/retry-budget.ts'
import type { Answerer, Target } from '../core/snapshot.ts'
import type { TargetHealth } from '../core/target-health.ts'
import type { Usage } from '../core/usage.ts'
import type { Form } from '../core/wire.ts'
import { backoffMs } from '../lib/backoff.ts'
import { sleep } from '../lib/clock.ts'
import type { Candidate, Plan } from '../route/route.ts'
import { type AttemptResult, type AttemptServices, attempt, type UpstreamHeaders } from './attempt.ts'
import { type Continuing, continued } from './continuation.ts'
import { type Fault, nextStep, wasAccepted } from './fault.ts'
import type { Live } from './live-stream.ts'
import { refusalOf } from './refusals.ts'
import { type ReplicaServices, takeReplica } from './replica.ts'

/** What every outcome tells of its attempts. */
export interface Tried {
  /** Upstream calls begun. */
  readonly attempts: number
  /** The target that answered, or was tried last. */
  readonly target: Answerer | null
  /** When the first upstream call was begun, ms since the epoch; null when none was. */
  readonly askedAtMs: number | null
  /** How long it was queued for a replica before that call, ms; absent: not at all. */
  readonly placingMs?: number
  /** How the replica that answered, or was tried last, was chosen; absent where the target has no pool. */
  readonly choice?: PlacedChoice
}

interface Answered extends Tried {
  readonly target: Target
  /** The protocol that it answered in: OpenAI's, or the caller's own. */
  readonly form: Form
  readonly upstream: UpstreamHeaders
  readonly droppedParams: readonly string[]
  /** When the commit point was reached, ms since the epoch. */
  readonly committedAtMs: number
}

/** The verdict of dispatch. */
export type Outcome =
  | (Answered & {
      readonly kind: 'whole'
      readonly body: string | Uint8Array
      readonly usage: Usage | null
      /** Nobody could be asked how many tokens there are. */
      readonly isEstimated?: true
    })
  | (Answered & { readonly kind: 'stream'; readonly live: Live })
  /** `refused`: the caller's doing; `failed`: nobody answered, and `usage` is what the last target has reported. */
  | (Tried & { readonly kind: 'refused' | 'failed'; readonly refusal: Refusal; readonly usage?: Usage | null })
  | (Tried & { readonly kind: 'cancelled' })

/** What dispatch needs of the services. */
export interface DispatchServices extends AttemptServices, ReplicaServices {
  readonly health: TargetHealth
  readonly retryBudget: RetryBudget
  readonly random: () => number
  readonly log: (line: Readonly<Record<string, unknown>>) => void
}

const NO_POOL = { kind: 'placed', lease: null, queuedMs: 0 } as const

/** Asks the plan's candidates in order until one commits, and says what became of it. Never rejects. */
export async function dispatch(
  services: DispatchServices,
  request: InferenceRequest,
  plan: Pick<Extract<Plan, { kind: 'plan' }>, 'model' | 'candidates' | 'asker'>,
  client: AbortSignal,
): Promise<Outcome> {
  const { clock, health, random } = services
  services.retryBudget.request()
  const { timeouts, retries } = plan.model.config
  const upload = request.relay?.upload
  // The model's time is for its answer, so a wait for a turn is not in it. The caller's is for everything.
  const modelsAtMs = clock.now() + timeouts.totalMs
  const totalAtMs = Math.min(modelsAtMs, request.startedAtMs + (request.timeoutMs ?? Number.POSITIVE_INFINITY))
  const firstTokenMs = Math.min(timeouts.firstTokenMs, request.firstTokenMs ?? timeouts.firstTokenMs)
  const isCallers = request.stream ? firstTokenMs < timeouts.firstTokenMs : totalAtMs < modelsAtMs
  const faults: Fault[] = []
  let candidates = [...plan.candidates]
  let attempts = 0
  let askedAtMs: number | null = null
  let target: Target | null = null
  let usage: Usage | null = null
  let placingMs = 0
  let choice: PlacedChoice | undefined
  let rebinds = 0
  const tried = (): Tried => ({ attempts, target, askedAtMs, placingMs, ...(choice === undefined ? {} : { choice }) })

  for (let candidate = candidates.shift(); candidate !== undefined; candidate = candidates.shift()) {
    const { identity } = candidate.credentials
    if (candidates.length > 0 && health.throttles(identity, clock.now(), random())) continue
    target = candidate.target
    usage = null
    const triedReplicas = new Set<string>()
    const sinceMs = clock.now()
    for (let tries = 1; ; tries += 1) {
      const wish = {
        id: `${request.requestId}.${attempts}`,
        asker: plan.asker,
        tried: triedReplicas,
        sinceMs,
        totalAtMs,
      }
      const { pool } = target.provider
      const placed = pool === undefined ? NO_POOL : await takeReplica(services, candidate, request, pool, wish, client)
      if (placed.kind === 'left') return { ...tried(), kind: 'cancelled' }
      const startedAtMs = clock.now()
      if (placed.kind === 'unplaced') {
        faults.push(placed)
        report(services, request, candidate, placed)
        break
      }
      const { lease } = placed
      if (askedAtMs === null) placingMs = placed.queuedMs
      if (lease !== null) choice = { ...lease.choice, replica: lease.replica.id }
      askedAtMs ??= startedAtMs
      attempts += 1
      const isFollowed = attempts - rebinds < ATTEMPTS_MAX && candidates.length > 0 && upload === undefined
      const { repetition } = plan.model.config
      const clocks = {
        headersMs: request.stream ? firstTokenMs : wholeMs(totalAtMs - startedAtMs, isFollowed),
        isCallers,
        idleMs: timeouts.idleMs,
        repetition,
        totalAtMs,
      }
      const result = await attempt(services, candidate, request, clocks, lease, client)
      const now = clock.now()
      if (result.kind === 'fault' && result.fault.kind === 'uncallable') attempts -= 1
      observe(services, identity, result, request, now - startedAtMs)
      if (result.kind !== 'fault') {
        const answered = { ...tried(), ...answer(result, request), target: candidate.target, committedAtMs: now }
        if (answered.kind !== 'stream' || pool?.onBreak !== 'continue') return answered
        const asking = async (again: InferenceRequest, left: AbortSignal): Promise<AttemptResult> => {
          const more = { ...wish, id: `${request.requestId}.${crypto.randomUUID()}`, sinceMs: clock.now() }
          const elsewhere = await takeReplica(services, candidate, again, pool, more, left)
          if (elsewhere.kind === 'placed') return attempt(services, candidate, again, clocks, elsewhere.lease, left)
          return { kind: 'fault', fault: elsewhere.kind === 'left' ? { kind: 'cancelled' } : elsewhere, usage: null }
        }
        const rest = { candidate, request, attempts, totalAtMs, client, ask: observed(services, candidate, asking) }
        return { ...answered, live: continued(services, answered.live, repetition !== undefined, rest) }
      }

      const { fault } = result
      usage = result.usage ?? usage
      if (fault.kind === 'cancelled') return { ...tried(), kind: 'cancelled' }
      faults.push(fault)
      report(services, request, candidate, fault)
      // Whoever has gone has answered nothing: the request goes back to the queue, and no try is spent on it.
      if (fault.kind === 'lost' && rebinds < POOL_REBINDS_MAX && upload?.isTaken !== true) {
        rebinds += 1
        tries -= 1
        continue
      }
      // A prompt that does not fit here may fit where there is more room, and only there.
      if (fault.kind === 'context') candidates = candidates.filter((other) => isRoomier(other.target, candidate.target))
      const { spare, ...again } = candidate
      if (fault.kind === 'credential' && spare !== undefined) candidates.unshift({ ...again, credentials: spare })
      // An upload comes once: whoever was sent it has it, and only a target that could not be called leaves it to the next.
      const isLast = attempts - rebinds >= ATTEMPTS_MAX || upload?.isTaken === true
      if (isLast) candidates = []
      const step = isLast ? 'next-target' : nextStep(fault, tries, candidates.length === 0, retries)
      if (step === 'relay') return { ...tried(), ...refusalOf([fault], plan.model.alias) }
      if (step === 'next-target' || !services.retryBudget.take(now)) break
      const waitMs = waitBefore(fault, tries, random)
      if (now + waitMs >= totalAtMs) break
      await sleep(clock, waitMs, client)
      if (client.aborted) return { ...tried(), kind: 'cancelled' }
    }
    if (clock.now() >= totalAtMs) break
  }
  return { ...tried(), usage, ...refusalOf(faults, plan.model.alias) }
}

/**
 * A whole reply's headers come when the answer is complete, so the first-token clock says nothing of it. An attempt
 * while another target is left gets half of what is left of the total, so that a silent one leaves time for it; on the
 * last target it gets all, since an honest answer may need it.
 */
const wholeMs = (leftMs: number, isFollowed: boolean): number => (isFollowed ? leftMs / 2 : leftMs)

const isRoomier = (other: Target, than: Target): boolean =>
  (other.contextWindow ?? 0) > (than.contextWindow ?? Number.POSITIVE_INFINITY)

function answer(result: Exclude<AttemptResult, { kind: 'fault' }>, { native }: InferenceRequest) {
  const { form, headers: upstream } = result
  // What the canonical form had no place for has reached nobody who was asked in it.
  const isLess = form === 'openai' && native !== undefined && native.dropped.length > 0
  const droppedParams = isLess ? [...new Set([...native.dropped, ...result.droppedParams])] : result.droppedParams
  return result.kind === 'whole'
    ? { kind: result.kind, form, body: result.body, usage: result.usage, upstream, droppedParams }
    : { kind: result.kind, form, live: result.live, upstream, droppedParams }
}

/** A provider's own wait where it named one, else full jitter. */
function waitBefore(fault: Fault, tries: number, random: () => number): number {
  const named = fault.kind === 'rate-limited' || fault.kind === 'failed' ? fault.retryAfterMs : null
  return named ?? backoffMs(tries - 1, RETRY_BASE_MS, RETRY_CAP_MS, random)
}

/** Faults that say nothing of the target. */
const UNTELLING: ReadonlySet<Fault['kind']> = new Set(['cancelled', 'uncallable', 'unsendable', 'lost'])

function observe(
  { health, clock }: DispatchServices,
  identity: string,
  result: AttemptResult,
  request: InferenceRequest,
  tookMs: number,
): void {
  if (result.kind === 'fault' && UNTELLING.has(result.fault.kind)) return
  const now = clock.now()
  health.observe(identity, result.kind !== 'fault' || wasAccepted(result.fault), now)
  if (result.kind !== 'fault') health.observeLatency(identity, request.stream ? 'stream' : 'whole', tookMs)
  else if (result.fault.kind === 'credential') health.markDead(identity, now)
}

/** Attempts that are told of as those before the commit point are. */
function observed(services: DispatchServices, candidate: Candidate, ask: Continuing['ask']): Continuing['ask'] {
  return async (request, left) => {
    const startedAtMs = services.clock.now()
    const result = await ask(request, left)
    observe(services, candidate.credentials.identity, result, request, services.clock.now() - startedAtMs)
    if (result.kind === 'fault') report(services, request, candidate, result.fault)
    return result
  }
}

const CALLERS: ReadonlySet<Fault['kind']> = new Set(['rejected', 'context', 'unsendable', 'cancelled'])

/** Faults of ours or the provider's are told to the operator; the caller's own are not news. */
function report(services: DispatchServices, request: InferenceRequest, candidate: Candidate, fault: Fault): void {
  if (CALLERS.has(fault.kind)) return
  services.log({
    level: 'warn',
    event: fault.kind === 'credential' ? 'credential-set-aside' : 'attempt-failed',
    requestId: request.requestId,
    target: candidate.target.id,
    fault: fault.kind,
    ...('status' in fault && fault.status > 0 ? { status: fault.status } : {}),
    ...('why' in fault ? { why: fault.why } : {}),
    ...('expiry' in fault ? { expiry: fault.expiry } : {}),
    ...(fault.kind === 'credential' ? { credential: candidate.credentials.primary?.name ?? null } : {}),
  })
}
