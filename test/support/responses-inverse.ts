/** What a request means, read back out of the chat body that it was decoded to. */
import type { Meaning, MeantCall, Part, Turn } from './responses-meanings.ts'

type Json = Record<string, unknown>

/** The meaning of a canonical chat body, by Responses' names. */
export function meaningOf({ model, messages, ...body }: Json): Meaning {
  if (model !== 'm') throw new Error('The model is another.')
  return { turns: (messages as Json[]).map(turnOf), settings: settingsOf(body) }
}

function turnOf(message: Json): Turn {
  const { role, content, refusal = '', reasoning_content: reasoning = '', reasoning_details: details = [] } = message
  if (role === 'system') return { by: 'system', texts: textsOf(content) }
  if (role === 'tool') return { by: 'tool', id: String(message.tool_call_id), texts: textsOf(content) }
  if (role === 'user')
    return { by: 'user', parts: typeof content === 'string' ? [{ text: content }] : (content as Json[]).map(partOf) }
  if (role !== 'assistant') throw new Error(`A role of its own: ${String(role)}`)
  return {
    by: 'assistant',
    reasoning: String(reasoning),
    details: details as Json[],
    text: content as string | null,
    refusal: String(refusal),
    calls: ((message.tool_calls ?? []) as Json[]).map(callOf),
  }
}

const textsOf = (content: unknown): string[] =>
  typeof content === 'string' ? [content] : (content as Json[]).map(({ text }) => String(text))

function partOf({ type, text, image_url: image, file }: Json): Part {
  if (type === 'text') return { text: String(text) }
  if (type === 'image_url')
    return { image: String((image as Json).url), detail: ((image as Json).detail ?? null) as string }
  return { file: String((file as Json).file_data), name: ((file as Json).filename ?? null) as string }
}

function callOf({ id, type, function: made, custom, extra_content: extra }: Json): MeantCall {
  const inner = (type === 'custom' ? custom : made) as Json
  const google = (extra as { google?: { thought_signature: string } } | undefined)?.google
  return {
    id: String(id),
    name: String(inner.name),
    text: String(type === 'custom' ? inner.input : inner.arguments),
    isCustom: type === 'custom',
    signature: google?.thought_signature ?? null,
  }
}

function settingsOf(body: Json): Json {
  const { max_completion_tokens: bound, tools, tool_choice: choice, response_format: format, verbosity, ...rest } = body
  const { reasoning_effort: effort, logprobs, ...same } = rest
  return {
    ...same,
    ...(bound === undefined ? {} : { max_output_tokens: bound }),
    ...(tools === undefined ? {} : { tools: (tools as Json[]).map(flat) }),
    ...(choice === undefined ? {} : { tool_choice: flatChoice(choice) }),
    ...(format === undefined && verbosity === undefined
      ? {}
      : {
          text: {
            ...(format === undefined ? {} : { format: flat(format as Json) }),
            ...(verbosity === undefined ? {} : { verbosity }),
          },
        }),
    ...(effort === undefined ? {} : { reasoning: { effort } }),
    ...(logprobs === true ? { include: ['message.output_text.logprobs'] } : {}),
  }
}

/** Out of chat's nesting: a type, and an object by its name. */
function flat({ type, ...nested }: Json): Json {
  const inner = (nested[String(type)] ?? {}) as Json
  const { format, ...rest } = inner
  return { type, ...rest, ...(format === undefined ? {} : { format: flat(format as Json) }) }
}

function flatChoice(choice: unknown): unknown {
  if (typeof choice === 'string') return choice
  const { type, allowed_tools: allowed } = choice as Json
  if (type !== 'allowed_tools') return flat(choice as Json)
  const { mode, tools } = allowed as { mode: unknown; tools: Json[] }
  return { type, mode, tools: tools.map(flat) }
}
