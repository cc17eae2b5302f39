/** `POST /v1/responses` → the canonical form, or the one field that stands in the way. No I/O. */
import { isObject, items } from '../../core/loose.ts'
import { messagesOf } from './decode-items.ts'
import { responseFormatOf, toolChoiceOf, toolsOf } from './decode-tools.ts'
import { UndecodableError } from './fault.ts'
import { isSummaryWish } from './reasoning-summary.ts'

type Json = Readonly<Record<string, unknown>>

/** A request in the canonical form; `dropped` names what has no place there and changes nothing that was asked for. */
export interface Decoded {
  readonly kind: 'decoded'
  readonly body: Json
  readonly dropped: readonly string[]
}

/** The field that cannot be answered, and what to do about it. */
export interface DecodeFault {
  readonly kind: 'fault'
  readonly param: string
  readonly message: string
}

/** Fields that chat has by the same name. */
const SAME = [
  'stream',
  'temperature',
  'top_p',
  'user',
  'safety_identifier',
  'prompt_cache_key',
  'prompt_cache_options',
  'prompt_cache_retention',
  'service_tier',
]
/**
 * Fields that find another place, or are answered for here (by edge/lasting.ts, most of them). `max_tool_calls` counts only calls of providers' own tools.
 * `metadata` is on the response; OpenAI refuses it with a chat that is not to be stored.
 */
const READ = [
  'metadata',
  'model',
  'input',
  'instructions',
  'max_output_tokens',
  'max_tool_calls',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'text',
  'reasoning',
  'include',
  'top_logprobs',
  'truncation',
  'store',
  'stream_options',
  'background',
  'previous_response_id',
  'conversation',
  'prompt',
]
const KNOWN = new Set([...SAME, ...READ])

const LOGPROBS = 'message.output_text.logprobs'
/** What can be included. Reasoning always is, in whichever way its target allows. */
const INCLUDED: readonly unknown[] = [LOGPROBS, 'reasoning.encrypted_content']

/** Names that may stand in a response header. */
const FIELD_NAME = /^[A-Za-z0-9_.-]{1,64}$/

/** Reads a body that the schema has passed. */
export function decodeResponses(value: Json): Decoded | DecodeFault {
  const dropped = new Set<string>()
  const drop = (param: string): void => {
    if (FIELD_NAME.test(param)) dropped.add(param)
  }
  try {
    return { kind: 'decoded', body: bodyOf(value, drop), dropped: [...dropped] }
  } catch (error) {
    if (!(error instanceof UndecodableError)) throw error
    return { kind: 'fault', param: error.param, message: error.message }
  }
}

function bodyOf(value: Json, drop: (param: string) => void): Json {
  for (const [name, sent] of Object.entries(value)) if (!KNOWN.has(name) && sent != null) drop(name)
  if (value.truncation === 'auto') drop('truncation')
  const body: Record<string, unknown> = { model: value.model, messages: allMessages(value, drop) }
  for (const name of SAME) if (value[name] != null) body[name] = value[name]
  // Of chat's two bounds this is the one that counts reasoning, as Responses' own does.
  if (value.max_output_tokens != null) body.max_completion_tokens = value.max_output_tokens
  return {
    ...body,
    ...toolFields(value),
    ...textFields(value.text, drop),
    ...reasoningFields(value.reasoning, drop),
    ...logprobFields(value, drop),
  }
}

/** Instructions go as `system`: copies of OpenAI's protocol know that role only, and OpenAI reads it as `developer`. */
function allMessages({ instructions, input }: Json, drop: (param: string) => void): readonly Json[] {
  const messages = messagesOf(input, drop)
  return instructions == null || instructions === ''
    ? messages
    : [{ role: 'system', content: instructions }, ...messages]
}

/** Chat refuses an empty list, and settings for tools where there are none; in Responses they then say nothing. */
function toolFields({ tools, tool_choice: choice, parallel_tool_calls: parallel }: Json): Json {
  const all = toolsOf(tools)
  const wanted = all.length === 0 && (choice === 'auto' || choice === 'none') ? null : choice
  return {
    ...(all.length === 0 ? {} : { tools: all }),
    ...(wanted == null ? {} : { tool_choice: toolChoiceOf(wanted) }),
    ...(all.length === 0 || parallel == null ? {} : { parallel_tool_calls: parallel }),
  }
}

function textFields(text: unknown, drop: (param: string) => void): Json {
  if (!isObject(text)) return {}
  const { format, verbosity, ...others } = text
  dropAll('text', others, drop)
  const responseFormat = responseFormatOf(format)
  return {
    ...(responseFormat === undefined ? {} : { response_format: responseFormat }),
    ...(verbosity == null ? {} : { verbosity }),
  }
}

/** Reasoning is given as it comes; a summary that is asked for is where the answer says it. */
function reasoningFields(reasoning: unknown, drop: (param: string) => void): Json {
  if (!isObject(reasoning)) return {}
  const { effort, ...others } = reasoning
  const unheard = Object.entries(others).filter(([name, sent]) => !isSummaryWish(name, sent))
  dropAll('reasoning', Object.fromEntries(unheard), drop)
  return effort == null ? {} : { reasoning_effort: effort }
}

function dropAll(name: string, fields: Json, drop: (param: string) => void): void {
  for (const [inner, sent] of Object.entries(fields)) if (sent != null) drop(`${name}.${inner}`)
}

/** Responses gives log probabilities where they are included; how many is another field, which chat takes with them only. */
function logprobFields({ include, top_logprobs: top }: Json, drop: (param: string) => void): Json {
  const included = items(include)
  const unknown = included.findIndex((name) => !INCLUDED.includes(name))
  if (unknown !== -1)
    throw new UndecodableError(
      `include[${unknown}]`,
      `There is nothing to include by this name here. Take it out; ${INCLUDED.join(' and ')} can stay.`,
    )
  if (included.includes(LOGPROBS)) return { logprobs: true, ...(top == null ? {} : { top_logprobs: top }) }
  if (top != null && top !== 0) drop('top_logprobs')
  return {}
}
