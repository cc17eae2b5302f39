/** What `GET /ready` says of caches: which of their stores are down, and what is configured and yet off. */
import type { Config } from '../core/config.ts'
import { OBJECT_CALL_MS } from '../core/limits.ts'
import { withDeadline } from '../lib/clock.ts'
import type { Services } from '../services.ts'

/** The stores are asked about nobody: no tenant has this name, so nothing is found and nothing is made. */
const NOBODY = { id: '_', generation: 'ready' }
const NO_KEY = 'A'.repeat(43)
const NO_ROUTE = { route: 'ready', encoder: 'ready' }

const NO_EMBEDDER = 'the config has no embedder'
const NO_AI = 'the embedder is of Workers AI, and this Worker has no binding AI'

type CacheServices = Pick<Services, 'clock' | 'replyCache' | 'vectorIndex' | 'semanticRoutes'>

/** `ok` or `down` for each store that some model of the config uses. */
export async function cacheChecks(services: CacheServices, config: Config): Promise<Record<string, string>> {
  const { clock, replyCache, vectorIndex, semanticRoutes } = services
  const caches = Object.values(config.models).flatMap(({ cache }) => cache ?? [])
  const isSemantic = config.embedder !== undefined && caches.some(({ semantic }) => semantic.enabled)
  const checks: Promise<[string, string]>[] = []
  const check = async (name: string, asked: Promise<unknown>): Promise<[string, string]> => {
    const answered = withDeadline(clock, OBJECT_CALL_MS, asked, late)
    return answered.then(
      () => [name, 'ok'],
      () => [name, 'down'],
    )
  }
  if (isSemantic || caches.some(({ exact }) => exact)) {
    checks.push(check('cache', replyCache.lookUp(NOBODY, NO_KEY, null, OBJECT_CALL_MS)))
  }
  if (isSemantic) {
    // Vectors may be kept elsewhere than what routes have learned. A query would need a vector of the length that the
    // index was made for; to find that there is nothing to purge needs none.
    const purged = vectorIndex.purge(NOBODY, { model: NO_ROUTE.route })
    const looked = semanticRoutes.look(NOBODY, NO_ROUTE, [], OBJECT_CALL_MS)
    checks.push(check('vectors', Promise.all([purged, looked])))
  }
  return Object.fromEntries(await Promise.all(checks))
}

/** Models that are to be recalled by meaning where nothing makes vectors of their questions. */
export function cacheWarnings({ workersAi }: Pick<Services, 'workersAi'>, config: Config): [string, string][] {
  const { models, embedder } = config
  const aliases = Object.keys(models).filter((alias) => models[alias]?.cache?.semantic.enabled === true)
  const isLacking = embedder !== undefined && 'workersAi' in embedder && workersAi === undefined
  const lack = embedder === undefined ? NO_EMBEDDER : isLacking ? NO_AI : null
  if (aliases.length === 0 || lack === null) return []
  return [['semantic', `semantic caching is off for ${aliases.join(', ')}: ${lack}`]]
}

const late = (): Error => new Error('the store did not answer in time')
