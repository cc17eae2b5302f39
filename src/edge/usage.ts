/** `GET /v1/usage`: what the calling key has used, and no other. */
import type { Context } from 'hono'
import { enter } from '../authenticate/enter.ts'
import { usageQuerySchema } from '../core/admin-schemas.ts'
import { paramOf } from '../core/chat.ts'
import { refusal } from '../core/errors.ts'
import { placeOf } from '../core/tenant.ts'
import { type Edge, presentedBy } from './arrival.ts'
import { errorReply } from './error-reply.ts'
import { commonHeaders } from './headers.ts'

/** What the tenant's object would have answered is not known. */
export const outOfReach = refusal('overloaded', 'This cannot be looked up at the moment. Try again in a second.', {
  retryAfterMs: 1000,
})

/** Sums by model, key and day, in the shape of the admin API's. */
export function keyUsage({ services, guard }: Edge) {
  return async (c: Context): Promise<Response> => {
    const headers = commonHeaders(c.req.raw.headers)
    const entry = await enter(services, guard, presentedBy(c.req.raw))
    if (entry.kind === 'refused') return errorReply(entry.refusal, headers)
    const query = usageQuerySchema.safeParse(c.req.query())
    if (!query.success) {
      const [issue] = query.error.issues
      const param = issue?.code === 'unrecognized_keys' ? (issue.keys[0] ?? null) : paramOf(issue?.path ?? [])
      const message = `Invalid '${param}': ${issue?.message ?? 'not understood'}.`
      return errorReply(refusal('invalid_request', message, { param }), headers)
    }
    const { caller } = entry
    const data = await services
      .tenantAdmin(placeOf(caller))
      .usage({ ...query.data, key: caller.key.id })
      .catch(() => null)
    return data === null ? errorReply(outOfReach, headers) : Response.json({ data }, { headers })
  }
}
