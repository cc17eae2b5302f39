/** Items as the Conversations API has them, of what callers send: with ids and types, and contents in parts. No I/O. */
import { isObject, items } from '../../core/loose.ts'

type Json = Readonly<Record<string, unknown>>

/** How ids of items begin, by type. */
const PREFIXES: Readonly<Record<string, string>> = {
  message: 'msg',
  function_call: 'fc',
  function_call_output: 'fco',
  custom_tool_call: 'ctc',
  custom_tool_call_output: 'ctco',
  reasoning: 'rs',
}

/** Makes a name that is not there yet: letters and digits. */
export type NewId = () => string

/** Input of a Responses request, or items for a conversation, as they are kept. Instructions of a turn are not. */
export function keptInput(input: unknown, newId: NewId): readonly Json[] {
  if (typeof input === 'string') return [keptItem({ role: 'user', content: input }, newId)]
  return items(input)
    .filter(isObject)
    .filter((item) => item.role !== 'system' && item.role !== 'developer' && item.type !== 'item_reference')
    .map((item) => keptItem(item, newId))
}

/** One item. Ids are ours, but for what is bound to the one it has. */
export function keptItem(item: Json, newId: NewId): Json {
  const type = typeof item.type === 'string' ? item.type : 'message'
  const isBound = type === 'reasoning' && typeof item.id === 'string'
  const id = isBound ? item.id : `${PREFIXES[type] ?? 'item'}_${newId()}`
  const { content, status, ...said } = item
  if (type !== 'message') return { ...item, id, type, ...(status == null && type !== 'reasoning' ? DONE : {}) }
  return { ...said, id, type, ...DONE, content: partsOf(content, item.role) }
}

/** What a target that speaks Responses itself is sent of one: ids are of its own answers only. */
export function sentItem(item: Json): Json {
  const { id, status, ...said } = item
  const isAnswer = item.role === 'assistant' || item.type === 'reasoning' || /_call$/.test(String(item.type))
  return isAnswer ? item : said
}

/** Text that an assistant said, or called for: the same for answers that do the same; null where it did nothing. */
export function printed(answer: readonly Json[]): string | null {
  const calls = answer.filter(({ type }) => type === 'function_call' || type === 'custom_tool_call')
  if (calls.length > 0) return JSON.stringify(calls.map((call) => [call.name, call.arguments ?? call.input]))
  const said = answer
    .filter(({ type }) => type === 'message')
    .flatMap(({ content }) => items(content))
    .map((part) => (isObject(part) ? (part.text ?? part.refusal) : null))
    .filter((text) => typeof text === 'string')
    .join('\n')
  return said === '' ? null : said
}

const DONE = { status: 'completed' }

function partsOf(content: unknown, role: unknown): readonly unknown[] {
  if (typeof content !== 'string') return items(content)
  return role === 'assistant'
    ? [{ type: 'output_text', text: content, annotations: [], logprobs: [] }]
    : [{ type: 'input_text', text: content }]
}
