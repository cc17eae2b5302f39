/** What the demo model says: a function of the prompt, so that every run of a test reads the same. No I/O. */
import { createHash } from 'node:crypto'
import type { ChatRequest } from './requests.ts'
import { schemaValue } from './schema-value.ts'

export interface ToolCall {
  readonly id: string
  readonly name: string
  /** JSON. */
  readonly arguments: string
}

/** Either text or tool calls. */
export interface Answer {
  readonly text: string
  readonly toolCalls: readonly ToolCall[]
}

const ECHO_CHARS_MAX = 400
const WORDS_MAX = 20_000

/** The answer to a chat; `choice` counts from 0 where several are asked for. */
export function answerChat(request: ChatRequest, choice: number): Answer {
  const beginning = beginningOf(request)
  if (beginning === null) return answerWhole(request, choice)
  const { text: whole, toolCalls } = answerWhole({ ...request, messages: request.messages.slice(0, -1) }, choice)
  return { text: goingOn(whole, beginning, request.ignore_eos === true), toolCalls }
}

/** The text with which the answer has to begin; null where it is to begin itself. Its end is trimmed, as many templates do. */
export function beginningOf({ continue_final_message: isBegun, messages }: ChatRequest): string | null {
  const last = messages.at(-1)
  return isBegun === true && last?.role === 'assistant' ? plainText(last.content).trimEnd() : null
}

/** The rest of an answer that begins so; all of it, where it does not. */
function goingOn(whole: string, beginning: string, isEndless: boolean): string {
  if (!isEndless || whole === '') return whole.startsWith(beginning) ? whole.slice(beginning.length) : whole
  // One that goes on until it is stopped says itself again and again.
  const at = beginning.length % whole.length
  const isSaid = whole.repeat(Math.ceil(beginning.length / whole.length)).startsWith(beginning)
  return isSaid ? whole.slice(at) + whole.slice(0, at) : whole
}

function answerWhole(request: ChatRequest, choice: number): Answer {
  const last = request.messages.at(-1)
  const asked = lastUserText(request)
  if (last?.role === 'tool') return text(`The tool says: ${plainText(last.content)}`, choice)
  const toolCalls = callTools(request, asked)
  if (toolCalls.length > 0) return { text: '', toolCalls }
  const format = request.response_format
  if (format?.type === 'json_schema') {
    return { text: JSON.stringify(schemaValue(format.json_schema?.schema, () => 'demo')), toolCalls: [] }
  }
  if (format?.type === 'json_object') return { text: JSON.stringify({ answer: echo(asked) }), toolCalls: [] }
  const images = request.messages.flatMap((message) =>
    Array.isArray(message.content) ? message.content.filter((part) => part.type === 'image_url') : [],
  ).length
  const seen = images === 0 ? '' : ` I was shown ${images} image${images === 1 ? '' : 's'}.`
  return text(`${answerText(asked)}${seen}`, choice)
}

/** The answer to a bare prompt. "500 words" in it gets that many. */
export function answerText(asked: string): string {
  const count = Math.min(WORDS_MAX, Number(/\b(\d{1,5}) words\b/.exec(asked)?.[1] ?? 0))
  if (count > 0) return Array.from({ length: count }, (_, index) => `word${index + 1}`).join(' ')
  return `You said: ${echo(asked)} I am the demo origin, so this is an echo, streamed token by token like the real thing.`
}

/** The text of a message's content, parts joined. */
export function plainText(content: ChatRequest['messages'][number]['content']): string {
  if (typeof content === 'string') return content
  return (content ?? []).map((part) => part.text ?? '').join('')
}

function lastUserText(request: ChatRequest): string {
  return plainText(request.messages.findLast((message) => message.role === 'user')?.content)
}

const text = (words: string, choice: number): Answer => ({
  text: choice === 0 ? words : `${words} (Answer ${choice + 1}.)`,
  toolCalls: [],
})

const echo = (asked: string): string =>
  asked.length <= ECHO_CHARS_MAX ? `“${asked}”.` : `“${asked.slice(0, ECHO_CHARS_MAX)}…”.`

/**
 * A tool is called when it is forced, or when a word of its name stands in the question. Names in the question
 * ("Paris and Tokyo") become the arguments, one call each unless parallel calls are off.
 */
function callTools(request: ChatRequest, asked: string): ToolCall[] {
  const { tools = [], tool_choice: choice = 'auto' } = request
  if (choice === 'none') return []
  const forced = typeof choice === 'object' ? choice.function.name : undefined
  const mentioned = tools.filter((tool) => isMentioned(tool.function.name, asked))
  const called =
    forced !== undefined
      ? tools.filter((tool) => tool.function.name === forced)
      : choice === 'required' && mentioned.length === 0
        ? tools.slice(0, 1)
        : mentioned
  const names = asked.match(/(?<=\s)\p{Lu}\p{L}+/gu) ?? []
  const calls = called.flatMap((tool) =>
    (names.length === 0 ? ['demo'] : names).map((name) => makeCall(tool.function.name, tool.function.parameters, name)),
  )
  const distinct = [...new Map(calls.map((call) => [call.id, call])).values()]
  return request.parallel_tool_calls === false || forced !== undefined ? distinct.slice(0, 1) : distinct
}

function isMentioned(tool: string, asked: string): boolean {
  const words = tool.split(/[^a-zA-Z]+|(?<=[a-z])(?=[A-Z])/).filter((word) => word.length > 3)
  return words.some((word) => asked.toLowerCase().includes(word.toLowerCase()))
}

function makeCall(tool: string, parameters: unknown, name: string): ToolCall {
  const args = JSON.stringify(
    parameters === undefined ? {} : schemaValue({ type: 'object', ...parameters }, () => name),
  )
  const digest = createHash('sha256').update(tool).update(args).digest('hex').slice(0, 24)
  return { id: `call_${digest}`, name: tool, arguments: args }
}
