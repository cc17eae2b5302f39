/** What a caller is told whom a limit stops: which one, what it allows, and the way out. No I/O. */
import { type ErrorCode, type Refusal, refusal } from '../core/errors.ts'
import type { Counter, LimitState, Unit, Verdict, Window } from '../core/ledger/types.ts'
import { formatUsd } from '../core/money.ts'

/** What is read of a ledger's refusal. */
type Refused = Pick<Extract<Verdict, { kind: 'refused' }>, 'retryAfterMs' | 'isFutile'>

const CODES: Readonly<Record<Unit, ErrorCode>> = {
  requests: 'rate_limit_exceeded',
  tokens: 'token_limit_exceeded',
  concurrency: 'concurrency_limit_exceeded',
  usd: 'budget_exceeded',
}

/** The ledger does not answer, and nothing may go on without it. */
export const OUT_OF_REACH = refusal(
  'overloaded',
  'The limits of your tenant cannot be checked at the moment. Try again in a second.',
  { retryAfterMs: 1000 },
)
/** The tenant is no more. */
export const GONE = refusal(
  'invalid_api_key',
  'This API key is not valid. Check it, or ask your operator for a new one.',
)

/** The code of a refusal by a limit on this unit. */
export const limitCode = (of: Unit): ErrorCode => CODES[of]

/** The refusal by a limit, at once; of a request that alone is more than the limit, it says so. */
export function limitRefusal(counter: Counter, refused: Refused): Refusal {
  const message = refused.isFutile
    ? `This request alone is more than the ${limitWords(counter)}. ${LESS[counter.of]}`
    : `Reached the ${limitWords(counter)}. ${waitWords(refused)} ${MORE}`
  return refusal(limitCode(counter.of), message, told(counter, refused))
}

/** The refusal of a request that waited for its turn as long as it may. */
export function queueTimeout(counter: Counter, waitedMs: number, refused: Refused): Refusal {
  const message =
    `Waited ${secondsWords(waitedMs)} for the ${limitWords(counter)}, in vain. ${waitWords(refused)} ` +
    "A larger 'x-sluice-max-wait-ms' waits longer, as far as your tenant's policy allows."
  return refusal('queue_timeout', message, told(counter, refused))
}

/** What the headers say. A time that never comes is none. */
function told({ limit }: Counter, { retryAfterMs, isFutile }: Refused): Partial<Refusal> {
  const isKnown = Number.isFinite(retryAfterMs)
  return {
    limitedBy: limit,
    ...(isKnown ? { retryAfterMs } : {}),
    ...(isFutile || !isKnown ? { isFutile: true } : {}),
  }
}

const MORE = 'Ask your operator for a higher limit if you need more.'
const LESS: Readonly<Record<Unit, string>> = {
  requests: MORE,
  concurrency: MORE,
  tokens: `Shorten the prompt, or set 'max_completion_tokens' lower. ${MORE}`,
  usd: `Shorten the prompt, or set 'max_completion_tokens' lower. ${MORE}`,
}

/** In the words of a config: the name, the amount, whom it counts and over which time. Subjects are not named. */
function limitWords({ limit, of, amount, window, scope }: Counter): string {
  const units = of === 'usd' ? `${formatUsd(amount)} USD` : `${amount} ${of === 'concurrency' ? 'requests' : of}`
  return `limit '${limit}' of ${units} ${windowWords(window)} for ${SCOPES[scope]}`
}

const SCOPES: Readonly<Record<Counter['scope'], string>> = {
  tenant: 'your tenant',
  key: 'this key',
  user: 'this user',
  model: 'this model',
}

function windowWords(window: Window): string {
  switch (window.kind) {
    case 'held':
      return 'at once'
    case 'calendar':
      return `a ${window.per} (${window.timeZone})`
    case 'sliding':
    case 'paced':
      return `in ${window.perMs / 1000} s`
  }
}

const waitWords = ({ retryAfterMs }: Refused): string =>
  Number.isFinite(retryAfterMs) ? `Try again in ${secondsWords(retryAfterMs)}.` : 'No wait helps.'

/** Rounded up to a tenth, so that a message never says less than its header. */
const secondsWords = (ms: number): string => `${Math.ceil(ms / 100) / 10} s`

/** Do only tokens or money stand in the way, and would requests and concurrency have had room? */
export function isShort(by: number, { counters, levels }: LimitState): boolean {
  const of = counters[by]?.of
  if (of !== 'tokens' && of !== 'usd') return false
  return counters.every(
    (counter, index) => counter.of === 'tokens' || counter.of === 'usd' || (levels[index]?.remaining ?? 0) >= 1,
  )
}
