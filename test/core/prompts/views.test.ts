/** What is answered about templates: a stored one as it is shown. */
import { expect, it } from 'vitest'
import { templateViewSchema } from '../../../src/core/prompts/views.ts'

it('shows a version together with what is in it', () => {
  const view = {
    ...{ id: 'travel', version: 2, at: '2026-11-20T00:00:00.000Z', actor: 'admin', rollbackOf: null },
    messages: [{ role: 'user' as const, content: '{{n}}' }],
    variables: { n: { type: 'integer' as const, default: 3 } },
  }
  expect(templateViewSchema.parse(view)).toEqual(view)
})
