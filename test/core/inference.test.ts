/** What of a request is its prompt, for an estimate of its tokens. */
import { expect, it } from 'vitest'
import { promptBytes } from '../../src/core/inference.ts'

const FILE = 'A'.repeat(1_000_000)
const bytesOf = (content: unknown) => {
  const body = { model: 'm', messages: [{ role: 'user', content }] }
  return promptBytes({ body, bodyBytes: JSON.stringify(body).length })
}

it('counts text by its bytes, however long', () => {
  expect(bytesOf('hi')).toBe(JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'hi' }] }).length)
  expect(bytesOf(FILE)).toBeGreaterThan(FILE.length)
  expect(bytesOf([{ type: 'text', text: FILE }])).toBeGreaterThan(FILE.length)
})

it.each([
  ['an image', { type: 'image_url', image_url: { url: `data:image/png;base64,${FILE}` } }],
  ['a file', { type: 'file', file: { file_data: `data:application/pdf;base64,${FILE}` } }],
  ['a sound', { type: 'input_audio', input_audio: { format: 'wav', data: FILE } }],
])('counts %s for about a thousand tokens', (_, part) => {
  const text = { type: 'text', text: 'x'.repeat(1000) }
  expect(bytesOf([text, part])).toBeGreaterThan(5000)
  expect(bytesOf([text, part])).toBeLessThan(5500)
  expect(bytesOf([part, part])).toBeGreaterThan(8000)
})

it('leaves what is small or far away alone', () => {
  const image = { type: 'image_url', image_url: { url: 'https://pictures.test/a.png' } }
  const small = { type: 'image_url', image_url: { url: `data:image/png;base64,${'A'.repeat(3000)}` } }
  for (const part of [image, small])
    expect(bytesOf(['y'.repeat(2000), part])).toBeGreaterThan(2000 + JSON.stringify(part).length)
})
