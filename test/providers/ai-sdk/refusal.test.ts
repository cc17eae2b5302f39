/** The refusal names its field. */
import { expect, it } from 'vitest'
import { UnsayableError } from '../../../src/providers/ai-sdk/refusal.ts'

it('carries the field and the advice', () => {
  expect(new UnsayableError('n', 'Leave it out.')).toMatchObject({ param: 'n', message: 'Leave it out.' })
})
