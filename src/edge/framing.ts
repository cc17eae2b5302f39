/** What a request says of its frame, read, and the frame made. */
import { frameOf } from '../compose/frame.ts'
import type { PromptAsk } from '../compose/types.ts'
import { type Refusal, refusal } from '../core/errors.ts'
import { JSON_DEPTH_MAX } from '../core/limits.ts'
import { isObject } from '../core/loose.ts'
import { TEMPLATE_NAME_CHARS_MAX } from '../core/prompts/limits.ts'
import type { Frame } from '../core/prompts/types.ts'
import { isDeeperThan, parseLossless } from '../lib/json.ts'
import type { Edge } from './arrival.ts'
import type { Exchange, Lasting } from './exchange.ts'
import { takesFrame } from './framed.ts'

const HEADER = 'x-sluice-prompt'
const FIELDS = new Set(['id', 'version', 'variables'])

/** The frame that a request asks for; null where it asks for none, or there is nothing in it; or why not. Never rejects. */
export async function frameFor(
  { services }: Pick<Edge, 'services'>,
  { skin, request, entry }: Pick<Exchange, 'skin' | 'request' | 'entry'>,
  { prompt: header, template }: Pick<Lasting, 'prompt' | 'template'>,
): Promise<Frame | Refusal | null> {
  if (!takesFrame(skin)) return header === undefined ? null : MISPLACED
  const prompt = promptOf(header, template)
  if (prompt !== null && 'code' in prompt) return prompt
  const { user } = request
  if (prompt === null && (user === undefined || entry.caller.tenant.profileTemplate === undefined)) return null
  const frame = await frameOf(services, entry, { user, prompt })
  if ('code' in frame) return header === undefined ? frame : inHeader(frame)
  return frame.system === null && frame.messages.length === 0 ? null : frame
}

const bad = (message: string, param: string): Refusal => refusal('invalid_request', message, { param })

const MISPLACED = bad(`The header '${HEADER}' goes with requests that have messages. Leave it out here.`, HEADER)
const SEVERAL = bad(`Name the prompt in the body or in the header '${HEADER}', not in both.`, HEADER)
const FORM = `The header '${HEADER}' must be NAME, NAME@VERSION, or JSON {"id", "version", "variables"}, with \\u escapes for what is not ASCII.`

/** Of a header a refusal names the header; the message has the rest. */
const inHeader = (refused: Refusal): Refusal =>
  refused.param?.startsWith('prompt') ? { ...refused, param: HEADER } : refused

function promptOf(header: string | undefined, template: unknown): PromptAsk | Refusal | null {
  if (header === undefined) return template === undefined ? null : askIn(template)
  if (template !== undefined) return SEVERAL
  // Bytes beyond ASCII are read in several ways on the way here: what was meant is not known.
  if (!/^[\x20-\x7e]*$/.test(header)) return bad(FORM, HEADER)
  if (header.startsWith('{')) {
    const value = parsed(header)
    if (!isObject(value) || isDeeperThan(value, JSON_DEPTH_MAX)) return bad(FORM, HEADER)
    const ask = askIn(value)
    return 'code' in ask ? inHeader(ask) : ask
  }
  const [, id = '', version = null] = /^([^@\s]{1,64})(?:@(\d{1,9}))?$/.exec(header) ?? []
  return id === '' ? bad(FORM, HEADER) : { id, version: version === null ? null : Number(version), variables: {} }
}

function parsed(text: string): unknown {
  try {
    return parseLossless(text)
  } catch {
    return undefined
  }
}

/** `prompt` of OpenAI's Responses: a version is a number or the text of one. */
function askIn(value: unknown): PromptAsk | Refusal {
  if (!isObject(value)) return bad("'prompt' must be an object with the id of a template.", 'prompt')
  const unknown = Object.keys(value).find((name) => !FIELDS.has(name))
  if (unknown !== undefined)
    return bad(
      `'prompt' has no '${unknown.slice(0, TEMPLATE_NAME_CHARS_MAX)}': it takes id, version and variables.`,
      `prompt.${unknown.slice(0, TEMPLATE_NAME_CHARS_MAX)}`,
    )
  const { id, version, variables } = value
  if (typeof id !== 'string' || id === '' || id.length > TEMPLATE_NAME_CHARS_MAX)
    return bad("'prompt.id' must be the name of a template: 1 to 64 characters.", 'prompt.id')
  if (version != null && !/^\d{1,9}$/.test(String(version)))
    return bad("'prompt.version' must be the number of a version. Leave it out for the newest.", 'prompt.version')
  if (variables != null && !isObject(variables))
    return bad("'prompt.variables' must be an object: values by name.", 'prompt.variables')
  return { id, version: version == null ? null : Number(version), variables: variables ?? {} }
}
