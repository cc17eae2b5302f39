/** Puts the chunks of a streamed reply together into the whole one that they are the parts of. No I/O. */
import { isObject } from '../loose.ts'

type Json = Record<string, unknown>

/** Of a chunk: who sent it when, which a replay has its own of; and padding against guesses at a token's length. */
const PASSING = new Set(['id', 'created', 'object', 'obfuscation', 'p'])
/** Strings of a delta that name something, and are not continued by the next. */
const NAMES = new Set(['role', 'name', 'type', 'id'])
/** What a piece takes in memory besides its characters, about: V8 joins strings by pointing at their parts. */
const PIECE_BYTES = 32
/** … and a choice or a call, in pieces. */
const CHOICE_PIECES = 16
const CALL_PIECES = 8

interface Call {
  readonly fields: Json
  readonly inner: Map<string, Json>
}

interface Choice {
  /** What deltas said, but for tool calls; null in completions. */
  readonly message: Json
  readonly calls: Call[]
  /** By the index that the upstream gave, from wherever it counts. */
  readonly callsByIndex: Map<unknown, Call>
  functionCall: Json | null
  text: string | null
  logprobs: Json | null | undefined
  finishReason: string | null
  readonly rest: Json
}

/** Without a prototype: the names are strangers', `__proto__` among them. */
const blank = (): Json => Object.create(null) as Json

/** One per reply. What it does not know it keeps: strings of deltas joined, lists appended, of all else the last. */
export class Assembly {
  readonly #choices = new Map<number, Choice>()
  readonly #rest = blank()
  #chars = 0
  #pieces = 0

  /** Memory that it takes, about. */
  get heldBytes(): number {
    return 2 * this.#chars + PIECE_BYTES * this.#pieces
  }

  /** The reply's JSON has more bytes than that. */
  get bytesMin(): number {
    return Math.max(this.#chars, this.#pieces)
  }

  /** Takes one chunk. False: it is none that could be put together with the others. */
  add(chunk: Readonly<Json>): boolean {
    for (const name in chunk) {
      if (name !== 'choices') {
        if (!PASSING.has(name)) this.#last(this.#rest, name, chunk[name])
        continue
      }
      const choices = chunk.choices
      if (!Array.isArray(choices)) return false
      for (const choice of choices) if (!isObject(choice) || !this.#choice(choice)) return false
    }
    return true
  }

  /** The whole reply so far, without `id` and `created`. `usage`: what it is said to have taken where no chunk said. */
  whole(usage: unknown): Json {
    const { model, usage: reported, ...rest } = this.#rest
    const choices = [...this.#choices].sort(([a], [b]) => a - b)
    const isChat = choices.every(([, { text }]) => text === null)
    return {
      object: isChat ? 'chat.completion' : 'text_completion',
      ...(model === undefined ? {} : { model }),
      choices: choices.map(([index, choice]) => wholeOf(index, choice, isChat)),
      ...(isObject(reported) ? { usage: reported } : isObject(usage) ? { usage } : {}),
      ...rest,
    }
  }

  #choice(chunk: Json): boolean {
    const index = typeof chunk.index === 'number' ? chunk.index : 0
    let choice = this.#choices.get(index)
    if (choice === undefined) {
      choice = newChoice()
      this.#choices.set(index, choice)
      this.#pieces += CHOICE_PIECES
    }
    for (const name in chunk) {
      const value = chunk[name]
      switch (name) {
        case 'index':
          break
        case 'delta':
          if (isObject(value) && !this.#delta(choice, value)) return false
          break
        case 'message':
          // Some send the message so far beside each delta. Alone it is the reply of another protocol.
          if (!isObject(chunk.delta)) return false
          break
        case 'text':
          if (typeof value === 'string') {
            choice.text = (choice.text ?? '') + value
            this.#hold(value)
          }
          break
        case 'logprobs':
          this.#logprobs(choice, value)
          break
        case 'finish_reason':
          if (typeof value === 'string') choice.finishReason = value
          break
        default:
          if (Array.isArray(value)) this.#join(choice.rest, name, value)
          else this.#last(choice.rest, name, value)
      }
    }
    return true
  }

  #delta(choice: Choice, delta: Json): boolean {
    for (const name in delta) {
      const value = delta[name]
      if (name === 'tool_calls') {
        if (Array.isArray(value))
          for (const call of value) if (!isObject(call) || !this.#call(choice, call)) return false
      } else if (name === 'function_call' && isObject(value)) {
        choice.functionCall ??= blank()
        if (!this.#function(choice.functionCall, value)) return false
      } else if (!this.#join(choice.message, name, value)) return false
    }
    return true
  }

  #call(choice: Choice, delta: Json): boolean {
    const call = this.#callOf(choice, delta)
    for (const name in delta) {
      const value = delta[name]
      if (name === 'index') continue
      // Some send a fresh id, or an empty one, with every piece: the first is the call's.
      if (name === 'id' && call.fields.id !== undefined) continue
      if ((name === 'function' || name === 'custom') && isObject(value)) {
        let inner = call.inner.get(name)
        if (inner === undefined) {
          inner = blank()
          call.inner.set(name, inner)
        }
        if (!this.#function(inner, value)) return false
      } else if (value !== '' || name !== 'id') this.#last(call.fields, name, value)
    }
    return true
  }

  /**
   * The call that a piece belongs to. Some upstreams count from 1, some not at all (then whoever has an id of its own
   * is a call of its own), and some give every call the same index: there another id with another name begins one.
   */
  #callOf(choice: Choice, { index, id, function: inner }: Json): Call {
    const known = index === undefined ? choice.calls.at(-1) : choice.callsByIndex.get(index)
    const isNamed = index === undefined || (isObject(inner) && typeof inner.name === 'string' && inner.name !== '')
    const isOther = typeof id === 'string' && id !== '' && known?.fields.id !== undefined && known.fields.id !== id
    if (known !== undefined && !(isOther && isNamed)) return known
    const call: Call = { fields: blank(), inner: new Map() }
    choice.calls.push(call)
    if (index !== undefined) choice.callsByIndex.set(index, call)
    this.#pieces += CALL_PIECES
    return call
  }

  /** Name and arguments of a function, or name and input of a custom tool. */
  #function(target: Json, delta: Json): boolean {
    for (const name in delta) if (!this.#join(target, name, delta[name])) return false
    return true
  }

  #logprobs(choice: Choice, value: unknown): void {
    if (value === null) choice.logprobs ??= null
    if (!isObject(value)) return
    choice.logprobs ??= blank()
    for (const name in value) this.#join(choice.logprobs, name, value[name])
  }

  /** False where the two are of kinds that cannot be joined. */
  #join(target: Json, name: string, value: unknown): boolean {
    const known = target[name]
    const isList = Array.isArray(value)
    if ((typeof value !== 'string' || NAMES.has(name)) && !isList) {
      this.#last(target, name, value)
      return true
    }
    if (known === undefined || known === null || known === '') target[name] = value
    else if (value === '') return true
    else if (isList && Array.isArray(known)) for (const item of value) known.push(item)
    else if (!isList && typeof known === 'string') target[name] = known + value
    else return false
    this.#hold(value)
    return true
  }

  /** The last word that says anything. */
  #last(target: Json, name: string, value: unknown): void {
    const known = target[name]
    if (value === known || (known !== undefined && (value === null || value === ''))) return
    this.#hold(known, -1)
    target[name] = value
    this.#hold(value)
  }

  /** Counts a value, or counts it out again. */
  #hold(value: unknown, sign: 1 | -1 = 1): void {
    if (value === undefined || value === '') return
    this.#pieces += sign
    if (typeof value === 'string') this.#chars += sign * value.length
    else if (Array.isArray(value)) for (const item of value) this.#hold(item, sign)
    else if (isObject(value)) for (const name in value) this.#hold(value[name], sign)
  }
}

const newChoice = (): Choice => ({
  message: blank(),
  calls: [],
  callsByIndex: new Map(),
  functionCall: null,
  text: null,
  logprobs: undefined,
  finishReason: null,
  rest: blank(),
})

function wholeOf(index: number, choice: Choice, isChat: boolean): Json {
  const { message, calls, functionCall, text, logprobs, finishReason, rest } = choice
  const { role = 'assistant', content = null, ...others } = message
  const end = { ...(logprobs === undefined ? {} : { logprobs }), finish_reason: finishReason, ...rest }
  if (!isChat) return { index, text: text ?? '', ...end }
  return {
    index,
    message: {
      role,
      content,
      ...others,
      ...(functionCall === null ? {} : { function_call: functionCall }),
      ...(calls.length === 0 ? {} : { tool_calls: calls.map(wholeCall) }),
    },
    ...end,
  }
}

function wholeCall({ fields, inner }: Call): Json {
  const { id, type = inner.has('custom') ? 'custom' : 'function', ...others } = fields
  return { ...(id === undefined ? {} : { id }), type, ...Object.fromEntries(inner), ...others }
}
