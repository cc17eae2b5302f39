/** Who may use the admin API: the bearer of its token. Wrong tokens are counted by address. */
import type { MiddlewareHandler } from 'hono'
import { ADMIN_ADDRESSES_MAX, ADMIN_FAILURES_MAX, ADMIN_FAILURES_WINDOW_MS } from '../core/limits.ts'
import { BoundedMap } from '../lib/bounded-map.ts'
import { sameText, sha256Hex } from '../lib/hash.ts'
import { refuse } from './errors.ts'
import type { AdminEnv } from './routing.ts'

/** How the audit log names the bearer of each token. */
const ACTORS = ['admin/current', 'admin/previous']
/** Bare workerd names no address and a development proxy its own: all callers share one count there. */
const SHARED = 'shared'
const LOOPBACK = /^(127\.|::1$|::ffff:127\.)/

/** Lets the bearer of a token through. Failures are remembered for this guard's life, which is its isolate's. */
export function guard(): MiddlewareHandler<AdminEnv> {
  const failures = new BoundedMap<string, readonly number[]>(ADMIN_ADDRESSES_MAX)
  return async (c, next) => {
    const { adminTokens, clock } = c.get('services')
    const now = clock.now()
    const named = c.req.header('cf-connecting-ip') ?? ''
    const address = named === '' || LOOPBACK.test(named) ? SHARED : named
    const recent = (failures.get(address) ?? []).filter((at) => at > now - ADMIN_FAILURES_WINDOW_MS)
    const [oldest] = recent
    const spent = recent.length >= ADMIN_FAILURES_MAX && oldest !== undefined
    const actor = actorOf(c.req.header('authorization'), adminTokens)
    // Behind the shared count anyone could lock the operator out, so there only wrong tokens are turned away.
    if (spent && (actor === undefined || address !== SHARED)) {
      refuse('rate_limit_exceeded', 'Too many wrong admin tokens from this address. Wait, then use the right one.', {
        retryAfterMs: oldest + ADMIN_FAILURES_WINDOW_MS - now,
      })
    }
    if (actor === undefined) {
      failures.set(address, [...recent, now])
      refuse(
        'invalid_api_key',
        'The admin token is missing or wrong. Send "Authorization: Bearer $SLUICE_ADMIN_TOKEN".',
      )
    }
    c.set('actor', actor)
    await next()
  }
}

/** Compares digests, all of them: the time taken tells neither which token was near nor how long one is. */
function actorOf(authorization: string | undefined, tokens: readonly string[]): string | undefined {
  const presented = /^bearer +(\S+)\s*$/i.exec(authorization ?? '')?.[1] ?? ''
  const digest = sha256Hex(presented)
  const same = tokens.map((token) => token !== '' && sameText(sha256Hex(token), digest))
  return ACTORS[same.indexOf(true)]
}
