/** `GET /v1/models` and `GET /v1/models/{id}`: only what the key may call. */
import type { Context } from 'hono'
import type { Entry } from '../authenticate/enter.ts'
import { enter } from '../authenticate/enter.ts'
import { unknownModel } from '../core/models.ts'
import { type Edge, presentedBy } from './arrival.ts'
import { errorReply } from './error-reply.ts'
import { commonHeaders } from './headers.ts'

const model = (id: string) => ({ id, object: 'model', created: 0, owned_by: 'sluice' })

/** Lists the aliases of the config that this key may call. */
export function listModels({ services, guard }: Edge) {
  return async (c: Context): Promise<Response> => {
    const headers = commonHeaders(c.req.raw.headers)
    const entry = await enter(services, guard, presentedBy(c.req.raw))
    if (entry.kind === 'refused') return errorReply(entry.refusal, headers)
    return Response.json({ object: 'list', data: callable(entry).map(model) }, { headers })
  }
}

/** One alias; what the key may not call is answered exactly like what does not exist. */
export function retrieveModel({ services, guard }: Edge) {
  return async (c: Context): Promise<Response> => {
    const headers = commonHeaders(c.req.raw.headers)
    const entry = await enter(services, guard, presentedBy(c.req.raw))
    if (entry.kind === 'refused') return errorReply(entry.refusal, headers)
    // Aliases may hold slashes, so the id is the rest of the path.
    const id = decoded(new URL(c.req.url).pathname.slice('/v1/models/'.length))
    const found = entry.deployment.models.has(id) && entry.caller.mayCall(id)
    return found ? Response.json(model(id), { headers }) : errorReply(unknownModel(id), headers)
  }
}

/** Percent-decoded where that can be done; what cannot be decoded names no model as it stands. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

const callable = ({ deployment, caller }: Entry): string[] => [...deployment.models.keys()].filter(caller.mayCall)
