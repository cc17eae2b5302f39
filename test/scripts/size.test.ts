/** The bundle's weight against its bound. */
import { randomBytes } from 'node:crypto'
import { expect, it } from 'vitest'
import { GZ_BYTES_MAX, weigh } from '../../scripts/size.ts'

it('weighs modules compressed, all together', () => {
  expect(weigh([Buffer.alloc(10_000_000)]).ok).toBe(true)
  const half = randomBytes(GZ_BYTES_MAX / 2)
  expect(weigh([half]).ok).toBe(true)
  expect(weigh([half, half]).ok).toBe(false)
  expect(weigh([half]).bytes).toBeGreaterThanOrEqual(half.length)
})
