/** The stage that decides who may answer, and in which order: filter, score, pick. No I/O. */
import { type Refusal, refusal } from '../core/errors.ts'
import type { InferenceRequest } from '../core/inference.ts'
import { unpricedModel } from '../core/models.ts'
import { askedOutputTokens, outputCapOf } from '../core/outputs.ts'
import type { SealedRecord } from '../core/sealed.ts'
import type { DirectorySnapshot, Model, Target } from '../core/snapshot.ts'
import type { TargetHealth } from '../core/target-health.ts'
import { type Caller, ownerOf, placeOf } from '../core/tenant.ts'
import { BYTES_PER_TOKEN } from '../core/usage.ts'
import type { Provider } from '../providers/types.ts'
import { credentialsOf, spareOf, type TargetCredentials } from './credentials.ts'
import { STRATEGIES } from './strategies.ts'

/** A target that may be tried, with what it needs. */
export interface Candidate {
  readonly target: Target
  readonly credentials: TargetCredentials
  /** What to call it with should it refuse those: only where the tenant said that the operator's may stand in. */
  readonly spare?: TargetCredentials
  /** Does the target speak the caller's own protocol, where that is not OpenAI's? */
  readonly isNative: boolean
  /**
   * May it be sent what in the request is bound to a provider (signatures, encrypted reasoning)? Nothing says whose it
   * is, so it goes to one provider only: the first of the model's that speaks this target's protocol.
   */
  readonly keepsBound: boolean
  /** Most tokens that one answer of it may have, where no more is reserved; it must be told. */
  readonly outputCap?: number
}

/** What admission asks of the attempts. */
export interface Terms {
  /** The limit on money because of which only targets with a price may be asked; null: all may. */
  readonly moneyLimit: string | null
  /** Must every target be told a bound on its output? */
  readonly capOutput: boolean
}

/** For whom it is, where that matters to who is asked. */
export interface Asker {
  /** `<tenant>.<generation>`. */
  readonly owner: string
  /** Of the deployment: what tells tenants apart towards engines is made with it. */
  readonly pepper: SealedRecord | null
}

/** The verdict: whom to ask, best first, or why nobody can be asked. */
export type Plan =
  | {
      readonly kind: 'plan'
      readonly model: Model
      readonly candidates: readonly Candidate[]
      readonly asker: Asker
    }
  | { readonly kind: 'refused'; readonly refusal: Refusal; readonly outcome: 'refused' | 'failed' }

/** What routing looks at besides the request. */
export interface RouteServices {
  readonly health: TargetHealth
  readonly providers: ReadonlyMap<string, Pick<Provider, 'operations' | 'natives'>>
  readonly clock: { now(): number }
  readonly random: () => number
}

const NO_TERMS: Terms = { moneyLimit: null, capOutput: false }

/** Orders the targets of the model that can take this request from this caller. */
export function route(
  services: RouteServices,
  deployment: DirectorySnapshot,
  caller: Caller,
  request: InferenceRequest,
  model: Model,
  terms: Terms = NO_TERMS,
): Plan {
  const usable = filter(services, deployment, caller, request, model, terms)
  if ('refusal' in usable) return usable
  const order = STRATEGIES[model.config.strategy](
    usable.map(({ target }) => target),
    {
      bodyBytes: request.bodyBytes,
      maxOutputTokens: askedOutputTokens(request),
      latencyMs: (index) =>
        services.health.latencyMs(usable[index]?.credentials.identity ?? '', request.stream ? 'stream' : 'whole'),
      random: services.random,
    },
  )
  const candidates = order.flatMap((index) => usable[index] ?? [])
  const asker = { owner: ownerOf(placeOf(caller)), pepper: deployment.pepper }
  return { kind: 'plan', model, candidates: preferredFirst(candidates, request.preferredTarget), asker }
}

/** Whose prompt cache is warm comes before the strategy's own choice, which is the order of the rest. */
function preferredFirst(candidates: readonly Candidate[], preferred: string | undefined): readonly Candidate[] {
  const warm = candidates.find(({ target }) => target.id === preferred)
  return warm === undefined ? candidates : [warm, ...candidates.filter((candidate) => candidate !== warm)]
}

type Refused = Extract<Plan, { kind: 'refused' }>

const refuse = (refused: Refusal, outcome: Refused['outcome'] = 'refused'): Refused => ({
  kind: 'refused',
  refusal: refused,
  outcome,
})

/** Drops targets that cannot speak the operation, may not cost money, lack a credential, or whose credential is set aside. */
function filter(
  services: RouteServices,
  snapshot: DirectorySnapshot,
  caller: Caller,
  request: InferenceRequest,
  model: Model,
  { moneyLimit, capOutput }: Terms,
): Candidate[] | Refused {
  const { health, providers, clock } = services
  const speaking = model.targets.filter(
    ({ provider }) => providers.get(provider.protocol)?.operations.includes(request.operation) ?? false,
  )
  // Where nobody counts tokens, it is estimated.
  if (request.operation === 'count_tokens' && speaking.length === 0) return []
  if (speaking.length === 0)
    return refuse(
      refusal(
        'invalid_request',
        `No target of the model '${model.alias}' serves ${request.relay?.path ?? request.operation}. Choose a model that does.`,
        { param: 'model' },
      ),
    )
  const { unsayable } = request.native ?? {}
  const able =
    unsayable === undefined ? speaking : speaking.filter((target) => speaks(services, target, request, model))
  if (unsayable !== undefined && able.length === 0)
    return refuse(refusal('invalid_request', unsayable.message, { param: unsayable.param }))
  const allowed = moneyLimit === null ? able : able.filter(({ price }) => price !== undefined)
  if (moneyLimit !== null && allowed.length === 0) return refuse(unpricedModel(model.alias, moneyLimit))
  const now = clock.now()
  const isDead = (identity: string): boolean => health.isDead(identity, now)
  const candidates = allowed.flatMap((target): Candidate[] => {
    const credentials = credentialsOf(target, caller, snapshot, isDead)
    if (credentials === null || isDead(credentials.identity)) return []
    const more = {
      ...(capOutput ? { outputCap: askedOutputTokens(request) ?? outputCapOf(request, target) } : {}),
      isNative: speaks(services, target, request, model),
      keepsBound: target.providerName === firstOf(model, target.provider.protocol)?.providerName,
    }
    const spare = spareOf(target, caller, snapshot)
    if (spare === null || spare.identity === credentials.identity || isDead(spare.identity))
      return [{ target, credentials, ...more }]
    return [{ target, credentials, spare, ...more }]
  })
  if (candidates.length === 0)
    return refuse(
      refusal(
        'upstream_failed',
        `No target of the model '${model.alias}' is usable: their credentials are missing or were refused. The operator must replace them.`,
      ),
      'failed',
    )
  return preferFitting(candidates, request)
}

const firstOf = ({ targets }: Model, protocol: string): Target | undefined =>
  targets.find(({ provider }) => provider.protocol === protocol)

/** Does the target speak the protocol that the request came in, where that is not OpenAI's? */
function speaks(
  { providers }: RouteServices,
  { provider }: Target,
  { native, stream }: InferenceRequest,
  { config }: Model,
): boolean {
  if (
    native === undefined ||
    native.isTranslated ||
    // Who looks for loops looks in one form.
    (stream && config.repetition !== undefined) ||
    providers.get(provider.protocol)?.natives?.includes(native.form) !== true
  )
    return false
  return native.form !== 'responses' || provider.responses
}

/**
 * Leaves out targets whose window the prompt will not fit by estimate, unless that leaves none: the estimate is crude,
 * and a provider says best itself that a prompt is too long.
 */
function preferFitting(candidates: Candidate[], request: InferenceRequest): Candidate[] {
  const tokens = request.bodyBytes / BYTES_PER_TOKEN
  const fits = ({ target }: Candidate): boolean => target.contextWindow === undefined || tokens <= target.contextWindow
  if (candidates.every(fits)) return candidates
  // Images travel as base64 and weigh nothing like their bytes.
  if (JSON.stringify(request.body).includes('"data:')) return candidates
  const fitting = candidates.filter(fits)
  return fitting.length > 0 ? fitting : candidates
}
