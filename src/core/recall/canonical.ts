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
const isEmptyList = (value: unknown): boolean => Array.isArray(value) && value.length === 0
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
 * what never changes an answer, nulls, and what holds anyway. Everything else is in it, unknown fields too. Of a chat,
 * what can be said in two ways is written in one: clients of other protocols say it in theirs.
 */
export function canonicalText(operation: Operation, body: Body): string {
  return operation === 'chat' ? textOf(operation, withOneBound(body), CHAT) : textOf(operation, body, AS_IT_IS)
}

/**
 * The same of a chat whose last message is the question (`questionOf` says which), with a mark where the question's
 * text is: chats that differ in their question alone have one text. It is no JSON, so it is nobody's canonical text.
 */
export function canonicalScope(body: Body): string {
  return textOf('chat', withOneBound(body), CHAT_BUT_QUESTION)
}

type Write = (value: unknown) => string
/** Who writes the members of an object that are not written as they are, by name. */
type Writers = ReadonlyMap<string, Write>

const AS_IT_IS: Writers = new Map()

function textOf(operation: Operation, body: Body, writers: Writers): string {
  const defaults = DEFAULTS[operation]
  let text = ''
  for (const name of sortedNames(body)) {
    const value = body[name]
    if (value === null || value === undefined || LEFT_OUT.has(name)) continue
    if (defaults?.get(name)?.(value, body)) continue
    text += `${text === '' ? '{' : ','}${written(name)}${(writers.get(name) ?? write)(value)}`
  }
  return text === '' ? '{}' : `${text}}`
}

/** The bound of an output has two names, of which servers know the one, the other, or both. Unless they differ it is one. */
function withOneBound(body: Body): Body {
  if (body.max_completion_tokens == null) return body
  const { max_completion_tokens: newer, max_tokens: older, ...others } = body
  return older != null && older !== newer ? body : { ...others, max_tokens: newer }
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

/** Does the member say what holds without it? */
type IsUnsaid = (value: unknown, name: string) => boolean

const isUndefined: IsUnsaid = (value) => value === undefined

function writeObject(
  object: Body,
  writeMember: (value: unknown, name: string) => string,
  isUnsaid = isUndefined,
): string {
  let text = ''
  for (const name of sortedNames(object)) {
    const value = object[name]
    if (!isUnsaid(value, name)) text += `${text === '' ? '{' : ','}${written(name)}${writeMember(value, name)}`
  }
  return text === '' ? '{}' : `${text}}`
}

const writeMessages: Write = (messages) =>
  Array.isArray(messages) ? writeList(messages, (message) => writeMessage(message, OF_MESSAGE)) : write(messages)

const writeMessagesButQuestion: Write = (messages) =>
  Array.isArray(messages)
    ? writeList(messages, (message, index) =>
        writeMessage(message, index === messages.length - 1 ? OF_QUESTION : OF_MESSAGE),
      )
    : write(messages)

function writeMessage(message: unknown, writers: Writers): string {
  if (!isPlain(message)) return write(message)
  return writeObject(message, (value, name) => (writers.get(name) ?? write)(value), isUnsaidOfMessage)
}

/** What clients send back of the message that they were given, though it says nothing. */
const NULL_OF_MESSAGE = new Set(['refusal', 'audio', 'function_call', 'tool_calls', 'name'])

const isUnsaidOfMessage: IsUnsaid = (value, name) =>
  value === undefined || (value === null && NULL_OF_MESSAGE.has(name)) || (name === 'annotations' && isEmptyList(value))

/** A text alone is as good as a list of nothing but it. */
function writeContent(content: unknown): string {
  if (!Array.isArray(content)) return write(content)
  const [first] = content
  return content.length === 1 && isMereText(first) ? write(first.text) : writeList(content, writePart)
}

/** Text parts that say nothing but their text are as good as the text alone; of others the rest stays. */
function writeQuestion(content: unknown): string {
  if (typeof content === 'string') return QUESTION
  if (!Array.isArray(content)) return write(content)
  if (content.every(isMereText)) return QUESTION
  return writeList(content, (part) =>
    isText(part) ? writeObject(part, (value, name) => (name === 'text' ? QUESTION : write(value))) : writePart(part),
  )
}

const isText = (part: unknown): part is Body & { readonly text: string } =>
  isPlain(part) && part.type === 'text' && typeof part.text === 'string'

const isMereText = (part: unknown): part is Body & { readonly text: string } =>
  isText(part) && Object.keys(part).length === 2

const writePart = writeWithin('image_url', (value, name) => name === 'detail' && value === 'auto')

/** In one protocol arguments are text, as the model wrote it; in another they are an object. */
const writeCalls = writeListOf((call) => {
  if (!isPlain(call) || !isPlain(call.function)) return write(call)
  const writeFunction: Write = (made) =>
    writeObject(made as Body, (value, name) => write(name === 'arguments' ? unspaced(value) : value))
  return writeObject(call, (value, name) => (name === 'function' ? writeFunction : write)(value))
})

/** JSON in a string without the white space that means nothing in it; any other value as it is. */
function unspaced(value: unknown): unknown {
  if (typeof value !== 'string' || !/[ \t\n\r]/.test(value)) return value
  try {
    JSON.parse(value)
  } catch {
    return value
  }
  return value.replace(/("(?:[^"\\]|\\.)*")|[ \t\n\r]+/g, '$1')
}

const isNotStrict: IsUnsaid = (value, name) => name === 'strict' && (value === false || value === null)

const writeStop: Write = (stop) => write(typeof stop === 'string' ? [stop] : stop)

/** Leaves out of the member `inner` what says nothing there. */
function writeWithin(inner: string, isUnsaid: IsUnsaid): Write {
  const isLeftOut: IsUnsaid = (value, name) => value === undefined || isUnsaid(value, name)
  const writeInner: Write = (value) => (isPlain(value) ? writeObject(value, write, isLeftOut) : write(value))
  return (value) =>
    isPlain(value) && isPlain(value[inner])
      ? writeObject(value, (member, name) => (name === inner ? writeInner : write)(member))
      : write(value)
}

function writeListOf(writeItem: Write): Write {
  return (list) => (Array.isArray(list) ? writeList(list, writeItem) : write(list))
}

const OF_MESSAGE: Writers = new Map([
  ['content', writeContent],
  ['tool_calls', writeCalls],
])
const OF_QUESTION: Writers = new Map([...OF_MESSAGE, ['content', writeQuestion]])
const CHAT: Writers = new Map([
  ['messages', writeMessages],
  ['stop', writeStop],
  ['tools', writeListOf(writeWithin('function', isNotStrict))],
  ['response_format', writeWithin('json_schema', isNotStrict)],
])
const CHAT_BUT_QUESTION: Writers = new Map([...CHAT, ['messages', writeMessagesButQuestion]])

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
