/** One form of a text. */
import { expect, it } from 'vitest'
import { normalised } from '../../../../src/core/semantic/guards/normal.ts'

it('resolves compatibility characters and traditional ones, and leaves the rest', () => {
  expect(normalised('２０℃ ①')).toBe('20°C 1')
  expect(normalised('開關與價格')).toBe('开关與价格')
  expect(normalised('Plain, as it is.')).toBe('Plain, as it is.')
})
