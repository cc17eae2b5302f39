/** Templates of a tenant as an isolate keeps them, and one filled for a request. */
import { type Refusal, refusal } from '../core/errors.ts'
import { rendered } from '../core/prompts/render.ts'
import type { FrameMessage, Template } from '../core/prompts/types.ts'
import { ownerOf, placeOf } from '../core/tenant.ts'
import type { FrameCaller, FrameServices, PromptAsk } from './types.ts'

const UNREACHABLE = refusal('overloaded', 'Prompt templates cannot be read at the moment. Try again in a second.', {
  retryAfterMs: 1000,
})

/** A template, as it was confirmed a few seconds ago at most; null where there is none. Never rejects. */
export async function keptTemplate(
  { prompts, templates }: Pick<FrameServices, 'prompts' | 'templates'>,
  caller: FrameCaller,
  name: string,
  version: number | null,
): Promise<Template | null | Refusal> {
  const place = placeOf(caller)
  try {
    const { stored } = await templates.get(`${ownerOf(place)}\n${name}@${version ?? ''}`, async () => ({
      stored: await prompts.template(place, name, version),
    }))
    return stored?.template ?? null
  } catch {
    return UNREACHABLE
  }
}

/** The messages that a request asks for by a template's name, or what is wrong with how it asks. Never rejects. */
export async function promptMessages(
  services: Pick<FrameServices, 'prompts' | 'templates'>,
  caller: FrameCaller,
  { id, version, variables }: PromptAsk,
): Promise<readonly FrameMessage[] | Refusal> {
  const template = await keptTemplate(services, caller, id, version)
  if (template === null) return unknownTemplate(services, caller, id, version)
  if ('code' in template) return template
  const messages = rendered(template, variables)
  if (!('message' in messages)) return messages
  const { variable, message } = messages
  const isOfIt = variable !== null && Object.hasOwn(template.variables ?? {}, variable)
  return variable === null
    ? refusal('invalid_request', `The variables of the prompt ${message}`, { param: 'prompt.variables' })
    : refusal(
        'invalid_request',
        `The variable '${variable.slice(0, 64)}' ${message}${isOfIt ? ' Put it into the variables of the prompt.' : ''}`,
        {
          param: `prompt.variables.${variable.slice(0, 64)}`,
        },
      )
}

/** Is it the version that there is not, or the template? */
async function unknownTemplate(
  services: Pick<FrameServices, 'prompts' | 'templates'>,
  caller: FrameCaller,
  id: string,
  version: number | null,
): Promise<Refusal> {
  const newest = version === null ? null : await keptTemplate(services, caller, id, null)
  return newest === null || 'code' in newest
    ? refusal('invalid_request', `There is no prompt template '${id}'. Ask your operator which there are.`, {
        param: 'prompt.id',
      })
    : refusal(
        'invalid_request',
        `The prompt template '${id}' has no version ${version}. Leave the version out for the newest.`,
        { param: 'prompt.version' },
      )
}
