/** Questions have words of their own, and answers and vectors that follow from them. */
import { expect, it } from 'vitest'
import {
  answerTo,
  questionRequest,
  VECTORS_MODEL,
  vectorOf,
  WORDS_MODEL,
  wordsOf,
} from '../../../scripts/bench/recall-body.ts'

it('has words for every number, as long for all, the same each time, and no two alike', () => {
  const words = Array.from({ length: 5000 }, (_, number) => wordsOf(number))
  expect(new Set(words).size).toBe(5000)
  expect(words.every((one) => /^[a-z]{8} [a-z]{8} [a-z]{8}$/.test(one))).toBe(true)
  expect(wordsOf(123)).toBe(words[123])
  expect(wordsOf(1_000_000_000)).not.toBe(wordsOf(1_000_000_001))
})

it('asks for 200 bytes of prompt, without a temperature', () => {
  const body = JSON.parse(questionRequest('exact', 'again', 7, true))
  expect(body).toEqual({ model: 'exact', messages: [{ role: 'user', content: expect.any(String) }], stream: true })
  expect(body.messages[0].content).toHaveLength(200)
  expect(body.messages[0].content.startsWith(`again ${wordsOf(7)} a word`)).toBe(true)
  expect(JSON.parse(questionRequest('exact', 'question', 7, false))).not.toHaveProperty('stream')
})

const answer = (opening: 'question' | 'again', number: number): string =>
  JSON.parse(answerTo('/v1/chat/completions', questionRequest(WORDS_MODEL, opening, number, false))).choices[0].message
    .content

it('answers a question and its paraphrase alike, and others otherwise', () => {
  expect(answer('question', 7)).toContain(wordsOf(7))
  expect(answer('question', 7)).toHaveLength(200)
  expect(answer('again', 7)).toBe(answer('question', 7))
  expect(answer('question', 8)).not.toBe(answer('question', 7))
})

const cosine = (one: readonly number[], other: readonly number[]): number =>
  one.reduce((sum, value, index) => sum + value * (other[index] ?? 0), 0)

it('has unit vectors: of paraphrases near, of others far apart', () => {
  const question = vectorOf(`question ${wordsOf(7)} a word`)
  const again = vectorOf(`again ${wordsOf(7)} a word`)
  expect(question).toHaveLength(384)
  expect(cosine(question, question)).toBeCloseTo(1, 3)
  expect(cosine(again, again)).toBeCloseTo(1, 3)
  expect(cosine(question, again)).toBeGreaterThan(0.93)
  expect(cosine(question, again)).toBeLessThan(0.98)
  expect(Math.abs(cosine(question, vectorOf(`question ${wordsOf(8)} a word`)))).toBeLessThan(0.3)
})

it('answers with vectors by the path, one a text, in order', () => {
  const texts = [7, 8].map((number) => `question ${wordsOf(number)}`)
  const ask = (input: unknown): { data: { index: number; embedding: number[] }[] } =>
    JSON.parse(answerTo('/v1/embeddings', JSON.stringify({ model: VECTORS_MODEL, input })))
  expect(ask(texts).data).toEqual(
    texts.map((text, index) => ({ object: 'embedding', index, embedding: vectorOf(text) })),
  )
  expect(ask(texts[0]).data).toHaveLength(1)
})
