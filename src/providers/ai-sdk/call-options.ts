/** A canonical chat request → AI SDK call options, with the names of what could not be said. No I/O. */
import type { LanguageModelV4CallOptions } from '@ai-sdk/provider'
import type { SupportedUrls } from './content.ts'
import { isObject, type Json, listOf, numberOf, stringOf } from './json.ts'
import { promptOf } from './messages.ts'
import { nativeOptions, type Reasoning } from './native-options.ts'
import { UnsayableError } from './refusal.ts'
import { toolsOf } from './tools.ts'

/** Fields that find their place in the common call options; native-options.ts adds what a provider takes besides. */
const MAPPED: readonly string[] = [
  'messages',
  'max_completion_tokens',
  'max_tokens',
  'temperature',
  'top_p',
  'top_k',
  'stop',
  'seed',
  'presence_penalty',
  'frequency_penalty',
  'reasoning_effort',
  'response_format',
  'tools',
  'tool_choice',
]
/** Fields that need no place: the gateway answers for them, or they ask for what is the case anyway. */
const SETTLED: readonly string[] = ['model', 'stream', 'stream_options', 'n', 'modalities']
const KNOWN = new Set([...MAPPED, ...SETTLED])

/** Values that ask for nothing special, so that leaving them out drops nothing. */
const DEFAULTS: Readonly<Record<string, (value: unknown) => boolean>> = {
  logprobs: (value) => value === false,
  top_logprobs: (value) => value === 0,
  logit_bias: (value) => isObject(value) && Object.keys(value).length === 0,
  metadata: (value) => isObject(value) && Object.keys(value).length === 0,
  parallel_tool_calls: (value) => value === true,
  service_tier: (value) => value === 'auto' || value === 'default',
  store: (value) => value === false,
}
const EFFORTS: readonly string[] = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max']
/** Names of fields that may stand in a response header. */
const FIELD_NAME = /^[A-Za-z0-9_.-]{1,64}$/

/** What the request is translated for. */
export interface Addressee {
  readonly protocol: string
  readonly model: string
  readonly supportedUrls: SupportedUrls
  /** May it be sent what is bound to a provider of its protocol? */
  readonly keepsBound?: boolean | undefined
  /** The target's largest output, sent when the caller bounds nothing: some protocols demand a number. */
  readonly maxOutputTokens: number | undefined
}

export interface Translation {
  readonly options: LanguageModelV4CallOptions
  readonly droppedParams: readonly string[]
}

/** Throws `UnsayableError` where leaving something out would change what is asked for. */
export function callOptions(body: Json, addressee: Addressee): Translation {
  const dropped = new Set<string>()
  const drop = (param: string): void => {
    dropped.add(param)
  }
  refuseUnsayable(body)
  const effort = reasoningOf(body.reasoning_effort, drop)
  const bound = maxOutputTokens(body) ?? addressee.maxOutputTokens
  const native = nativeOptions(addressee.protocol, {
    body,
    model: addressee.model,
    reasoning: effort,
    maxOutputTokens: bound,
  })
  if (native.withoutReasoning === true) drop('reasoning_effort')
  const reasoning = native.withoutReasoning === true ? undefined : effort
  for (const [name, value] of Object.entries(body))
    if (!KNOWN.has(name) && !native.mapped.includes(name) && value !== null && !DEFAULTS[name]?.(value)) drop(name)

  const options: LanguageModelV4CallOptions = {
    prompt: promptOf(body.messages, addressee, drop),
    ...toolsOf(body.tools, body.tool_choice),
    ...responseFormat(body.response_format),
    ...sampling(body),
    ...defined('maxOutputTokens', native.maxOutputTokens ?? bound),
    ...defined('reasoning', reasoning),
    ...(Object.keys(native.options).length > 0 ? { providerOptions: { [addressee.protocol]: native.options } } : {}),
  }
  return { options, droppedParams: [...dropped].filter((name) => FIELD_NAME.test(name)) }
}

function refuseUnsayable(body: Json): void {
  if (body.n != null && numberOf(body.n) !== 1)
    throw new UnsayableError('n', 'This model gives one choice a request. Leave n out or set it to 1.')
  if (body.audio != null || listOf(body.modalities).some((modality) => modality !== 'text'))
    throw new UnsayableError('modalities', 'This model answers in text only.')
  for (const name of ['functions', 'function_call'])
    if (body[name] != null) throw new UnsayableError(name, 'Use tools and tool_choice in its place.')
}

function maxOutputTokens(body: Json): number | undefined {
  return numberOf(body.max_completion_tokens) ?? numberOf(body.max_tokens)
}

function sampling(body: Json): Partial<LanguageModelV4CallOptions> {
  const stop =
    typeof body.stop === 'string' ? [body.stop] : listOf(body.stop).filter((text) => typeof text === 'string')
  return {
    ...defined('temperature', numberOf(body.temperature)),
    ...defined('topP', numberOf(body.top_p)),
    ...defined('topK', numberOf(body.top_k)),
    ...defined('seed', numberOf(body.seed)),
    // Zero is the default, and saying it makes providers without penalties complain.
    ...defined('presencePenalty', numberOf(body.presence_penalty) || undefined),
    ...defined('frequencyPenalty', numberOf(body.frequency_penalty) || undefined),
    ...(stop.length > 0 ? { stopSequences: stop } : {}),
  }
}

function responseFormat(format: unknown): Pick<LanguageModelV4CallOptions, 'responseFormat'> {
  if (!isObject(format) || format.type === 'text') return {}
  if (format.type === 'json_object') return { responseFormat: { type: 'json' } }
  const wanted = format.type === 'json_schema' && isObject(format.json_schema) ? format.json_schema : undefined
  if (wanted === undefined || !isObject(wanted.schema))
    throw new UnsayableError('response_format', 'The response format must be text, json_object or a json_schema.')
  return {
    responseFormat: {
      type: 'json',
      schema: wanted.schema,
      ...defined('name', stringOf(wanted.name)),
      ...defined('description', stringOf(wanted.description)),
    },
  }
}

function reasoningOf(effort: unknown, drop: (param: string) => void): Reasoning | undefined {
  if (effort === undefined || effort === null) return undefined
  if (typeof effort === 'string' && EFFORTS.includes(effort)) return effort as Reasoning
  drop('reasoning_effort')
  return undefined
}

/** The field, if there is a value for it: an optional field of the SDK's types may not be there as undefined. */
function defined<Name extends string, Value>(name: Name, value: Value | undefined): { [key in Name]?: Value } {
  return value === undefined ? {} : ({ [name]: value } as { [key in Name]: Value })
}
