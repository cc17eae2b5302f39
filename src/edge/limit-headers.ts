/** The headers that say how a caller's limits stand: OpenAI's `x-ratelimit-*`, and the IETF's `RateLimit` fields. No I/O. */
import type { Refusal } from '../core/errors.ts'
import type { Counter, Level, LimitState, Unit } from '../core/ledger/types.ts'
import type { ReplyHeaders } from './headers.ts'

/** What does not change from reply to reply while the same limits apply. */
interface Prepared {
  readonly policy: string
  /** By index of the counters: what stands before the changing number in `RateLimit`. */
  readonly items: readonly string[]
  /** By index: the amount, in words of `x-ratelimit-limit-…`. */
  readonly limits: readonly string[]
  /** By index: what the remaining units are a share of. */
  readonly wholes: readonly number[]
}

/** By the list itself: admission hands out the same one for the same caller, alias and user. */
const prepared = new WeakMap<readonly Counter[], Prepared>()

/** Structured fields have no integer of more than 15 digits. */
const INTEGER_MAX = 999_999_999_999_999

/** The draft registers `requests` (its default) and `concurrent-requests`; the others have no name in it yet. */
const QUOTA_UNITS: Readonly<Record<Unit, string>> = {
  requests: '',
  tokens: ';qu="tokens"',
  concurrency: ';qu="concurrent-requests"',
  usd: ';qu="micro-usd"',
}

/**
 * Adds the headers of draft-ietf-httpapi-ratelimit-headers-11 for every limit, and OpenAI's for the one of requests and
 * the one of tokens with the smallest share left. On the path of every reply, so only what changes is made anew:
 * 0.4 µs with four limits, against 2.1 µs without what is kept.
 *
 * Beside a `retry-after` no `t` may name a later moment: the limit that refuses says the same one, and
 * others whose amount is whole again only later say none.
 */
export function limitHeaders(
  headers: ReplyHeaders,
  { counters, levels }: LimitState,
  { retryAfterMs, limitedBy }: Pick<Refusal, 'retryAfterMs' | 'limitedBy'> = {},
): void {
  let of = prepared.get(counters)
  if (of === undefined) {
    of = prepare(counters)
    prepared.set(counters, of)
  }
  if (of.policy === '') return
  headers['ratelimit-policy'] = of.policy
  let all = ''
  let requests = -1
  let requestsShare = Number.POSITIVE_INFINITY
  let tokens = -1
  let tokensShare = Number.POSITIVE_INFINITY
  for (let index = 0; index < levels.length; index += 1) {
    const unit = counters[index]?.of
    const level = levels[index]
    if (unit === undefined || level === undefined) continue
    if (all !== '') all += ', '
    all += `${of.items[index]}${whole(level.remaining)}`
    // A lease has no window: nobody knows when it ends.
    if (unit !== 'concurrency') {
      const isStopping = retryAfterMs !== undefined && counters[index]?.limit === limitedBy
      const t = whole(Math.ceil((isStopping ? retryAfterMs : level.resetMs) / 1000))
      if (retryAfterMs === undefined || t <= Math.ceil(retryAfterMs / 1000)) all += `;t=${t}`
    }
    const share = level.remaining / (of.wholes[index] ?? 1)
    if (unit === 'requests' && isTighter(share, level, requestsShare, levels[requests])) {
      requests = index
      requestsShare = share
    } else if (unit === 'tokens' && isTighter(share, level, tokensShare, levels[tokens])) {
      tokens = index
      tokensShare = share
    }
  }
  if (all !== '') headers.ratelimit = all
  const ofRequests = levels[requests]
  if (ofRequests !== undefined) {
    headers['x-ratelimit-limit-requests'] = of.limits[requests] ?? ''
    headers['x-ratelimit-remaining-requests'] = String(whole(ofRequests.remaining))
    headers['x-ratelimit-reset-requests'] = goDuration(ofRequests.resetMs)
  }
  const ofTokens = levels[tokens]
  if (ofTokens !== undefined) {
    headers['x-ratelimit-limit-tokens'] = of.limits[tokens] ?? ''
    headers['x-ratelimit-remaining-tokens'] = String(whole(ofTokens.remaining))
    headers['x-ratelimit-reset-tokens'] = goDuration(ofTokens.resetMs)
  }
}

function prepare(counters: readonly Counter[]): Prepared {
  return {
    policy: counters.map(policyOf).join(', '),
    items: counters.map(({ limit }) => `"${limit}";r=`),
    limits: counters.map(({ amount }) => String(whole(amount))),
    // What is left of a paced limit is what may come at once. An amount of 0 leaves a share of 0 of anything.
    wholes: counters.map(({ amount, window }) => (window.kind === 'paced' ? window.burst : amount) || 1),
  }
}

/** Names of limits are letters, digits, `.`, `_` and `-`, so they need no escaping. */
function policyOf({ limit, of, amount, window }: Counter): string {
  const item = `"${limit}";q=${whole(amount)}${QUOTA_UNITS[of]}`
  switch (window.kind) {
    case 'sliding':
    case 'paced':
      return `${item};w=${Math.ceil(window.perMs / 1000)}`
    case 'calendar':
      // A day as it mostly is; months are too unlike each other.
      return window.per === 'day' ? `${item};w=86400` : item
    case 'held':
      return item
  }
}

/** Of equal shares the one that takes longer to be whole stands in the way longer. */
function isTighter(share: number, level: Level, leastShare: number, least: Level | undefined): boolean {
  return share < leastShare || (share === leastShare && least !== undefined && level.resetMs > least.resetMs)
}

/** Rounded down: what is said to be left is there. */
const whole = (units: number): number => Math.min(INTEGER_MAX, Math.max(0, Math.floor(units)))

/** As Go's `Duration.String` has it, to the millisecond and rounded up: `12ms`, `1.5s`, `6m0s`, `1h30m0s`. */
export function goDuration(ms: number): string {
  const rounded = Math.min(INTEGER_MAX, Math.ceil(ms))
  if (!(rounded > 0)) return '0s'
  if (rounded < 1000) return `${rounded}ms`
  const seconds = (rounded % 60_000) / 1000
  const minutes = Math.floor(rounded / 60_000)
  if (minutes === 0) return `${seconds}s`
  return minutes < 60 ? `${minutes}m${seconds}s` : `${Math.floor(minutes / 60)}h${minutes % 60}m${seconds}s`
}
