/** What is bound to calls travels in a signature that is nobody's but ours. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { isOwnSignature, OWN_MARK } from '../../../src/core/messages/bound.ts'
import { markOf, readMark } from '../../../src/edge/messages/mark.ts'

const text = fc.string({ unit: 'binary' })

it('carries any signatures there and back, in one line of plain characters', () => {
  fc.assert(
    fc.property(fc.dictionary(text, text), (signatures) => {
      const calls = new Map(Object.entries(signatures))
      const mark = markOf(calls)
      expect(mark).toMatch(/^sluice:[a-zA-Z0-9_-]+$/)
      expect(isOwnSignature(mark)).toBe(true)
      expect(readMark(mark)).toEqual(calls)
    }),
  )
})

it('is short where there is nothing to carry', () => {
  expect(markOf(new Map())).toBe(`${OWN_MARK}e30`)
})

const forged = (value: unknown): string => OWN_MARK + btoa(JSON.stringify(value)).replace(/=+$/, '')

it.each([
  ['', 0],
  [undefined, 0],
  [OWN_MARK, 0],
  [`${OWN_MARK}!!!`, 0],
  ['EqQBCkg=', 0],
  [forged([]), 0],
  [forged({ calls: 'x' }), 0],
  [forged({ calls: { a: 1, b: null, c: 's' } }), 1],
])('of %j it reads no more than signatures', (signature, size) => {
  expect(readMark(signature).size).toBe(size)
})
