/** Profiles of end users: sealed for their objects, opened for requests, and rendered. */
import { type Refusal, refusal } from '../core/errors.ts'
import { type RenderFault, rendered } from '../core/prompts/render.ts'
import type { KeptProfile, Profile } from '../core/prompts/types.ts'
import { VaultError } from '../core/sealed.ts'
import { ownerOf, placeOf } from '../core/tenant.ts'
import { keptTemplate } from './template.ts'
import type { FrameCaller, FrameServices } from './types.ts'

const UNREACHABLE = refusal(
  'overloaded',
  'The profile of this user cannot be read at the moment. Try again in a second.',
  {
    retryAfterMs: 1000,
  },
)
const UNOPENED = refusal(
  'misconfigured',
  'The profile of this user does not open. Put it again, or ask your operator whether SLUICE_MASTER_KEY is the right one.',
)

/** What a profile is sealed with: one moved to another user does not open. */
export const profileKey = (user: string): string => `profile\n${user}`

/** The name under which an isolate keeps a user's profile. */
export const profileName = (caller: FrameCaller, user: string): string =>
  `${ownerOf({ id: caller.tenantId, generation: caller.generation })}\n${user}`

/**
 * What a user's profile adds to the system prompt: the texts of all messages of the tenant's `profileTemplate`, whatever
 * their roles. Null where there is no such profile. One that cannot be read is a refusal: the operator has said that
 * answers depend on it, and one without it would be somebody else's answer; up to FRAME_STALE_MS an isolate goes on with
 * what it knows. Never rejects.
 */
export async function profileText(
  services: FrameServices,
  caller: FrameCaller,
  name: string,
  user: string,
): Promise<string | null | Refusal> {
  const [profile, template] = await Promise.all([
    openedProfile(services, caller, user),
    keptTemplate(services, caller, name, null),
  ])
  if (profile === null || 'code' in profile) return profile
  if (template !== null && 'code' in template) return template
  if (template === null) return misfit(`The template '${name}', which profiles of this tenant go into, does not exist.`)
  const { variables = {} } = template
  const values = { user, attributes: profile.attributes, tags: profile.tags }
  const used = Object.entries(values).filter(([variable]) => Object.hasOwn(variables, variable))
  const messages = rendered(template, Object.fromEntries(used))
  if ('message' in messages)
    return misfit(`The template '${name}' cannot be filled with this profile: ${faultOf(messages)}`)
  return messages.map(({ content }) => content).join('\n\n')
}

const faultOf = ({ variable, message }: RenderFault): string =>
  variable === null ? 'it would be too long.' : `'${variable}' ${message}`

const misfit = (message: string): Refusal =>
  refusal('misconfigured', `${message} Ask your operator to put another version, or to change profileTemplate.`)

async function openedProfile(
  services: FrameServices,
  caller: FrameCaller,
  user: string,
): Promise<Profile | null | Refusal> {
  const { users, profiles, cacheKeys } = services
  const place = placeOf(caller)
  try {
    const kept = await profiles.get(profileName(caller, user), async (current): Promise<KeptProfile> => {
      const sealed = (await users.profile(place, user))?.sealed ?? null
      return current?.sealed === sealed ? current : { sealed, opened: null }
    })
    if (kept.sealed === null) return null
    kept.opened ??= JSON.parse(
      await (await cacheKeys.keysOf(caller, place)).open(profileKey(user), kept.sealed),
    ) as Profile
    return kept.opened
  } catch (error) {
    return error instanceof VaultError ? UNOPENED : UNREACHABLE
  }
}
