/** A prompt as the hashes of its blocks, each of which stands for all before it: what two prompts share is seen at once. No I/O. */
import { isObject, items } from '../loose.ts'
import { POOL_BLOCK_CHARS, POOL_PROMPT_BLOCKS_MAX } from './limits.ts'

/** Characters that cannot come from a message's own text alone: a role is none of the text before it. */
const [ROLE, TEXT] = ['\u0002', '\u0003']
const CHARS_MAX = POOL_BLOCK_CHARS * POOL_PROMPT_BLOCKS_MAX

/** Odd multipliers of MurmurHash3 (Appleby, public domain). */
const [FIRST, SECOND, THIRD, FOURTH] = [0xcc9e2d51, 0x1b873593, 0x85ebca6b, 0xc2b2ae35] as const

/** What is known of a prompt. */
export interface PromptBlocks {
  /** 53 bits each, never 0; block n is the same for all prompts that begin with the same n whole blocks, and for no other. */
  readonly blocks: Float64Array
  /** Characters of the prompt in all. */
  readonly chars: number
}

/**
 * The blocks of a chat's or a completion's body. `seed`: whose prompt it is (tenant, model, adapter); what differs in it
 * shares nothing. Not cryptographic: whoever makes two prompts collide misleads a choice among replicas, no more, and
 * 53 bits of two prompts of one seed meet by chance once in some 90 million blocks.
 */
export function promptBlocks(body: Readonly<Record<string, unknown>>, seed: string): PromptBlocks {
  const { text, chars } = rendered(body)
  const blocks = new Float64Array(Math.min(POOL_PROMPT_BLOCKS_MAX, Math.floor(text.length / POOL_BLOCK_CHARS)))
  const state = seeded(seed)
  let [one, other] = [state.one, state.other]
  let at = 0
  for (let block = 0; block < blocks.length; block += 1) {
    const end = at + POOL_BLOCK_CHARS
    // Two lanes, each of which depends on all that both have seen; four characters a round.
    for (; at < end; at += 4) {
      one = Math.imul(one ^ (other >>> 13) ^ (text.charCodeAt(at) | (text.charCodeAt(at + 1) << 16)), FIRST)
      other = Math.imul(other ^ (one >>> 15) ^ (text.charCodeAt(at + 2) | (text.charCodeAt(at + 3) << 16)), SECOND)
    }
    blocks[block] = numberOf(one, other)
  }
  return { blocks, chars }
}

/** 53 bits of two lanes: what a Float64Array and a Map hold exactly. 0 means "nothing" to an index. */
export function numberOf(one: number, other: number): number {
  const high = stirred(one ^ (other >>> 16))
  const low = stirred(other ^ high)
  return (high >>> 0) * 2 ** 21 + (low >>> 11) || 1
}

/** Both lanes after a text of any length. */
export function seeded(text: string): { one: number; other: number } {
  let one = text.length ^ THIRD
  let other: number = FOURTH
  for (let at = 0; at < text.length; at += 1) {
    one = Math.imul(one ^ (other >>> 13) ^ text.charCodeAt(at), FIRST)
    other = Math.imul(other ^ (one >>> 15), SECOND)
  }
  return { one, other }
}

/** MurmurHash3's last step: each bit in changes half of those out. */
function stirred(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), THIRD)
  mixed = Math.imul(mixed ^ (mixed >>> 13), FOURTH)
  return mixed ^ (mixed >>> 16)
}

/**
 * The prompt in the order in which chat templates render it: tools, system, messages. A longer conversation begins with
 * all of a shorter one. Not the template's own text, which only the engine knows: the same beginnings are the same.
 */
function rendered(body: Readonly<Record<string, unknown>>): { text: string; chars: number } {
  const parts: string[] = []
  let [chars, kept] = [0, 0]
  const add = (part: string): void => {
    chars += part.length
    if (kept >= CHARS_MAX) return
    kept += part.length
    parts.push(part)
  }
  for (const tool of items(body.tools)) add(textOf(tool))
  if (body.system !== undefined) add(textOf(body.system))
  for (const message of items(body.messages)) addMessage(message, add)
  if (body.prompt !== undefined) for (const prompt of [body.prompt].flat()) add(textOf(prompt))
  return { text: parts.join(''), chars }
}

function addMessage(message: unknown, add: (part: string) => void): void {
  if (!isObject(message)) {
    add(textOf(message))
    return
  }
  const { role, content, ...rest } = message
  add(ROLE)
  add(textOf(role))
  add(TEXT)
  for (const part of Array.isArray(content) ? content : [content]) {
    add(isObject(part) && typeof part.text === 'string' ? part.text : textOf(part))
  }
  // Calls of tools, names, reasoning: most messages have none.
  for (const name in rest) add(`${TEXT}${name}${textOf(rest[name])}`)
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  return value === undefined || value === null ? '' : JSON.stringify(value)
}
