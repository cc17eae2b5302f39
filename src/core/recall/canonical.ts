/** The canonical text of a request: one text for all bodies that ask for the same answer, and for no others. No I/O. */
import type { Operation } from '../inference.ts'

type Body = Readonly<Record<string, unknown>>

/** Fields that never change an answer. */
const LEFT_OUT = new Set(['user', 'metadata', 'stream', 'stream_options', 'store', 'service_tier'])

/** Stands for the question in a scope: outside a string no JSON text has it, so no body can write it. */
const QUESTION = '?'

/** Does the field say what OpenAI documents to hold without it? */
type IsDefault = (value: unknown, body: Body) => boolean

const is =
  (expected: unknown): IsDefault =>
  (value) =>
    value === expected
const isEmptyList: IsDefault = (value) => Array.isArray(value) && value.length === 0
const isEmptyObject: IsDefault = (value) => isPlain(value) && Object.keys(value).length === 0
/** What a choice among tools is without being made: `auto` where there are some, `none` where there are not. */
const isChoiceOf =
  (tools: string): IsDefault =>
  (value, body) =>
    value === (Array.isArray(body[tools]) && body[tools].length > 0 ? 'auto' : 'none')

const SAMPLING: readonly (readonly [string, IsDefault])[] = [
  ['n', is(1)],
  ['temperature', is(1)],
  ['top_p', is(1)],
  ['presence_penalty', is(0)],
  ['frequency_penalty', is(0)],
  ['logit_bias', isEmptyObject],
  ['stop', isEmptyList],
]
/** Null is the default of every field, and dropped of every one. */
const DEFAULTS: Readonly<Partial<Record<Operation, ReadonlyMap<string, IsDefault>>>> = {
  chat: new Map([
    ...SAMPLING,
    ['logprobs', is(false)],
    ['parallel_tool_calls', is(true)],
    ['tools', isEmptyList],
    ['tool_choice', isChoiceOf('tools')],
    ['functions', isEmptyList],
    ['function_call', isChoiceOf('functions')],
    ['response_format', (value) => isPlain(value) && value.type === 'text' && Object.keys(value).length === 1],
    ['modalities', (value) => Array.isArray(value) && value.length === 1 && value[0] === 'text'],
  ]),
  completions: new Map([...SAMPLING, ['best_of', is(1)], ['echo', is(false)], ['suffix', is('')]]),
  embeddings: new Map([['encoding_format', is('float')]]),
}

/**
 * Canonical JSON (names sorted by UTF-16 units at every depth, no white space) of a body. Left out at its top level:
 * what never changes an answer, nulls, and what holds anyway. Everything else is in it, unknown fields too.
 */
export function canonicalText(operation: Operation, body: Body): string {
  return textOf(operation, body, write)
}

/**
 * The same of a chat whose last message is the question (`questionOf` says which), with a mark where the question's
 * text is: chats that differ in their question alone have one text. It is no JSON, so it is nobody's canonical text.
 */
export function canonicalScope(body: Body): string {
  return textOf('chat', body, writeMessagesButQuestion)
}

function textOf(operation: Operation, body: Body, writeMessages: (value: unknown) => string): string {
  const defaults = DEFAULTS[operation]
  let text = ''
  for (const name of sortedNames(body)) {
    const value = body[name]
    if (value === null || value === undefined || LEFT_OUT.has(name)) continue
    if (defaults?.get(name)?.(value, body)) continue
    text += `${text === '' ? '{' : ','}${written(name)}${name === 'messages' ? writeMessages(value) : write(value)}`
  }
  return text === '' ? '{}' : `${text}}`
}

/** Recursive: a request is at most JSON_DEPTH_MAX deep. */
function write(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value)
  // As JSON.stringify has it, which is several times slower at it; what no JSON number holds goes out as null.
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : 'null'
  if (typeof value !== 'object' || value === null) return String(value ?? null)
  if (Array.isArray(value)) return writeList(value, write)
  const raw = rawText(value)
  return raw ?? writeObject(value as Body, write)
}

function writeList(list: readonly unknown[], writeItem: (item: unknown, index: number) => string): string {
  let text = '['
  for (let index = 0; index < list.length; index++) {
    if (index > 0) text += ','
    text += writeItem(list[index], index)
  }
  return `${text}]`
}

function writeObject(object: Body, writeMember: (value: unknown, name: string) => string): string {
  let text = ''
  for (const name of sortedNames(object)) {
    const value = object[name]
    if (value !== undefined) text += `${text === '' ? '{' : ','}${written(name)}${writeMember(value, name)}`
  }
  return text === '' ? '{}' : `${text}}`
}

function writeMessagesButQuestion(messages: unknown): string {
  if (!Array.isArray(messages)) return write(messages)
  return writeList(messages, (message, index) =>
    index === messages.length - 1 && isPlain(message)
      ? writeObject(message, (value, name) => (name === 'content' ? writeQuestion(value) : write(value)))
      : write(message),
  )
}

/** Text parts that say nothing but their text are as good as the text alone; of others the rest stays. */
function writeQuestion(content: unknown): string {
  if (typeof content === 'string') return QUESTION
  if (!Array.isArray(content)) return write(content)
  if (content.every((part) => isText(part) && Object.keys(part).length === 2)) return QUESTION
  return writeList(content, (part) =>
    isText(part) ? writeObject(part, (value, name) => (name === 'text' ? QUESTION : write(value))) : write(part),
  )
}

const isText = (part: unknown): part is Body => isPlain(part) && part.type === 'text' && typeof part.text === 'string'

/** The names of an object, sorted. Parsed JSON has no inherited ones. */
function sortedNames(object: Body): string[] {
  const names: string[] = []
  let isSorted = true
  let last = ''
  for (const name in object) {
    if (name < last) isSorted = false
    last = name
    names.push(name)
  }
  return isSorted ? names : names.sort()
}

/** The usual names with their quotes and colon: to look one up takes a third of the time of writing it. */
const WRITTEN = new Map(
  [
    ...['model', 'messages', 'role', 'content', 'name', 'type', 'text', 'temperature', 'top_p', 'max_tokens'],
    ...['max_completion_tokens', 'stop', 'seed', 'tools', 'tool_choice', 'tool_calls', 'tool_call_id', 'function'],
    ...['arguments', 'id', 'description', 'parameters', 'properties', 'required', 'additionalProperties', 'enum'],
    ...['items', 'strict', 'response_format', 'json_schema', 'schema', 'reasoning_effort', 'image_url', 'url'],
    ...['input', 'dimensions', 'encoding_format', 'prompt', 'presence_penalty', 'frequency_penalty'],
  ].map((name) => [name, `"${name}":`] as const),
)

const written = (name: string): string => WRITTEN.get(name) ?? `${JSON.stringify(name)}:`

/** JSON with raw values, which the type library does not have yet; see lib/json.ts. */
const RAW = JSON as unknown as { isRawJSON(value: unknown): value is { readonly rawJSON: string } }

/** An integer beyond a double, as it was written; undefined for any other object, one of the same look included. */
const rawText = (value: object): string | undefined =>
  'rawJSON' in value && RAW.isRawJSON(value) ? value.rawJSON : undefined

const isPlain = (value: unknown): value is Body =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && rawText(value) === undefined
