/** The stage that makes what a request is framed in: its user's profile, and the template that it names. */
import type { Refusal } from '../core/errors.ts'
import type { Frame } from '../core/prompts/types.ts'
import { profileText } from './profile.ts'
import { promptMessages } from './template.ts'
import type { FrameAsk, FrameCaller, FrameServices } from './types.ts'

/**
 * Makes it, or says why not. Asks no object about what a request does not name, nor about a user whose tenant has no
 * `profileTemplate`. What cannot be read at the moment is a refusal that may be tried again: an answer without it would
 * be the answer to something else. Never rejects.
 */
export async function frameOf(
  services: FrameServices,
  { caller }: { readonly caller: FrameCaller },
  { user, prompt }: FrameAsk,
): Promise<Frame | Refusal> {
  const name = caller.tenant.profileTemplate
  const [system, messages] = await Promise.all([
    name === undefined || user === undefined ? null : profileText(services, caller, name, user),
    prompt === null ? [] : promptMessages(services, caller, prompt),
  ])
  // What the caller can mend comes first.
  if ('code' in messages) return messages
  if (system !== null && typeof system !== 'string') return system
  return { system, messages }
}
