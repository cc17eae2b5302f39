/** The SDK's warnings, under the caller's names. */
import { expect, it } from 'vitest'
import { withWarnings } from '../../../src/providers/ai-sdk/warnings.ts'

it('adds what is unsupported, once, under the names of the request', () => {
  expect(
    withWarnings(
      ['user', 'seed'],
      [
        { type: 'unsupported', feature: 'seed' },
        { type: 'unsupported', feature: 'frequencyPenalty' },
        { type: 'unsupported', feature: 'topP' },
      ],
    ),
  ).toEqual(['user', 'seed', 'frequency_penalty', 'top_p'])
})

it('adds nothing for features that the caller never named, nor for other warnings', () => {
  const dropped = ['user']
  expect(
    withWarnings(dropped, [
      { type: 'unsupported', feature: 'providerOptions.anthropic.thinking' },
      { type: 'compatibility', feature: 'reasoning' },
      { type: 'other', message: 'by the way' },
    ]),
  ).toBe(dropped)
})
