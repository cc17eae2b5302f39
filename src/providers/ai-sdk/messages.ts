/** OpenAI messages → an AI SDK prompt. No I/O. */
import type {
  JSONValue,
  LanguageModelV4Message,
  LanguageModelV4Prompt,
  LanguageModelV4ToolCallPart,
  LanguageModelV4ToolResultPart,
} from '@ai-sdk/provider'
import { parseJson } from '../../core/chat-wire.ts'
import { cacheOptions, cacheOptionsIn, reasoningParts } from './bound.ts'
import { plainText, type SupportedUrls, userParts } from './content.ts'
import { isObject, type Json, listOf, stringOf } from './json.ts'
import { UnsayableError } from './refusal.ts'
import { signatureOptions } from './signature.ts'

/** Whom the prompt is for. */
interface Reader {
  readonly supportedUrls: SupportedUrls
  readonly protocol: string
  /** May it be sent what is bound to a provider of its protocol? */
  readonly keepsBound?: boolean | undefined
}

/** A mark on the message itself, or on the last of its parts that has one. */
function cacheOptionsOf(message: Json) {
  return isObject(message.cache_control) ? cacheOptions(message) : cacheOptionsIn(message.content)
}

type AssistantPart = Extract<LanguageModelV4Message, { role: 'assistant' }>['content'][number]

/**
 * Instructions (`system`, `developer`) come first whatever their place: most protocols have one field for them.
 * Results of parallel calls become one message, as the protocols demand. Of reasoning that comes back only what this
 * provider itself has signed goes on.
 */
export function promptOf(
  messages: unknown,
  { supportedUrls, protocol, keepsBound = true }: Reader,
  drop: (param: string) => void,
): LanguageModelV4Prompt {
  const instructions: LanguageModelV4Prompt = []
  const conversation: LanguageModelV4Prompt = []
  /** Tool names by call id, from the assistant messages so far. */
  const names = new Map<string, string>()
  for (const [index, message] of listOf(messages).entries()) {
    const at = `messages[${index}]`
    if (!isObject(message)) throw new UnsayableError(at, 'A message must be an object.')
    switch (message.role) {
      case 'system':
      case 'developer':
        instructions.push({ role: 'system', content: plainText(message.content), ...cacheOptionsOf(message) })
        break
      case 'user':
        append(conversation, {
          role: 'user',
          content: userParts(message.content, `${at}.content`, supportedUrls, drop),
        })
        break
      case 'assistant':
        {
          const { parts, isLess } = reasoningParts(message, protocol, keepsBound)
          if (isLess) drop('reasoning_details')
          append(conversation, { role: 'assistant', content: [...parts, ...assistantParts(message, at, names)] })
        }
        break
      case 'tool':
        appendResult(conversation, toolResult(message, at, names))
        break
      default:
        throw new UnsayableError(`${at}.role`, 'The role must be system, developer, user, assistant or tool.')
    }
  }
  return [...instructions, ...conversation]
}

function append(conversation: LanguageModelV4Prompt, message: LanguageModelV4Message): void {
  if (message.content.length > 0) conversation.push(message)
}

function appendResult(conversation: LanguageModelV4Prompt, part: LanguageModelV4ToolResultPart): void {
  const last = conversation.at(-1)
  if (last?.role === 'tool') last.content.push(part)
  else conversation.push({ role: 'tool', content: [part] })
}

function assistantParts(message: Json, at: string, names: Map<string, string>): AssistantPart[] {
  const text = plainText(message.content) || (stringOf(message.refusal) ?? '')
  const calls = listOf(message.tool_calls).map((call, index) => toolCall(call, `${at}.tool_calls[${index}]`, names))
  return text === '' ? calls : [{ type: 'text', text, ...cacheOptionsOf(message) }, ...calls]
}

function toolCall(call: unknown, at: string, names: Map<string, string>): LanguageModelV4ToolCallPart {
  const made = isObject(call) && isObject(call.function) ? call.function : undefined
  const id = isObject(call) ? stringOf(call.id) : undefined
  const name = stringOf(made?.name)
  if (id === undefined || name === undefined)
    throw new UnsayableError(at, 'A tool call needs an id and a function with a name.')
  names.set(id, name)
  return {
    type: 'tool-call',
    toolCallId: plainId(id),
    toolName: name,
    input: argumentsOf(stringOf(made?.arguments) ?? ''),
    ...signatureOptions(call),
  }
}

/** Ids that another model gave (`functions.weather:0`) are refused by some: call and result are renamed alike. */
function plainId(id: string): string {
  return id.replace(/[^A-Za-z0-9_-]/g, '_')
}

/** Protocols demand an object here. What a model once wrote that is none stays readable inside one. */
function argumentsOf(text: string): Json {
  if (text.trim() === '') return {}
  const parsed = parseJson(text)
  return isObject(parsed) ? parsed : { arguments: text }
}

function toolResult(message: Json, at: string, names: Map<string, string>): LanguageModelV4ToolResultPart {
  const id = stringOf(message.tool_call_id) ?? ''
  const name = names.get(id)
  if (name === undefined)
    throw new UnsayableError(`${at}.tool_call_id`, 'No earlier assistant message made a tool call of this id.')
  const output = outputOf(plainText(message.content))
  return { type: 'tool-result', toolCallId: plainId(id), toolName: name, output, ...cacheOptionsOf(message) }
}

/** Structured results stay structured, unless a number in them would not survive being parsed. */
function outputOf(text: string): LanguageModelV4ToolResultPart['output'] {
  const parsed = /^\s*[[{]/.test(text) && !/\d{16}|\d[eE]/.test(text) ? parseJson(text) : undefined
  return parsed === undefined ? { type: 'text', value: text } : { type: 'json', value: parsed as JSONValue }
}
