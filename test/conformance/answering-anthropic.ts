/** An upstream that answers as Anthropic does, whatever is asked: text, signed thinking, tools, stops, counts. */
import type { Call, Script } from '../support/scripted-origin.ts'

type Json = Readonly<Record<string, unknown>>
interface Block extends Json {
  readonly type: string
}

interface Asked {
  readonly max_tokens?: number
  readonly stop_sequences?: readonly string[]
  readonly thinking?: { readonly type: string }
  readonly tools?: readonly { readonly name: string }[]
  readonly tool_choice?: { readonly disable_parallel_tool_use?: boolean }
  readonly messages: readonly { readonly role: string; readonly content: string | readonly Block[] }[]
}

/** The signature of its thinking. */
export const SIGNATURE = 'EqQBCkYIBRgCKkDsigned+by/Anthropic=='
/** What it says of tokens; the SDKs' `input_tokens` are without those of a cache. */
export const USED = {
  input_tokens: 21,
  cache_creation_input_tokens: 3,
  cache_read_input_tokens: 5,
  output_tokens: 9,
  service_tier: 'standard',
}
/** What it counts for any prompt. */
export const COUNTED = 42
/** Headers of every reply of its. */
export const HEADERS = {
  'request-id': 'req_upstream',
  'anthropic-organization-id': 'org-of-the-operator',
  'anthropic-ratelimit-requests-limit': '5000',
  'set-cookie': 'upstream=1',
  server: 'upstream',
}

/** One event of a stream, as Anthropic frames it. */
export const event = (value: Block): string => `event: ${value.type}\ndata: ${JSON.stringify(value)}\n\n`

/** An error body. */
export const errorBody = (type: string, message: string): string =>
  JSON.stringify({ type: 'error', error: { type, message }, request_id: 'req_upstream' })

/** A message of this content, or its head where it is yet to come. */
export const message = (content: readonly Block[], stop_reason: string | null = 'end_turn', more: Json = {}) => ({
  id: 'msg_upstream',
  type: 'message',
  role: 'assistant',
  model: 'claude-upstream',
  content,
  stop_reason,
  stop_sequence: null,
  usage: USED,
  ...more,
})

/** The events of a message: every text in pieces. */
export function eventsOf({
  content,
  stop_reason,
  stop_sequence,
  usage,
  ...head
}: ReturnType<typeof message>): string[] {
  const start = { ...head, content: [], stop_reason: null, stop_sequence: null, usage: { ...usage, output_tokens: 1 } }
  const blocks = content.flatMap((block, index) => [
    event({ type: 'content_block_start', index, content_block: emptied(block) }),
    ...deltasOf(block).map((delta) => event({ type: 'content_block_delta', index, delta })),
    event({ type: 'content_block_stop', index }),
  ])
  return [
    event({ type: 'message_start', message: start }),
    event({ type: 'ping' }),
    ...blocks,
    event({ type: 'message_delta', delta: { stop_reason, stop_sequence }, usage }),
    event({ type: 'message_stop' }),
  ]
}

function emptied(block: Block): Block {
  switch (block.type) {
    case 'text':
      return { ...block, text: '' }
    case 'thinking':
      return { ...block, thinking: '', signature: '' }
    case 'tool_use':
      return { ...block, input: {} }
    default:
      return block
  }
}

const pieces = (text: unknown): string[] => String(text).match(/.{1,4}/gsu) ?? []

function deltasOf(block: Block): Json[] {
  switch (block.type) {
    case 'text':
      return pieces(block.text).map((text) => ({ type: 'text_delta', text }))
    case 'thinking':
      return [
        ...pieces(block.thinking).map((thinking) => ({ type: 'thinking_delta', thinking })),
        { type: 'signature_delta', signature: block.signature },
      ]
    case 'tool_use':
      return pieces(JSON.stringify(block.input)).map((partial_json) => ({ type: 'input_json_delta', partial_json }))
    default:
      return []
  }
}

/** What the last turn is, in words: results are quoted, other blocks named. */
function seen(content: string | readonly Block[]): string {
  if (typeof content === 'string') return `You said: ${content}`
  const results = content.filter(({ type }) => type === 'tool_result').map((block) => textOf(block.content))
  if (results.length > 0) return `The tool said ${results.join(' and ')}.`
  const [first] = content
  return content.length === 1 && first?.type === 'text'
    ? `You said: ${first.text}`
    : `You sent ${content.map(({ type }) => type).join(' and ')}.`
}

const textOf = (content: unknown): string =>
  Array.isArray(content) ? content.map((block: Block) => block.text ?? block.type).join('') : String(content)

function answer(asked: Asked): ReturnType<typeof message> {
  const { content = '' } = asked.messages.at(-1) ?? {}
  const thinking =
    asked.thinking?.type === 'enabled' ? [{ type: 'thinking', thinking: 'Let me see. ', signature: SIGNATURE }] : []
  const isResult = typeof content !== 'string' && content.some(({ type }) => type === 'tool_result')
  const tools = (asked.tools ?? []).slice(0, asked.tool_choice?.disable_parallel_tool_use === true ? 1 : undefined)
  if (tools.length > 0 && !isResult) {
    const calls = tools.map(({ name }, index) => ({
      type: 'tool_use',
      id: `toolu_0${index}`,
      name,
      input: { city: ['Paris', 'Rome'][index] },
    }))
    return message([...thinking, ...calls], 'tool_use')
  }
  const said = [...thinking, { type: 'text', text: seen(content) }]
  const [stop_sequence] = asked.stop_sequences ?? []
  if (stop_sequence !== undefined) return message(said, 'stop_sequence', { stop_sequence })
  return message(said, asked.max_tokens === 1 ? 'max_tokens' : 'end_turn')
}

/** Answers `/messages` and `/messages/count_tokens`. */
export const answerMessages: Script = async (call: Call) => {
  if (call.path.endsWith('/count_tokens'))
    return await call.reply(200, JSON.stringify({ input_tokens: COUNTED }), HEADERS)
  const answered = answer(call.json as unknown as Asked)
  if (call.json.stream !== true) return await call.reply(200, JSON.stringify(answered), HEADERS)
  await call.head(200, HEADERS)
  for (const one of eventsOf(answered)) await call.write(one)
  await call.end()
}
