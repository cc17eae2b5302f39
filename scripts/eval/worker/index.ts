/** The Worker's own objects, and in front of them a loop that streams a set through recall by meaning. */
import type { AuditPage } from '../../../src/core/control.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import { directoryStub } from '../../../src/lib/object-places.ts'
import { createSemanticRoutes, createVectorIndex } from '../../../src/stores/embedded/vector-index.ts'
import type { Ran } from '../isolate.ts'
import { type Loaded, readLoad } from '../load.ts'
import { placeOf, type Run, runCosine, runStream } from '../run.ts'

export * from '../../../src/index.ts'

const AUDIT_COUNT = 10_000

/** What was handed over, for as long as this isolate lives. */
let loaded: Loaded | undefined

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const { pathname } = new URL(request.url)
    if (pathname === '/load') loaded = readLoad(await request.arrayBuffer())
    if (pathname !== '/run' && pathname !== '/cosine') return new Response()
    if (loaded === undefined) return new Response('nothing was loaded', { status: 409 })
    const tools = { clock: systemClock, random: () => 0 }
    const services = {
      vectorIndex: createVectorIndex(env.INDEX, tools),
      semanticRoutes: createSemanticRoutes(env.INDEX, tools),
    }
    if (pathname === '/cosine') return new Response(await runCosine(services, loaded, await request.json()))
    const run: Run = await request.json()
    const outcomes = await runStream(services, loaded, run)
    const [view] = await services.semanticRoutes.views(placeOf(run.tenant))
    // The types of a stub lose `unknown` members.
    const { data } = (await directoryStub(env.DIRECTORY).audit(undefined, AUDIT_COUNT)) as unknown as AuditPage
    const raised = data
      .filter(({ action, subject }) => action === 'cache.threshold' && subject.startsWith(`tenants/${run.tenant}/`))
      .map(({ before, after }) => ({ from: thresholdIn(before), to: thresholdIn(after) }))
    const { threshold = null, errorRate = null, errorBound = null } = view ?? {}
    return Response.json({ outcomes, raised, threshold, errorRate, errorBound } satisfies Ran)
  },
}

function thresholdIn(side: unknown): number | null {
  const { threshold = null } = (side ?? {}) as { threshold?: number | null }
  return threshold
}
