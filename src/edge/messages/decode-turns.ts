/** Anthropic's turns → canonical messages. No I/O. */
import { isObject, items } from '../../core/loose.ts'
import { isOwnSignature } from '../../core/messages/bound.ts'
import { cacheOf, type Drop, partsOf, simplest, textPart } from './decode-parts.ts'
import { readMark } from './mark.ts'
import { fromAnthropicId } from './tool-ids.ts'
import { Undecodable } from './undecodable.ts'

type Json = Readonly<Record<string, unknown>>

/** The messages of a request, its instructions first. A turn of which nothing is left is no message. */
export function messagesOf({ system, messages }: Json, drop: Drop): readonly Json[] {
  const turns = items(messages).flatMap((message, index) => turn(message, `messages[${index}]`, drop))
  return [...instructions(system, 'system', drop), ...turns]
}

function turn(message: unknown, at: string, drop: Drop): readonly Json[] {
  const { role, content } = isObject(message) ? message : {}
  switch (role) {
    case 'user':
      return typeof content === 'string' ? [{ role, content }] : userTurn(items(content), `${at}.content`, drop)
    case 'assistant':
      return typeof content === 'string' ? [{ role, content }] : assistantTurn(items(content), `${at}.content`, drop)
    case 'system':
      return instructions(content, `${at}.content`, drop)
    default:
      throw new Undecodable(`${at}.role`, 'The role must be user, assistant or system.')
  }
}

function instructions(content: unknown, at: string, drop: Drop): readonly Json[] {
  if (content == null || content === '') return []
  if (typeof content === 'string') return [{ role: 'system', content }]
  const parts = items(content).flatMap((block, index) => partsOf(block, `${at}[${index}]`, drop))
  return parts.length === 0 ? [] : [{ role: 'system', content: simplest(parts) }]
}

/** Results come first, each a message of its own, and then the rest: a call's result must follow the call. */
function userTurn(content: readonly unknown[], at: string, drop: Drop): readonly Json[] {
  const results: Json[] = []
  const attached: Json[] = []
  const parts: Json[] = []
  for (const [index, block] of content.entries()) {
    if (!isObject(block) || block.type !== 'tool_result') parts.push(...partsOf(block, `${at}[${index}]`, drop))
    else attached.push(...pushResult(results, block, `${at}[${index}]`, drop))
  }
  const rest = [...attached, ...parts]
  return rest.length === 0 ? results : [...results, { role: 'user', content: simplest(rest) }]
}

/** Says that a result failed, for which OpenAI's messages have no field, where the model reads it. */
const FAILED = 'Error: '
/** In place of a result that is all image: there are providers who refuse an empty one. */
const ATTACHED = 'The result is attached to the next message.'

/** The result as a message; gives back its images and files, which only a user's message may have. */
function pushResult(results: Json[], block: Json, at: string, drop: Drop): readonly Json[] {
  const { tool_use_id: id, content, is_error: isError } = block
  if (typeof id !== 'string') throw new Undecodable(`${at}.tool_use_id`, 'A tool result needs the id of its call.')
  const blocks = typeof content === 'string' ? [{ type: 'text', text: content }] : items(content)
  const parts = blocks.flatMap((one, index) => partsOf(one, `${at}.content[${index}]`, drop))
  const texts = parts.filter(({ type }) => type === 'text')
  const others = parts.filter(({ type }) => type !== 'text')
  if (texts.length === 0) texts.push({ type: 'text', text: others.length === 0 ? '' : ATTACHED })
  if (isError === true) texts[0] = { ...texts[0], text: `${FAILED}${texts[0]?.text}` }
  results.push({ role: 'tool', tool_call_id: fromAnthropicId(id), content: simplest(texts), ...cacheOf(block) })
  return others
}

/**
 * Thinking that we wrote ourselves is another provider's reasoning, and its mark has what that provider bound to calls.
 * Thinking that Anthropic signed is of no use to anyone else.
 */
function assistantTurn(content: readonly unknown[], at: string, drop: Drop): readonly Json[] {
  const parts: Json[] = []
  const calls: Json[] = []
  const thoughts = new Map<string, string>()
  let reasoning = ''
  let cache: Json = {}
  for (const [index, block] of content.entries()) {
    const { type, ...said } = isObject(block) ? block : {}
    switch (type) {
      case 'text':
        parts.push(textPart(said, drop))
        break
      case 'thinking':
        if (!isOwnSignature(said.signature)) drop('thinking.signature')
        else {
          reasoning += typeof said.thinking === 'string' ? said.thinking : ''
          for (const [id, thought] of readMark(said.signature)) thoughts.set(id, thought)
        }
        break
      case 'redacted_thinking':
        drop('redacted_thinking')
        break
      case 'tool_use':
        calls.push(toolCall(said, `${at}[${index}]`))
        cache = { ...cache, ...cacheOf(said) }
        break
      default:
        throw new Undecodable(`${at}[${index}].type`, 'Blocks of this type are for models of Anthropic alone.')
    }
  }
  if (parts.length === 0 && calls.length === 0 && reasoning === '') return []
  const message = {
    role: 'assistant',
    content: parts.length > 0 ? simplest(parts) : calls.length > 0 ? null : '',
    ...(reasoning === '' ? {} : { reasoning_content: reasoning }),
    ...(calls.length === 0 ? {} : { tool_calls: calls.map((call) => withThought(call, thoughts)) }),
  }
  return [{ ...message, ...cache }]
}

function toolCall({ id, name, input }: Json, at: string): Json {
  if (typeof id !== 'string' || typeof name !== 'string')
    throw new Undecodable(at, 'A tool_use block needs an id and a name.')
  return {
    id: fromAnthropicId(id),
    type: 'function',
    function: { name, arguments: JSON.stringify(input ?? {}) },
  }
}

function withThought(call: Json, thoughts: ReadonlyMap<string, string>): Json {
  const thought = thoughts.get(String(call.id))
  return thought === undefined ? call : { ...call, extra_content: { google: { thought_signature: thought } } }
}
