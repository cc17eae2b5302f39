/** A canonical request back as the Messages request that it was: written from Anthropic's side, and not from the decoder's. */
import { markOf } from '../../src/edge/messages/mark.ts'
import { toAnthropicId } from '../../src/edge/messages/tool-ids.ts'
import type { Json } from './messages-events.ts'

const FAILED = 'Error: '
const DATA_URL = /^data:([^;]*);base64,(.*)$/s

/** Undoes `decodeMessages` for requests that it drops nothing of. */
export function messagesRequestOf(body: Json): Json {
  const { model, messages, max_tokens, temperature, top_p, top_k, stop, stream, user } = body
  const all = [...(messages as Json[])]
  const system = all[0]?.role === 'system' ? blocksOf(all.shift()?.content) : undefined
  return defined({
    model,
    system,
    messages: turnsOf(all),
    max_tokens,
    temperature,
    top_p,
    top_k,
    stop_sequences: stop,
    stream,
    metadata: user === undefined ? undefined : { user_id: user },
    ...toolsOf(body),
    ...outputOf(body),
  })
}

const defined = (fields: Json): Json =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))

function turnsOf(messages: readonly Json[]): Json[] {
  const turns: Json[] = []
  let results: Json[] = []
  for (const message of messages) {
    if (message.role === 'tool') results.push(resultOf(message))
    else if (message.role === 'user' && results.length > 0) {
      turns.push({ role: 'user', content: [...results, ...asBlocks(message.content)] })
      results = []
    } else {
      if (results.length > 0) turns.push({ role: 'user', content: results })
      results = []
      turns.push(
        message.role === 'assistant'
          ? assistantTurn(message)
          : { role: message.role, content: blocksOf(message.content) },
      )
    }
  }
  return results.length > 0 ? [...turns, { role: 'user', content: results }] : turns
}

function resultOf({ tool_call_id, content, cache_control }: Json): Json {
  const blocks = blocksOf(content)
  const first = typeof blocks === 'string' ? blocks : String((blocks as Json[])[0]?.text)
  const isError = first.startsWith(FAILED)
  const rest = first.slice(FAILED.length)
  const said = !isError
    ? blocks
    : typeof blocks === 'string'
      ? rest
      : [{ ...(blocks as Json[])[0], text: rest }, ...(blocks as Json[]).slice(1)]
  return defined({
    type: 'tool_result',
    tool_use_id: toAnthropicId(String(tool_call_id)),
    content: said,
    is_error: isError ? true : undefined,
    cache_control,
  })
}

function assistantTurn({ content, reasoning_content, tool_calls, cache_control }: Json): Json {
  const calls = (tool_calls ?? []) as Json[]
  const thoughts = new Map<string, string>()
  for (const { id, extra_content } of calls) {
    const google = (extra_content as { google?: { thought_signature: string } } | undefined)?.google
    if (google !== undefined) thoughts.set(String(id), google.thought_signature)
  }
  const isPlain = calls.length === 0 && reasoning_content === undefined
  if (isPlain) return { role: 'assistant', content: blocksOf(content) }
  const thinking = { type: 'thinking', thinking: reasoning_content ?? '', signature: markOf(thoughts) }
  const blocks: Json[] = [
    ...(reasoning_content === undefined && thoughts.size === 0 ? [] : [thinking]),
    ...(content === null || content === '' ? [] : asBlocks(content)),
    ...calls.map((call) => {
      const { name, arguments: input } = call.function as Record<string, string>
      return { type: 'tool_use', id: toAnthropicId(String(call.id)), name, input: JSON.parse(input ?? '') }
    }),
  ]
  const last = { ...blocks.at(-1), ...(cache_control === undefined ? {} : { cache_control }) }
  return { role: 'assistant', content: [...blocks.slice(0, -1), last] }
}

const blocksOf = (content: unknown): unknown =>
  typeof content === 'string' ? content : (content as Json[]).map(blockOf)

const asBlocks = (content: unknown): Json[] =>
  typeof content === 'string' ? [{ type: 'text', text: content }] : (content as Json[]).map(blockOf)

function blockOf({ type, image_url, file, ...rest }: Json): Json {
  if (type === 'text') return { type, ...rest }
  if (type === 'image_url') return { type: 'image', source: sourceOf(String((image_url as Json).url)), ...rest }
  const { filename, file_data } = file as Record<string, string>
  return { type: 'document', source: sourceOf(file_data ?? ''), title: filename, ...rest }
}

function sourceOf(url: string): Json {
  const [, media_type, data] = DATA_URL.exec(url) ?? []
  return data === undefined ? { type: 'url', url } : { type: 'base64', media_type, data }
}

function toolsOf({ tools, tool_choice: choice, parallel_tool_calls: parallel }: Json): Json {
  const named = (choice as { function?: Json } | undefined)?.function?.name
  const type = choice === 'required' ? 'any' : named === undefined ? choice : 'tool'
  return {
    tools: (tools as Json[] | undefined)?.map(({ type: _, function: made, ...rest }) => {
      const { parameters: input_schema, ...said } = made as Json
      return { ...said, input_schema, ...rest }
    }),
    tool_choice:
      choice === undefined
        ? undefined
        : defined({ type, name: named, disable_parallel_tool_use: parallel === false ? true : undefined }),
  }
}

function outputOf({ reasoning_effort: effort, response_format: format }: Json): Json {
  const schema = (format as { json_schema?: Json } | undefined)?.json_schema?.schema
  const config = defined({
    effort,
    format: schema === undefined ? undefined : { type: 'json_schema', schema },
  })
  return { output_config: Object.keys(config).length === 0 ? undefined : config }
}
