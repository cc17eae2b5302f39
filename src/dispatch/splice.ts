/** One stream of chat out of several: what was said, and how the events of a later part go on from it. No I/O. */
import { full, isContent, isUsageEvent, parseJson } from '../core/chat-wire.ts'
import { HELD_EVENT_BYTES_MAX } from '../core/limits.ts'
import { field, isObject, items, members } from '../core/loose.ts'
import { EventPieces } from '../lib/event-pieces.ts'
import { joined } from '../lib/pieces.ts'
import { concat, readEvent, searchable } from '../lib/sse.ts'
import { type SaidSoFar, tokensAtMost } from './continue-request.ts'

type Json = Readonly<Record<string, unknown>>

const EMPTY = new Uint8Array(0)
const ENCODER = new TextEncoder()
/** Delta fields in which a model that was saying plain text may go on: more of it, or a call of a tool. */
const GOING_ON: ReadonlySet<string> = new Set(['role', 'content', 'tool_calls', 'function_call'])
const HIGH_SURROGATE = /[\ud800-\udbff]$/

/**
 * One per stream that may be gone on with elsewhere. Events pass whole, so that nothing of a broken one is ever out;
 * those of the first part as they came. As soon as something else than plain text has come, nothing is read any more.
 */
export class Splice {
  readonly #pieces = new EventPieces()
  #isReading = true
  /** The part that comes now, from 0. */
  #part = 0
  #isFirstContent = true
  #text = ''
  /** Events with text, or the tokens that they tell of: of earlier parts, of this one, and those left out of it. */
  #before = 0
  #tokens = 0
  #repeated = 0
  /** Of what was said already, what the engine may say again: it was not told of it. */
  #tail = ''
  /** `id`, `created`, `object` and `model` of the whole stream. */
  #about: Json | null = null
  #hasUsage = false
  /** Has a finish reason passed? Then all is said. */
  isFinished = false
  /** Is it only plain text so far? */
  isPlain = true
  /** Has a later part said what does not go on from plain text: reasoning, say? */
  isForeign = false

  /** Do bytes pass as they come, read by nobody? */
  get isPassing(): boolean {
    return !this.#isReading
  }

  /** Tokens that have reached the client: of all parts, and of those before this one. */
  get tokens(): number {
    return this.#before + this.#tokens
  }

  get tokensBefore(): number {
    return this.#before
  }

  /** Tokens that this part has generated and nobody was sent, since they were said already. */
  get repeatedTokens(): number {
    return this.#repeated
  }

  /** Length of what is kept of the text. */
  get textChars(): number {
    return this.#text.length
  }

  /** What of the part's next bytes is the client's now. */
  push(bytes: Uint8Array): Uint8Array {
    if (!this.#isReading) return bytes
    const out: Uint8Array[] = []
    for (const event of this.#pieces.push(bytes)) {
      out.push(this.#isReading ? this.#event(event) : event)
      if (this.isForeign) return joined(out)
    }
    if (this.#pieces.heldBytes > HELD_EVENT_BYTES_MAX) this.#stopReading()
    if (!this.#isReading) out.push(this.#pieces.flush())
    return joined(out)
  }

  /** The part has ended well: what was held back. Some upstreams end without the blank line. */
  end(): Uint8Array {
    return this.#pieces.flush()
  }

  /** From now on nobody can go on with it: there is no room for what has been said. */
  giveUp(): void {
    this.isPlain = false
    this.#text = ''
  }

  /** The part has broken off: what is held of its last event is nobody's. How the next one has to begin. */
  broken(): SaidSoFar {
    this.#pieces.flush()
    // Templates trim what they are given, and a half of a character is none: an engine is told neither, says it anew,
    // and what the client has of it is left out.
    const prefix = this.#text.replace(HIGH_SURROGATE, '').trimEnd()
    return { prefix, tokensMax: tokensAtMost(this.tokens, this.#text) }
  }

  /** The next part begins, at an engine that was told `prefix`. */
  begin(prefix: string): void {
    this.#part += 1
    this.#isFirstContent = true
    this.#before += this.#tokens
    this.#tokens = 0
    this.#repeated = 0
    this.#tail = this.#text.slice(prefix.length)
  }

  /** The end of a stream whose upstream did not say it. `usage`: its last event, for a client that wants one. */
  ending(usage: Json | null): Uint8Array {
    const event = (more: Json): string => `data: ${JSON.stringify({ ...this.#about, ...more })}\n\n`
    const finish = event({ choices: [{ index: 0, delta: {}, finish_reason: 'length' }] })
    const told = usage === null || this.#hasUsage ? '' : event({ choices: [], usage })
    return ENCODER.encode(`${this.isFinished ? '' : finish}${told}data: [DONE]\n\n`)
  }

  /** A usage object of this part's provider, as one of the whole: the prompt of the first part, the output of all. */
  summed(usage: unknown): unknown {
    if (this.#part === 0 || !isObject(usage)) return usage
    const count = (name: string): number => (typeof usage[name] === 'number' ? usage[name] : 0)
    // The prompt that this part had ends with what was said before.
    const prompt = Math.max(0, count('prompt_tokens') - this.#before)
    const output = this.#before + Math.max(0, count('completion_tokens') - this.#repeated)
    return {
      ...usage,
      prompt_tokens: prompt,
      completion_tokens: output,
      total_tokens: prompt + output,
      // What the second engine had of it in its cache says nothing of the first, which did the work.
      ...('prompt_tokens_details' in usage ? { prompt_tokens_details: null } : {}),
    }
  }

  #stopReading(): void {
    this.giveUp()
    this.#isReading = false
  }

  #event(bytes: Uint8Array): Uint8Array {
    const { data } = readEvent(bytes)
    if (data === null || data.startsWith('[DONE]')) return bytes
    const value = parseJson(data)
    if (isUsageEvent(value)) this.#hasUsage = true
    if (this.#part > 0) return this.#laterEvent(bytes, value)
    this.#about ??= aboutOf(value)
    const said = saidIn(value)
    if (said === null) this.#stopReading()
    else this.#take(said)
    return bytes
  }

  /** Its prologue was the first part's to say, and its name is the first part's. */
  #laterEvent(bytes: Uint8Array, value: unknown): Uint8Array {
    const has = isContent(value)
    if (this.#isFirstContent && !has && !isUsageEvent(value)) return EMPTY
    const said = saidIn(value)
    if (said === null) {
      this.isForeign ||= this.isPlain && !goesOn(value)
      if (this.isForeign) return EMPTY
      this.giveUp()
    }
    if (has) this.#isFirstContent = false
    const left = said === null ? null : this.#unsaid(said)
    if (said !== null) this.#take({ ...said, text: left ?? said.text, tokens: left === '' ? 0 : said.tokens })
    if (left === '' && said?.finish === null) {
      this.#repeated += said.tokens
      return EMPTY
    }
    const usage = field(value, 'usage')
    if (left === null && !isObject(usage)) return renamed(bytes, value, this.#about)
    const own = { ...Object.fromEntries(members(value)), ...this.#about }
    const summed = isObject(usage) ? { usage: this.summed(usage) } : {}
    const text = left === null ? {} : { choices: withContent(value, left) }
    return ENCODER.encode(`data: ${JSON.stringify({ ...own, ...text, ...summed })}\n\n`)
  }

  /** What of a text the client does not have; null: all of it. */
  #unsaid({ text }: Said): string | null {
    if (this.#tail === '' || text === '') return null
    let same = 0
    while (same < text.length && text[same] === this.#tail[same]) same += 1
    // Another text than before: what it begins with belongs to it.
    this.#tail = same === text.length ? this.#tail.slice(same) : ''
    return same === 0 ? null : text.slice(same)
  }

  #take({ text, tokens, finish }: Said): void {
    if (this.isPlain) this.#text += text
    this.#tokens += tokens
    if (finish !== null) this.isFinished = true
  }
}

/** What an event says in plain text. */
interface Said {
  readonly text: string
  readonly tokens: number
  readonly finish: string | null
}

const NOTHING: Said = { text: '', tokens: 0, finish: null }

/** Null where it says something else, or nobody knows what. */
function saidIn(value: unknown): Said | null {
  const choices = field(value, 'choices')
  if (!Array.isArray(choices) || choices.length > 1) return null
  const [choice] = choices
  if (choice === undefined) return NOTHING
  const [delta, finish, index] = [field(choice, 'delta'), field(choice, 'finish_reason'), field(choice, 'index')]
  const content = field(delta, 'content')
  if ((index != null && index !== 0) || (content != null && typeof content !== 'string')) return null
  if (members(delta).some(([name, part]) => name !== 'role' && name !== 'content' && full(part))) return null
  const tokens = items(field(field(choice, 'logprobs'), 'content')).length || items(field(choice, 'token_ids')).length
  return {
    text: content ?? '',
    tokens: tokens || (content ? 1 : 0),
    finish: typeof finish === 'string' ? finish : null,
  }
}

/** Can text be gone on with in this way? */
function goesOn(value: unknown): boolean {
  const [choice] = items(field(value, 'choices'))
  return members(field(choice, 'delta')).every(([name, part]) => GOING_ON.has(name) || !full(part))
}

const withContent = (value: unknown, content: string): unknown[] =>
  items(field(value, 'choices')).map((choice) => ({
    ...Object.fromEntries(members(choice)),
    delta: { ...Object.fromEntries(members(field(choice, 'delta'))), content },
  }))

function aboutOf(value: unknown): Json | null {
  if (!isObject(value)) return null
  return Object.fromEntries(members(value).filter(([name]) => ABOUT.has(name)))
}

const ABOUT: ReadonlySet<string> = new Set(['id', 'object', 'created', 'model'])

/**
 * The event under the first part's `id` and `created`, its other bytes as they were: all chunks of an answer have the
 * same, and some who put them together go by it. Quotes inside strings are escaped, so that no text can look like these.
 */
function renamed(bytes: Uint8Array, value: unknown, about: Json | null): Uint8Array {
  let all = bytes
  for (const name of ['id', 'created']) {
    const [own, first] = [field(value, name), about?.[name]]
    if (own === undefined || first === undefined || own === first) continue
    const text = searchable(all)
    for (const colon of [':', ': ']) {
      const found = `"${name}"${colon}${JSON.stringify(own)}`
      const at = text.indexOf(found)
      if (at === -1) continue
      const before = concat(all.subarray(0, at), ENCODER.encode(`"${name}"${colon}${JSON.stringify(first)}`))
      all = concat(before, all.subarray(at + found.length))
      break
    }
  }
  return all
}
