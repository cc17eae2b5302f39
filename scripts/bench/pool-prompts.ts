/** What the pool lane's requests say: words of one token each, that no two prompts have in common by chance. No I/O. */

/** A turn of a conversation. */
export interface Message {
  readonly role: 'system' | 'user' | 'assistant'
  readonly content: string
}

const LETTERS = 26
/** With the space before it: as many bytes as a token has by the gateway's estimate. */
const WORD_LETTERS = 3

/** So many tokens of the demo origin's model. */
export function wordsOf(tokens: number, random: () => number): string {
  return Array.from({ length: tokens }, () => wordOf(random)).join(' ')
}

function wordOf(random: () => number): string {
  return String.fromCharCode(...Array.from({ length: WORD_LETTERS }, () => 97 + Math.floor(random() * LETTERS)))
}

/** A streamed chat that tells its usage, and is not to be answered from a cache. */
export function chatOf(model: string, messages: readonly Message[], answerTokens: number): string {
  return JSON.stringify({
    model,
    messages,
    max_tokens: answerTokens,
    stream: true,
    stream_options: { include_usage: true },
  })
}

/** Time until the next of arrivals that know nothing of each other, ms. */
export function gapMs(perSecond: number, random: () => number): number {
  return (-1000 * Math.log(1 - random())) / perSecond
}
