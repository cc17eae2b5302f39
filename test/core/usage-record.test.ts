/** Which rows are of answers that were given before. */
import { expect, it } from 'vitest'
import { isHit } from '../../src/core/usage-record.ts'

it('tells hits from what was asked', () => {
  expect((['hit', 'semantic', 'coalesced', 'miss', 'bypass'] as const).map(isHit)).toEqual([
    true,
    true,
    true,
    false,
    false,
  ])
})
