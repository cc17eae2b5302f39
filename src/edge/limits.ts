/** `GET /v1/limits`: the limits of the calling key, and how they stand. */
import type { Context } from 'hono'
import { enter } from '../authenticate/enter.ts'
import { limitsInForce } from '../core/limits-in-force.ts'
import { limitRows, watched } from '../core/limits-view.ts'
import { placeOf } from '../core/tenant.ts'
import { type Edge, presentedBy } from './arrival.ts'
import { errorReply } from './error-reply.ts'
import { commonHeaders } from './headers.ts'
import { requestOptions } from './request-options.ts'
import { outOfReach } from './usage.ts'

/** Shows what counts this key: its own counters, those it shares, and those of the end user whom the request names. */
export function keyLimits({ services, guard }: Edge) {
  return async (c: Context): Promise<Response> => {
    const headers = commonHeaders(c.req.raw.headers)
    const entry = await enter(services, guard, presentedBy(c.req.raw))
    if (entry.kind === 'refused') return errorReply(entry.refusal, headers)
    const options = requestOptions(c.req.raw.headers)
    if ('code' in options) return errorReply(options, headers)
    const { caller, deployment } = entry
    const limits = watched(limitsInForce(deployment.config, caller.tenant, caller.key), {
      keys: [caller.key.id],
      aliases: [...deployment.models.keys()].filter(caller.mayCall),
      users: options.user === undefined ? [] : [options.user],
    })
    const counters = limits.flatMap((limit) => limit.counters)
    const view = await services
      .tenantAdmin(placeOf(caller))
      .ledger(counters)
      .catch(() => null)
    if (view === null) return errorReply(outOfReach, headers)
    return Response.json({ data: limitRows(limits, view) }, { headers })
  }
}
