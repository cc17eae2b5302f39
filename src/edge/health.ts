/** `GET /health`: alive, touching no store. `GET /ready`: asks the stores, and says which is down. */
import type { Context } from 'hono'
import type { Config } from '../core/config.ts'
import { OBJECT_CALL_MS } from '../core/limits.ts'
import { missingPrices } from '../core/missing-prices.ts'
import { OPERATOR, PEPPER_NAME } from '../core/sealed.ts'
import type { DirectorySnapshot } from '../core/snapshot.ts'
import { withDeadline } from '../lib/clock.ts'
import { VERSION } from '../lib/version.ts'
import type { Services } from '../services.ts'
import { cacheChecks, cacheWarnings } from './cache-checks.ts'
import { commonHeaders } from './headers.ts'

const NO_GUARD =
  'no store counts for it, so it lets everything pass: set UPSTASH_REDIS_REST_URL and its token, or add the binding RATE_LIMITER'

/** Liveness. */
export const health = (c: Context): Response =>
  Response.json({ status: 'ok', version: VERSION }, { headers: commonHeaders(c.req.raw.headers) })

/** Readiness: 200 when everything a request needs answers, else 503 with the part that does not. */
export function ready(services: Services) {
  return async (_: Context): Promise<Response> => {
    const snapshot = await snapshotInForce(services)
    const isUp = snapshot !== null
    const opens = await vaultOpens(services, snapshot)
    const { config } = snapshot ?? services.deployment.peek() ?? {}
    const bindings = missingBindings(services, config)
    const checks = {
      directory: isUp ? 'ok' : 'down',
      ...(opens ? {} : { vault: 'the master key does not open what is stored' }),
      ...Object.fromEntries(bindings.map((name) => [`binding:${name}`, 'missing'])),
      // They say what is down, and keep nobody from being answered: a cache that is out of reach is a miss.
      ...(config === undefined ? {} : await cacheChecks(services, config)),
    }
    const warnings = config === undefined ? [] : warningsOf(services, config)
    const isReady = isUp && opens && bindings.length === 0
    const body = {
      status: isReady ? 'ready' : 'degraded',
      checks,
      ...(warnings.length === 0 ? {} : { warnings: Object.fromEntries(warnings) }),
    }
    return Response.json(body, { status: isReady ? 200 : 503 })
  }
}

/**
 * Asked afresh each time: a snapshot that still serves says nothing of the Directory's health, and an isolate that has
 * served nothing yet has none. Null when the Directory does not answer.
 */
async function snapshotInForce({ directory, deployment, clock }: Services): Promise<DirectorySnapshot | null> {
  const known = deployment.peek()
  const late = (): Error => new Error('the directory did not answer in time')
  return withDeadline(clock, OBJECT_CALL_MS, directory.snapshot(known?.revision ?? -1), late).then(
    (newer) => newer ?? known ?? null,
    () => null,
  )
}

/**
 * What keeps nobody from being answered, and is yet not as the config has it. A target without a price answers, but nobody
 * knows what it costs, and a limit on money may stop it; a guard that nothing counts for stops nobody; without vectors of
 * questions nothing is recalled by meaning.
 */
function warningsOf(services: Services, config: Config): [string, string][] {
  const prices = missingPrices(config).map(({ model, targets }): [string, string] => [
    `price:${model}`,
    `missing for ${targets.join(', ')}`,
  ])
  const isUnguarded = config.guard !== undefined && services.rateLimiter === undefined
  const guard: [string, string][] = isUnguarded ? [['guard', NO_GUARD]] : []
  return [...guard, ...cacheWarnings(services, config), ...prices]
}

/** A master key that is well formed may still be the wrong one: no request could be served with it. */
async function vaultOpens({ vault }: Services, snapshot: DirectorySnapshot | null): Promise<boolean> {
  const pepper = snapshot?.pepper ?? null
  if (pepper === null) return true
  return vault.use(OPERATOR, PEPPER_NAME, pepper, () => true).catch(() => false)
}

/** Bindings that the config's replicas name and this Worker lacks. */
function missingBindings({ binding }: Services, config: Config | undefined): string[] {
  const providers = Object.values(config?.providers ?? {})
  const named = providers.flatMap(({ pool }) => pool?.replicas.flatMap((replica) => replica.binding ?? []) ?? [])
  return [...new Set(named)].filter((name) => binding(name) === undefined)
}
