/** Ids of calls go out as Anthropic's clients take them, and come back as the provider gave them. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { fromAnthropicId, toAnthropicId } from '../../../src/edge/messages/tool-ids.ts'

const TAKEN = /^toolu_[a-zA-Z0-9_-]+$/
const id = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1 }),
  fc.stringMatching(/^(toolu_|toolu_sluice_|call_|functions\.)[a-zA-Z0-9_:-]*$/),
)

it.each(['toolu_01A09q90qw90lq917835lq9', 'toolu_vrtx_01ab', 'toolu_bdrk_01-b_'])('leaves %s alone', (native) => {
  expect(toAnthropicId(native)).toBe(native)
  expect(fromAnthropicId(native)).toBe(native)
})

it.each([
  'call_abc123',
  'functions.get_weather:0',
  'a b',
  '',
  'toolu_',
  'toolu_x:y',
  'chatcmpl-tool-é',
  'toolu_sluice_e',
])('carries %j', (given) => {
  const taken = toAnthropicId(given)
  expect(taken).not.toBe(given)
  expect(fromAnthropicId(taken)).toBe(given)
})

it.each([
  'toolu_sluice_dG9vbHVfMDE',
  'toolu_sluice_!',
  'toolu_sluice_YQ==',
  'toolu_sluice_YR',
  'toolu_sluice__w',
  'call_1',
])('%s is none of ours, and stays', (other) => {
  expect(fromAnthropicId(other)).toBe(other)
})

it('any id is taken, comes back, and goes out the same again', () => {
  fc.assert(
    fc.property(id, (given) => {
      const taken = toAnthropicId(given)
      expect(taken).toMatch(TAKEN)
      expect(fromAnthropicId(taken)).toBe(given)
      expect(toAnthropicId(fromAnthropicId(taken))).toBe(taken)
    }),
  )
})

it('no two ids go out as one', () => {
  fc.assert(fc.property(id, id, (a, b) => a === b || toAnthropicId(a) !== toAnthropicId(b)))
})
