/** Any text comes back, and nothing but what was written is read. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { fromBase64Url, toBase64Url } from '../../src/lib/base64url.ts'

it('brings any text back', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(toBase64Url(text)).toMatch(/^[a-zA-Z0-9_-]*$/)
      expect(fromBase64Url(toBase64Url(text))).toBe(text)
    }),
  )
})

it.each([
  ['', ''],
  ['{}', 'e30'],
  ['\ufeffa', '77u_YQ'],
  ['???>', 'Pz8_Pg'],
])('%j is %j', (text, written) => {
  expect(toBase64Url(text)).toBe(written)
  expect(fromBase64Url(written)).toBe(text)
})

it.each(['!', 'YQ==', 'YR', 'Y', '_w', 'a b', '77+/YQ'])('%j is no text', (written) => {
  expect(fromBase64Url(written)).toBeNull()
})
