/** What a request may use up, before anybody knows what it will, and how long it may wait for it. No I/O. */
import type { Config } from '../core/config.ts'
import type { Refusal } from '../core/errors.ts'
import { type InferenceRequest, promptBytes } from '../core/inference.ts'
import { promptTokensMax, promptWeight, START, type TextSize, unitsOf } from '../core/ledger/estimates.ts'
import type { Ask, Counter, Learned, Needs } from '../core/ledger/types.ts'
import { RESERVATION_SLACK_MS } from '../core/limits.ts'
import { unpricedModel } from '../core/models.ts'
import type { Price } from '../core/money.ts'
import { answersOf, askedOutputTokens, outputCapOf } from '../core/outputs.ts'
import type { Model, Target } from '../core/snapshot.ts'
import type { Caller, Tenant } from '../core/tenant.ts'
import type { AppliedLimits } from './limits.ts'

/** What the ledger is asked for, and what of it the attempts must keep to. */
export interface RequestNeeds {
  readonly kind: 'needs'
  readonly needs: Needs
  /** The limit on money because of which only targets with a price may be asked; null: all may. */
  readonly moneyLimit: string | null
  /** Send every target a bound on its output? Then what is reserved is the worst case in truth. */
  readonly capOutput: boolean
}

/** What is looked at of a request. */
type Asked = Pick<InferenceRequest, 'operation' | 'body' | 'bodyBytes' | 'bodyChars'>

/** The needs of a request under the limits that apply to it, or a refusal where none of its targets may cost money. */
export function needsOf(
  request: Asked,
  model: Model,
  applied: AppliedLimits,
  unknownPrice: Config['unknownPrice'],
): RequestNeeds | Refusal {
  const moneyLimit = unknownPrice === 'block' ? applied.hasMoney : null
  const targets = moneyLimit === null ? model.targets : model.targets.filter(({ price }) => price !== undefined)
  if (moneyLimit !== null && targets.length === 0) return unpricedModel(model.alias, moneyLimit)

  // To count tokens uses up none; what an endpoint that is only passed on uses up nobody knows before.
  const isFree = request.operation === 'count_tokens' || request.operation === 'relay'
  const size = isFree ? NOTHING : { bytes: request.bodyBytes, chars: request.bodyChars }
  const answers = answersOf(request)
  const bounds = targets.map((target): Bound => {
    const { contextWindow = Number.POSITIVE_INFINITY } = target
    return {
      promptTokens: Math.min(promptTokensMax(size), contextWindow),
      outputTokens: answers === 0 ? 0 : answers * outputTokensMax(request, target, applied.isWorstCase),
    }
  })
  const outputTokens = largest(bounds.map((bound) => bound.outputTokens))
  return {
    kind: 'needs',
    needs: {
      promptWeight: promptWeight(isFree ? NOTHING : likelySize(request)),
      promptTokensMax: largest(bounds.map((bound) => bound.promptTokens)),
      outputTokensMax: Number.isFinite(outputTokens) ? outputTokens : null,
      worstMicroUsd: largest(
        applied.hasMoney === null ? [] : targets.map(({ price }, index) => worstMicroUsd(price, bounds[index])),
      ),
      price: targets.find(({ price }) => price !== undefined)?.price ?? null,
    },
    moneyLimit,
    capOutput: applied.isWorstCase && answers > 0,
  }
}

/**
 * How long a request may wait for its turn: as long as it says itself, within its tenant's policy where there is one;
 * and where it says nothing as long as that policy has it, which is not at all where there is none. Never beyond the
 * time that the caller gives the whole of it: a turn that comes then is of no use.
 */
export function maxWaitMsOf(
  { waitMaxMs }: Pick<Tenant, 'waitMaxMs'>,
  { maxWaitMs, timeoutMs }: Pick<InferenceRequest, 'maxWaitMs' | 'timeoutMs'>,
): number {
  const { POSITIVE_INFINITY } = Number
  return Math.min(maxWaitMs ?? waitMaxMs ?? 0, waitMaxMs ?? POSITIVE_INFINITY, timeoutMs ?? POSITIVE_INFINITY)
}

const NOTHING: TextSize = { bytes: 0, chars: 0 }

/** The most that one target can be made to work. */
interface Bound {
  readonly promptTokens: number
  readonly outputTokens: number
}

/** Without what files are in base64, which is ASCII; the upper bound of a prompt takes them for what they could be. */
function likelySize(request: Asked): TextSize {
  const bytes = promptBytes(request)
  return { bytes, chars: request.bodyChars - (request.bodyBytes - bytes) }
}

/** The caller's bound counts even where it is above the target's: it is what is sent. */
function outputTokensMax(request: Asked, target: Target, isWorstCase: boolean): number {
  const asked = askedOutputTokens(request)
  if (asked !== undefined) return asked
  return isWorstCase ? outputCapOf(request, target) : (target.maxOutputTokens ?? Number.POSITIVE_INFINITY)
}

/** All of the prompt at the dearest of its prices; an unknown price, where that is ignored, costs nothing. */
function worstMicroUsd(price: Price | undefined, bound: Bound | undefined): number {
  if (price === undefined || bound === undefined) return 0
  const { input, cachedInput = input, cacheWrite = input, output } = price
  const cost = bound.promptTokens * Math.max(input, cachedInput, cacheWrite) + bound.outputTokens * output
  // The digits that a double has: what is a whole number must not be rounded up for its last bit.
  return Math.ceil(Number(cost.toPrecision(15)))
}

const largest = (values: readonly number[]): number => Math.max(0, ...values)

/** The question to the ledger. */
export function askOf(
  isolate: string,
  caller: Caller,
  request: InferenceRequest,
  model: Model,
  { counters }: AppliedLimits,
  { needs }: RequestNeeds,
): Ask {
  const { totalMs } = model.config.timeouts
  return {
    id: request.requestId,
    isolate,
    startedAtMs: request.startedAtMs,
    key: caller.key.id,
    model: request.alias,
    counters,
    needs,
    maxWaitMs: maxWaitMsOf(caller.tenant, request),
    lifeMs: Math.min(totalMs, request.timeoutMs ?? totalMs) + RESERVATION_SLACK_MS,
    slices: [],
  }
}

/** What the request takes of each of its counters, as far as this isolate knows. */
export function unitsOfAsk(counters: readonly Counter[], { needs }: RequestNeeds, learned: Learned = START): number[] {
  return counters.map((counter) => unitsOf(counter, needs, learned))
}
