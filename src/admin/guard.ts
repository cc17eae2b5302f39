/** Who may use the admin API: the bearer of its token. Wrong tokens are counted by address. */
import type { MiddlewareHandler } from 'hono'
import { ADMIN_ADDRESSES_MAX, ADMIN_FAILURES_MAX, ADMIN_FAILURES_WINDOW_MS } from '../core/limits.ts'
import { BoundedMap } from '../lib/bounded-map.ts'
import { sameText, sha256Hex } from '../lib/hash.ts'
import { refuse } from './errors.ts'
import type { AdminEnv } from './routing.ts'

/** How the audit log names the bearer of each token. */
const ACTORS = ['admin/current', 'admin/previous']

/**
 * Lets the bearer of a token through. Failures are remembered for this guard's life, which is its isolate's. A right
 * token passes however many wrong ones came from its address: behind a shared one (an office, a proxy, bare workerd,
 * which names none) anybody could lock the operator out, and no guess among 32 characters gains by it.
 */
export function guard(): MiddlewareHandler<AdminEnv> {
  const failures = new BoundedMap<string, readonly number[]>(ADMIN_ADDRESSES_MAX)
  return async (c, next) => {
    const { adminTokens, clock } = c.get('services')
    const now = clock.now()
    const actor = actorOf(c.req.header('authorization'), adminTokens)
    if (actor === undefined) {
      const address = c.req.header('cf-connecting-ip') ?? ''
      const recent = (failures.get(address) ?? []).filter((at) => at > now - ADMIN_FAILURES_WINDOW_MS)
      const [oldest] = recent
      if (recent.length >= ADMIN_FAILURES_MAX && oldest !== undefined) {
        refuse('rate_limit_exceeded', 'Too many wrong admin tokens from this address. Send the right one.', {
          retryAfterMs: oldest + ADMIN_FAILURES_WINDOW_MS - now,
        })
      }
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
