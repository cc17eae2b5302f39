/** Finish reasons, all of them. */
import { expect, it } from 'vitest'
import { openaiFinishReason } from '../../../src/providers/ai-sdk/finish-reason.ts'

it.each([
  ['stop', false, 'stop'],
  ['length', true, 'length'],
  ['content-filter', false, 'content_filter'],
  ['tool-calls', true, 'tool_calls'],
  ['other', false, 'stop'],
  ['other', true, 'tool_calls'],
  ['error', false, null],
  ['interrupted', true, null],
] as const)('%s, with tool calls %s: %s', (unified, hasToolCalls, expected) => {
  expect(openaiFinishReason({ unified, raw: undefined }, hasToolCalls)).toBe(expected)
})
