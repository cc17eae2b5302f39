/** The way in of every inference endpoint: who asks, and how they are refused before there is a request. */
import type { Context } from 'hono'
import type { Guard } from '../authenticate/authenticate.ts'
import { type Entered, type Entry, enter } from '../authenticate/enter.ts'
import type { Refusal } from '../core/errors.ts'
import { leave, refuse } from '../gateway.ts'
import type { Services } from '../services.ts'
import type { BodyBudget } from './body.ts'
import { errorReply } from './error-reply.ts'
import { commonHeaders, unansweredHeaders } from './headers.ts'
import type { KnownBodies } from './known-bodies.ts'
import type { Owned, OwnedRequests } from './owned.ts'
import type { SkinErrors } from './skin.ts'
import { leftReply } from './stream-reply.ts'
import type { WrittenHeaders } from './written-headers.ts'

/** One per isolate. */
export interface Edge {
  readonly services: Services
  readonly guard: Guard
  readonly bodies: BodyBudget
  readonly known: KnownBodies
  /** Of whole replies. */
  readonly written: WrittenHeaders
  /** Requests that an object of this isolate answers. */
  readonly owned: OwnedRequests
}

/** Somebody let in, with a request that nobody has read yet. */
export interface Arrival {
  readonly entry: Entry
  readonly identity: { readonly requestId: string; readonly startedAtMs: number }
  readonly headers: ReturnType<typeof commonHeaders>
  /** Where an object answers it; else undefined. */
  readonly owned: Owned | undefined
  /** Refuses, and records it. */
  refused(reason: Refusal, alias: string | null): Response
  /** Records that they left. */
  left(): Response
}

/** Lets somebody in, or answers why not; at once where nothing must be asked for. */
export function arrive(
  { services, guard, owned: ownedRequests }: Pick<Edge, 'services' | 'guard' | 'owned'>,
  request: Request,
  errors: SkinErrors,
): Arrival | Response | Promise<Arrival | Response> {
  const headers = commonHeaders(request.headers)
  const owned = ownedRequests.get(request)
  if (owned !== undefined) headers['x-request-id'] = owned.identity.requestId
  const identity = owned?.identity ?? { requestId: headers['x-request-id'], startedAtMs: services.clock.now() }
  const arrived = (entry: Entry | Entered): Arrival | Response => {
    if ('refusal' in entry) return errorReply(entry.refusal, unansweredHeaders(headers, null), errors)
    return {
      entry,
      owned,
      identity,
      headers,
      refused(reason, alias) {
        refuse(services, entry, { ...identity, alias }, reason)
        return errorReply(reason, unansweredHeaders(headers, alias), errors)
      },
      left() {
        leave(services, entry, { ...identity, alias: null })
        return leftReply()
      },
    }
  }
  const entry = owned?.entry ?? enter(services, guard, presentedBy(request))
  return entry instanceof Promise ? entry.then(arrived) : arrived(entry)
}

/** A handler whose request is seen through to its end. */
export function seenThrough(
  { background }: Pick<Services, 'background'>,
  handle: (request: Request) => Promise<Response>,
): (c: Context) => Promise<Response> {
  return (c) => {
    const handled = handle(c.req.raw)
    // When the client is gone the runtime drops what is under way, unless it was told of it: the record must be made,
    // and what the body holds given back. To tell it only then, the request's signal would have to be watched: that
    // costs a quarter of a hit, and this some hundredths.
    background(handled.then(ignore, ignore))
    return handled
  }
}

/** A failure is the app's to answer. */
function ignore(): void {}

/** The headers a key may come in. */
export const presentedBy = (request: Request) => ({
  authorization: request.headers.get('authorization'),
  apiKey: request.headers.get('x-api-key'),
})

/** Is that the type of JSON? */
export const isJson = (type: string | null): boolean => type !== null && /^application\/json\s*(?:;|$)/i.test(type)
