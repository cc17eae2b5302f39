/** `/v1/users/{id}/profile`: what is known of an end user, put, shown and forgotten with a key of their tenant. */
import type { Context } from 'hono'
import { type Entry, enter } from '../authenticate/enter.ts'
import { profileKey, profileName } from '../compose/profile.ts'
import { paramOf } from '../core/chat.ts'
import { type Refusal, refusal } from '../core/errors.ts'
import { JSON_DEPTH_MAX } from '../core/limits.ts'
import { PROFILE_BYTES_MAX } from '../core/prompts/limits.ts'
import { profileSchema } from '../core/prompts/schema.ts'
import type { Profile } from '../core/prompts/types.ts'
import { placeOf, type TenantPlace } from '../core/tenant.ts'
import { utf8 } from '../lib/hash.ts'
import { isDeeperThan } from '../lib/json.ts'
import type { Services } from '../services.ts'
import { type Edge, isJson, presentedBy } from './arrival.ts'
import { errorReply } from './error-reply.ts'
import { commonHeaders } from './headers.ts'
import { outOfReach } from './usage.ts'

/** A user's id, as `x-sluice-user` has it. */
const ID = /^[\x21-\x7e]{1,128}$/

const NO_PROFILE = refusal('not_found', 'There is no profile of this user. PUT makes one.')
const NOT_JSON = refusal('unsupported_media_type', "Send JSON, with 'content-type: application/json'.", {
  param: 'content-type',
})
const TOO_LARGE = refusal(
  'request_too_large',
  `A profile has at most ${PROFILE_BYTES_MAX} bytes of JSON. Leave out what no template needs.`,
)
const bad = (message: string, param: string | null = null): Refusal => refusal('invalid_request', message, { param })

/** Somebody let in, and the user they speak of. */
interface Asked {
  readonly services: Services
  readonly caller: Entry['caller']
  readonly place: TenantPlace
  readonly user: string
}

/** `PUT`: 201 for the first, 200 for one in the place of another. */
export const putProfile = (edge: Edge) =>
  around(edge, async ({ services, caller, place, user }, request) => {
    const profile = await profileIn(edge, request)
    if ('code' in profile) return profile
    const keys = await services.cacheKeys.keysOf(caller, place)
    const sealed = await keys.seal(profileKey(user), JSON.stringify(profile))
    const isNew = await keep(services, place, user, sealed)
    services.profiles.forget(profileName(caller, user))
    return { status: isNew ? 201 : 200, json: viewOf(user, profile) }
  })

/** `GET`. */
export const getProfile = (edge: Edge) =>
  around(edge, async ({ services, caller, place, user }) => {
    const stored = await services.users.profile(place, user)
    if (stored === null) return NO_PROFILE
    const keys = await services.cacheKeys.keysOf(caller, place)
    const profile = JSON.parse(await keys.open(profileKey(user), stored.sealed)) as Profile
    return { status: 200, json: viewOf(user, profile) }
  })

/** `DELETE`. */
export const deleteProfile = (edge: Edge) =>
  around(edge, async ({ services, caller, place, user }) => {
    const wasThere = await services.users.deleteProfile(place, user)
    services.profiles.forget(profileName(caller, user))
    return wasThere ? { status: 204, json: null } : NO_PROFILE
  })

const viewOf = (user: string, { attributes, tags }: Profile) => ({ id: user, object: 'user.profile', attributes, tags })

function keep({ users }: Services, place: TenantPlace, user: string, sealed: string): Promise<boolean> {
  return users.putProfile(place, user, sealed)
}

type Answered = Refusal | { readonly status: number; readonly json: object | null }

function around({ services, guard }: Edge, answer: (asked: Asked, request: Request) => Promise<Answered>) {
  return async (c: Context): Promise<Response> => {
    const headers = commonHeaders(c.req.raw.headers)
    const entry = await enter(services, guard, presentedBy(c.req.raw))
    if (entry.kind === 'refused') return errorReply(entry.refusal, headers)
    const user = c.req.param('id') ?? ''
    if (!ID.test(user))
      return errorReply(bad("A user's id is 1 to 128 printable ASCII characters without spaces.", 'id'), headers)
    const { caller } = entry
    const asked = { services, caller, place: placeOf(caller), user }
    const answered = await answer(asked, c.req.raw).catch(() => outOfReach)
    if ('code' in answered) return errorReply(answered, headers)
    const { status, json } = answered
    return json === null ? new Response(null, { status, headers }) : Response.json(json, { status, headers })
  }
}

/** Every attribute counts, so what is written is bounded as it is kept, too: defaults and all. */
async function profileIn({ bodies }: Edge, request: Request): Promise<Profile | Refusal> {
  if (!isJson(request.headers.get('content-type'))) return NOT_JSON
  if (Number(request.headers.get('content-length') ?? 0) > PROFILE_BYTES_MAX) return TOO_LARGE
  const body = await bodies.read(request)
  if ('code' in body) return body
  body.release()
  if (body.sizeBytes > PROFILE_BYTES_MAX) return TOO_LARGE
  let value: unknown
  try {
    value = JSON.parse(body.text)
  } catch {
    return bad('The body is not valid JSON.')
  }
  if (isDeeperThan(value, JSON_DEPTH_MAX)) return bad(`The body is nested deeper than ${JSON_DEPTH_MAX} levels.`)
  const parsed = profileSchema.safeParse(value)
  if (parsed.success) return utf8(JSON.stringify(parsed.data)).length > PROFILE_BYTES_MAX ? TOO_LARGE : parsed.data
  const [issue] = parsed.error.issues
  const param = issue?.code === 'unrecognized_keys' ? (issue.keys[0] ?? '') : paramOf(issue?.path ?? [])
  const what =
    issue?.code === 'unrecognized_keys' ? 'it is no field of a profile' : (issue?.message ?? 'not understood')
  return param === '' ? bad('The body must be a JSON object.') : bad(`Invalid '${param}': ${what}.`, param)
}
