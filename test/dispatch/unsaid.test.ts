/** Usage of whole replies that do not say what they took. */
import { expect, it } from 'vitest'
import { usageUnsaid } from '../../src/dispatch/unsaid.ts'
import { requestOf } from '../support/path.ts'

const request = requestOf({ bodyBytes: 400, bodyChars: 400 })

it.each([
  ['a chat', { choices: [{ message: { content: 'x'.repeat(400) } }] }],
  ['a completion', { choices: [{ text: 'x'.repeat(400) }] }],
  ['a message', { content: [{ type: 'text', text: 'x'.repeat(400) }] }],
  ['a response', { output: [{ type: 'message', content: [{ text: 'x'.repeat(400) }] }] }],
])('of %s it is told by lengths', (_what, reply) => {
  const { inputTokens, outputTokens, source } = usageUnsaid(request, reply)
  expect([inputTokens, source]).toEqual([100, 'estimated'])
  expect(outputTokens).toBeGreaterThan(99)
  expect(outputTokens).toBeLessThan(125)
})

it('of an embedding there is none, and to count tokens costs nothing', () => {
  expect(usageUnsaid(request, { data: [] })).toMatchObject({ inputTokens: 100, outputTokens: 0 })
  expect(usageUnsaid(requestOf({ operation: 'count_tokens' }), {})).toMatchObject({
    inputTokens: 0,
    source: 'provider',
  })
})
