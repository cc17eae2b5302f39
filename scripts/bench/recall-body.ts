/** The requests of the recall lane, each a question of its own made of its number, and the upstream's answers. No I/O. */

/** A question, and one in other words that has the same answer: its vector is near the other's. */
export type Opening = 'question' | 'again'

const QUESTION_BYTES = 200
const ANSWER_BYTES = 200
const DIMENSIONS = 384
/** How far the vector of the other words lies off: a cosine of 0.96. */
const OFF = 0.3

/** Models of the upstream: one answers each question with words of its own, the other makes vectors. */
export const WORDS_MODEL = 'bench-words'
export const VECTORS_MODEL = 'bench-vectors'

// Words that no language has, and so neither numbers, names nor opposites: nothing that tells two questions apart by rule.
const CONSONANTS = 'bdfgklmnprstvz'
const VOWELS = 'aeiou'
const SYLLABLES = [...CONSONANTS].flatMap((consonant) => [...VOWELS].map((vowel) => consonant + vowel))
const WORDS = 3
const SYLLABLES_PER_WORD = 4
const WORD = `(?:[${CONSONANTS}][${VOWELS}]){${SYLLABLES_PER_WORD}}`
const OWN_WORDS = new RegExp(Array.from({ length: WORDS }, () => WORD).join(' '))

/** The words that are a number's own, always of one length. */
export function wordsOf(number: number): string {
  const random = randomFrom(number)
  const word = (): string =>
    Array.from({ length: SYLLABLES_PER_WORD }, () => SYLLABLES[Math.floor(random() * SYLLABLES.length)]).join('')
  return Array.from({ length: WORDS }, word).join(' ')
}

/** A chat request of so many bytes of prompt, without a temperature: it may be recalled. */
export function questionRequest(model: string, opening: Opening, number: number, stream: boolean): string {
  const content = filled(`${opening} ${wordsOf(number)}`, QUESTION_BYTES)
  return `{"model":"${model}","messages":[{"role":"user","content":"${content}"}]${stream ? ',"stream":true' : ''}}`
}

/** What the upstream answers to a request for one of the models above, by its path. */
export function answerTo(path: string, request: string): string {
  return path.endsWith('/embeddings') ? vectorsReply(request) : wordsReply(request)
}

/** The same answer to a question and to the same in other words, and to no other. */
function wordsReply(request: string): string {
  const content = filled(`answer ${OWN_WORDS.exec(request)?.[0]}`, ANSWER_BYTES)
  return JSON.stringify({
    id: 'chatcmpl-bench',
    object: 'chat.completion',
    created: 1_760_000_000,
    model: WORDS_MODEL,
    choices: [{ index: 0, message: { role: 'assistant', content }, logprobs: null, finish_reason: 'stop' }],
    usage: { prompt_tokens: 50, completion_tokens: 50, total_tokens: 100 },
  })
}

function vectorsReply(request: string): string {
  const { input } = JSON.parse(request) as { input: string | readonly string[] }
  const texts = typeof input === 'string' ? [input] : input
  return JSON.stringify({
    object: 'list',
    data: texts.map((text, index) => ({ object: 'embedding', index, embedding: vectorOf(text) })),
    model: VECTORS_MODEL,
    usage: { prompt_tokens: 50, total_tokens: 50 },
  })
}

/** Of unit length: of a text's own words, and off that where the text says them in other words. */
export function vectorOf(text: string): number[] {
  const own = direction(OWN_WORDS.exec(text)?.[0] ?? text)
  if (!text.startsWith('again')) return own
  const aside = direction(text)
  return unit(own.map((value, index) => value + OFF * (aside[index] ?? 0)))
}

const direction = (text: string): number[] => {
  const random = randomFrom(hashOf(text))
  return unit(Array.from({ length: DIMENSIONS }, () => random() + random() + random() - 1.5))
}

function unit(vector: readonly number[]): number[] {
  const length = Math.hypot(...vector)
  return vector.map((value) => Math.round((value / length) * 1e6) / 1e6)
}

const filled = (text: string, bytes: number): string =>
  `${text}${' a word'.repeat(Math.ceil(bytes / ' a word'.length))}`.slice(0, bytes)

/** FNV-1a, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return hash
}

/** mulberry32: the same numbers, 0 to 1, from the same seed. */
export function randomFrom(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
