/** What is said of models that are not there or not allowed: the same words wherever one is looked up. No I/O. */
import { type Refusal, refusal } from './errors.ts'
import type { Model } from './snapshot.ts'
import type { Caller } from './tenant.ts'

/** The model that a caller asks for, or why they cannot have it. */
export function modelOf(
  models: ReadonlyMap<string, Model>,
  caller: Pick<Caller, 'mayCall'>,
  alias: string,
): Model | Refusal {
  const model = models.get(alias)
  if (model === undefined) return unknownModel(alias)
  return caller.mayCall(alias) ? model : forbiddenModel(alias)
}

/** No such alias, or none that this caller may know of. Such answers differ by the id alone. */
export const unknownModel = (alias: string): Refusal =>
  refusal('model_not_found', `The model '${alias}' does not exist. GET /v1/models lists the models of this key.`, {
    param: 'model',
  })

/** An alias that exists, but not for this key. */
export const forbiddenModel = (alias: string): Refusal =>
  refusal('model_not_allowed', `This key may not call the model '${alias}'. Ask your operator to allow it.`, {
    param: 'model',
  })

/** Clients heed a `retry-after` and count on one; what only an operator can change is not worth a sooner look. */
const UNPRICED_RETRY_MS = 60_000

/** An alias none of whose targets a limit on money can count. */
export const unpricedModel = (alias: string, limit: string): Refusal =>
  refusal(
    'budget_exceeded',
    `The limit '${limit}' is on money, and no target of the model '${alias}' that could answer has a price. ` +
      'Ask your operator to give one a "price", or to let the config\'s "unknownPrice" be "ignore".',
    { param: 'model', limitedBy: limit, isFutile: true, retryAfterMs: UNPRICED_RETRY_MS },
  )
