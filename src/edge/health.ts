/** `GET /health`: alive, touching no store. `GET /ready`: asks the stores, and says which is down. */
import type { Context } from 'hono'
import { OBJECT_CALL_MS } from '../core/limits.ts'
import { VERSION } from '../lib/version.ts'
import type { Services } from '../services.ts'

/** Liveness. */
export const health = (): Response => Response.json({ status: 'ok', version: VERSION })

/** Readiness: 200 when everything a request needs answers, else 503 with the part that does not. */
export function ready(services: Services) {
  return async (_: Context): Promise<Response> => {
    const directory = await answers(services)
    const bindings = missingBindings(services)
    const checks = {
      directory: directory ? 'ok' : 'down',
      ...Object.fromEntries(bindings.map((name) => [`binding:${name}`, 'missing'])),
    }
    const isReady = directory && bindings.length === 0
    return Response.json({ status: isReady ? 'ready' : 'degraded', checks }, { status: isReady ? 200 : 503 })
  }
}

/** Asked afresh each time: a snapshot that still serves says nothing of the Directory's health. */
async function answers({ directory, deployment, clock }: Services): Promise<boolean> {
  let cancel = (): void => {}
  const late = new Promise<boolean>((resolve) => {
    cancel = clock.after(OBJECT_CALL_MS, () => resolve(false))
  })
  const asked = directory.snapshot(deployment.peek()?.revision ?? -1).then(
    () => true,
    () => false,
  )
  return Promise.race([asked, late]).finally(cancel)
}

/** Bindings that the config's replicas name and this Worker lacks. */
function missingBindings({ deployment, binding }: Services): string[] {
  const providers = Object.values(deployment.peek()?.config.providers ?? {})
  const named = providers.flatMap(({ pool }) => pool?.replicas.flatMap((replica) => replica.binding ?? []) ?? [])
  return [...new Set(named)].filter((name) => binding(name) === undefined)
}
