/** Ids that are given out. */
import { expect, it } from 'vitest'
import { newId } from '../../src/edge/new-id.ts'

it('is 32 hexadecimal digits, and never the same', () => {
  const ids = Array.from({ length: 100 }, newId)
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{32}$/)
  expect(new Set(ids).size).toBe(100)
})
