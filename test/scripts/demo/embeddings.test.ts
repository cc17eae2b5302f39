/** Embeddings at the demo origin: real vectors, in both encodings. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createLazyEmbedder } from '../../../scripts/demo/embeddings.ts'
import { type DemoOrigin, startDemoOrigin } from '../../support/demo-origin.ts'

let origin: DemoOrigin
beforeAll(async () => {
  origin = await startDemoOrigin()
})
afterAll(() => origin.close())

const path = '/v1/embeddings'
const body = { model: 'all-MiniLM-L6-v2', input: 'Hi' }
const ask = (more: object) => origin.ask(path, { ...body, ...more })
const status = async (more: object) => (await origin.post(path, { ...body, ...more })).status
const cosine = (a: readonly number[], b: readonly number[]) =>
  a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0)

test('texts that mean the same lie closer than those that do not', async () => {
  const [cat = [], kitten = [], tax = []] = await createLazyEmbedder()([
    'A cat sleeps on the sofa.',
    'A kitten naps on the couch.',
    'The tax return is due in May.',
  ])
  expect(cat).toHaveLength(384)
  expect(cosine(cat, cat)).toBeCloseTo(1, 2)
  expect(cosine(cat, kitten)).toBeGreaterThan(0.5)
  expect(cosine(cat, tax)).toBeLessThan(0.3)
})

test('base64 and floats are the same numbers, in the order of the input', async () => {
  const floats = await ask({ input: ['one', 'two'] })
  const coded = await ask({ input: ['one', 'two'], encoding_format: 'base64' })
  expect(floats.data.map((entry: { index: number }) => entry.index)).toEqual([0, 1])
  const bytes = Buffer.from(coded.data[1].embedding, 'base64')
  expect(bytes).toHaveLength(384 * 4)
  expect(bytes.readFloatLE(4)).toBeCloseTo(floats.data[1].embedding[1], 6)
  expect(floats.usage).toMatchObject({ prompt_tokens: 2, total_tokens: 2 })
})

test('other dimensions and other models are refused', async () => {
  expect(await status({ dimensions: 10 })).toBe(400)
  expect(await status({ dimensions: 384 })).toBe(200)
  expect(await status({ model: 'demo-llm' })).toBe(404)
})
