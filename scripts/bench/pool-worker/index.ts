/** The Worker as it is, and beside it a loop that asks a pool's object through the product's own store. */
import { waitUntil } from 'cloudflare:workers'
import worker from '../../../src/index.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import { createPools } from '../../../src/stores/embedded/pools.ts'
import { drivePairs, type PairsJob } from '../pool-pairs.ts'

export * from '../../../src/index.ts'

export default {
  async fetch(request, env, ctx) {
    if (new URL(request.url).pathname !== '/bench/pairs') return await worker.fetch(request, env, ctx)
    const job: PairsJob = await request.json()
    const namespace = env.POOL as unknown as DurableObjectNamespace
    const store = createPools(namespace, { clock: systemClock, random: Math.random }, () => undefined)
    return Response.json(await drivePairs(store, systemClock, waitUntil, job))
  },
} satisfies ExportedHandler<Env>
