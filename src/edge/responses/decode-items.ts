/** Input items of Responses → chat messages: what one assistant turn is in chat, Responses has as items in a row. No I/O. */
import { field, isObject, items } from '../../core/loose.ts'
import { contentOf, spokenOf, textContentOf } from './decode-parts.ts'
import { stringAt, UndecodableError } from './fault.ts'
import { isOwnMark, readMark } from './own-reasoning.ts'

type Json = Readonly<Record<string, unknown>>

/** An assistant message as it grows. */
interface Turn {
  text: string | null
  refusal: string
  reasoning: string
  readonly details: Json[]
  readonly calls: Record<string, unknown>[]
}

const NOT_KEPT =
  'There is no such item in what the request goes on from. Name its response as previous_response_id, or send the item itself; clients do so with store set to false.'
const TEXT_OUTPUT = 'The output of a tool must be text here. Send images and files in a user message after it.'
const TEXT_INSTRUCTIONS = 'Instructions must be text here. Send images and files in a user message.'

/** The messages of an input. `drop` is told what is left out. */
export function messagesOf(input: unknown, drop: (param: string) => void): readonly Json[] {
  if (typeof input === 'string') return [{ role: 'user', content: input }]
  const conversation = new Conversation(drop)
  for (const [index, item] of items(input).entries()) conversation.add(item, `input[${index}]`)
  return conversation.end()
}

class Conversation {
  readonly #messages: Json[] = []
  readonly #signatures = new Map<string, string>()
  readonly #calls: Record<string, unknown>[] = []
  readonly #drop: (param: string) => void
  #turn: Turn | null = null

  constructor(drop: (param: string) => void) {
    this.#drop = drop
  }

  add(item: unknown, at: string): void {
    if (!isObject(item)) throw new UndecodableError(at, 'An input item must be an object.')
    // The SDKs' types let messages and references come without a type.
    switch (item.type ?? (item.role == null ? 'item_reference' : 'message')) {
      case 'message':
        this.#message(item, at)
        break
      case 'function_call':
      case 'custom_tool_call':
        this.#call(callOf(item, at))
        break
      case 'function_call_output':
      case 'custom_tool_call_output':
        this.#say({
          role: 'tool',
          tool_call_id: stringAt(item.call_id, `${at}.call_id`),
          content: textContentOf(item.output, `${at}.output`, TEXT_OUTPUT),
        })
        break
      case 'reasoning':
        this.#reasoning(item)
        break
      case 'item_reference':
        throw new UndecodableError(at, NOT_KEPT)
      default:
        throw new UndecodableError(
          `${at}.type`,
          `Items of type ${String(item.type).slice(0, 64)} belong to tools or features of one provider. Leave them out here.`,
        )
    }
  }

  end(): readonly Json[] {
    this.#closeTurn()
    // A signature may stand before its call or after it.
    for (const call of this.#calls) {
      const signature = this.#signatures.get(String(call.id))
      if (signature !== undefined) call.extra_content = { google: { thought_signature: signature } }
    }
    return this.#messages
  }

  #message({ role, content }: Json, at: string): void {
    switch (role) {
      case 'user':
        this.#say({ role, content: contentOf(content, `${at}.content`) })
        break
      case 'system':
      case 'developer':
        // To OpenAI the two are the same; servers that copy its protocol often know `system` alone.
        this.#say({ role: 'system', content: textContentOf(content, `${at}.content`, TEXT_INSTRUCTIONS) })
        break
      case 'assistant':
        this.#speak(spokenOf(content, `${at}.content`))
        break
      default:
        throw new UndecodableError(`${at}.role`, 'The role must be user, assistant, system or developer.')
    }
  }

  #say(message: Json): void {
    this.#closeTurn()
    this.#messages.push(message)
  }

  #speak({ text, refusal }: { readonly text: string; readonly refusal: string }): void {
    // What was said after calls stays with them: chat has the results right behind the message that made the calls.
    if (this.#turn !== null && this.#turn.text !== null && this.#turn.calls.length === 0) this.#closeTurn()
    const turn = this.#openTurn()
    turn.text = (turn.text ?? '') + text
    turn.refusal += refusal
  }

  #call(call: Record<string, unknown>): void {
    this.#openTurn().calls.push(call)
    this.#calls.push(call)
  }

  /**
   * Only of what we wrote is it known that it is reasoning as a model wrote it, and whose. OpenAI's is a summary, and
   * encrypted for OpenAI alone.
   */
  #reasoning(item: Json): void {
    const { encrypted_content: mark } = item
    const carried = isOwnMark(mark) ? readMark(mark) : null
    const text = reasoningTextOf(item)
    if (carried === null) {
      if (mark != null) this.#drop('reasoning.encrypted_content')
      else if (text !== '') this.#drop('reasoning.content')
      return
    }
    const turn = this.#openTurn()
    turn.reasoning += text
    turn.details.push(...carried.details)
    for (const [id, signature] of Object.entries(carried.signatures)) this.#signatures.set(id, signature)
  }

  #openTurn(): Turn {
    this.#turn ??= { text: null, refusal: '', reasoning: '', details: [], calls: [] }
    return this.#turn
  }

  #closeTurn(): void {
    const turn = this.#turn
    this.#turn = null
    if (turn === null) return
    const { text, refusal, reasoning, details, calls } = turn
    // Reasoning alone is no message: the answer was cut off before it began.
    if (text === null && calls.length === 0) return
    this.#messages.push({
      role: 'assistant',
      content: text === '' && (refusal !== '' || calls.length > 0) ? null : text,
      ...(refusal === '' ? {} : { refusal }),
      ...(reasoning === '' ? {} : { reasoning_content: reasoning }),
      ...(details.length === 0 ? {} : { reasoning_details: details }),
      ...(calls.length === 0 ? {} : { tool_calls: calls }),
    })
  }
}

/** Ours is in the content or, where a summary was asked for, there; and clients return the one as the other. */
function reasoningTextOf({ content, summary }: Json): string {
  const texts = (parts: unknown): string =>
    items(parts)
      .map((part) => field(part, 'text'))
      .filter((text) => typeof text === 'string')
      .join('')
  return texts(content) || texts(summary)
}

function callOf(item: Json, at: string): Record<string, unknown> {
  const id = stringAt(item.call_id, `${at}.call_id`)
  const name = stringAt(item.name, `${at}.name`)
  const isFunction = item.type === 'function_call'
  const [long, text] = isFunction ? ['arguments', item.arguments] : ['input', item.input]
  if (typeof text !== 'string') throw new UndecodableError(`${at}.${long}`, `'${at}.${long}' must be a string.`)
  return isFunction
    ? { id, type: 'function', function: { name, arguments: text } }
    : { id, type: 'custom', custom: { name, input: text } }
}
