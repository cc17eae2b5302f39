/** Templates of a tenant as an isolate keeps them, and one filled for a request. */
import { type Refusal, refusal } from '../core/errors.ts'
import { TEMPLATE_NAME_CHARS_MAX } from '../core/prompts/limits.ts'
import { type RenderFault, rendered } from '../core/prompts/render.ts'
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
  return refusalOf(messages, template)
}

function refusalOf({ variable, message }: RenderFault, { variables = {} }: Template): Refusal {
  const param = 'prompt.variables'
  if (variable === null) return refusal('invalid_request', `The variables of the prompt ${message}`, { param })
  const name = variable.slice(0, TEMPLATE_NAME_CHARS_MAX)
  const advice = Object.hasOwn(variables, variable) ? ' Put it into the variables of the prompt.' : ''
  return refusal('invalid_request', `The variable '${name}' ${message}${advice}`, { param: `${param}.${name}` })
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
