/** How much of a history is sent: within its tokens, and never cut where it would make no sense. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { type ItemTraits, traitsOf, windowStart } from '../../../src/core/session/window.ts'

const trait = (more: Partial<ItemTraits> = {}): ItemTraits => ({
  tokens: 10,
  bytes: 10,
  call: null,
  output: null,
  isReasoning: false,
  isUser: false,
  ...more,
})
const within = (tokensMax: number, bytesMax = Number.POSITIVE_INFINITY) => ({ tokensMax, bytesMax })
const user = trait({ isUser: true })
const said = trait()
const thought = trait({ isReasoning: true })
const call = (id: string) => trait({ call: id })
const output = (id: string) => trait({ output: id })

it('is all of it where that fits', () => {
  expect(windowStart([user, said, user], within(30))).toBe(0)
  expect(windowStart([], within(30))).toBe(0)
})

it.each([
  ['begins with who asks', [user, said, user, said, user, said], 50, 2],
  ['keeps a call and its output together', [user, call('a'), output('a'), said], 25, 3],
  ['keeps parallel calls together', [user, call('a'), call('b'), output('a'), output('b'), said], 45, 5],
  ['keeps reasoning with what it led to', [user, thought, call('a'), output('a'), said], 35, 4],
  ['gives up no more than half for a question', [user, ...Array(9).fill(said), user, said], 100, 2],
  ['is nothing where not even the last fits', [user, trait({ tokens: 1000 })], 100, 2],
] as const)('%s', (_, items, tokensMax, start) => {
  expect(windowStart(items, within(tokensMax))).toBe(start)
})

it('is cut by bytes as by tokens', () => {
  const picture = trait({ isUser: true, bytes: 1000 })
  expect(windowStart([picture, said, picture, said, picture, said], within(1000, 2100))).toBe(2)
  expect(windowStart([user, call('a'), trait({ output: 'a', bytes: 1000 }), said], within(1000, 1015))).toBe(3)
  expect(windowStart([user, said], within(1000, -5))).toBe(2)
})

it('reaches back to the calls whose outputs come next', () => {
  const items = [user, said, user, call('a'), call('b')]
  expect(windowStart(items, within(10), ['a', 'b'])).toBe(3)
  expect(windowStart(items, within(1000), ['a'])).toBe(0)
})

it('begins with no output whose call is over the edge', () => {
  expect(windowStart([output('gone'), said, user], within(1000), [], true)).toBe(2)
  expect(windowStart([output('gone'), said, user], within(1000))).toBe(0)
})

it('reads what it needs of items', () => {
  expect(traitsOf({ type: 'function_call', call_id: 'c' }, { tokens: 1, bytes: 10 })).toEqual(
    trait({ tokens: 1, call: 'c' }),
  )
  expect(traitsOf({ type: 'custom_tool_call_output', call_id: 'c' }, { tokens: 1, bytes: 10 })).toEqual(
    trait({ tokens: 1, output: 'c' }),
  )
  expect(traitsOf({ type: 'reasoning' }, { tokens: 2, bytes: 10 })).toEqual(trait({ tokens: 2, isReasoning: true }))
  expect(traitsOf({ type: 'message', role: 'user' }, { tokens: 3, bytes: 10 })).toEqual(
    trait({ tokens: 3, isUser: true }),
  )
  expect(traitsOf('nonsense', { tokens: 3, bytes: 10 })).toEqual(trait({ tokens: 3 }))
})

/** Turns as they are: a question, steps with calls and their outputs, an answer. */
const turn = fc
  .record({
    sizes: fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 2, maxLength: 2 }),
    steps: fc.array(fc.record({ calls: fc.integer({ min: 1, max: 3 }), thinks: fc.boolean() }), { maxLength: 3 }),
    id: fc.uuid(),
  })
  .map(({ sizes, steps, id }) => [
    trait({ isUser: true, tokens: sizes[0] ?? 1 }),
    ...steps.flatMap(({ calls, thinks }, step) => {
      const ids = Array.from({ length: calls }, (_, index) => `${id}.${step}.${index}`)
      return [...(thinks ? [thought] : []), ...ids.map(call), ...ids.map(output)]
    }),
    trait({ tokens: sizes[1] ?? 1 }),
  ])

it('never splits a call from its output, nor takes more tokens than it may', () => {
  fc.assert(
    fc.property(fc.array(turn, { maxLength: 8 }), fc.integer({ min: 0, max: 400 }), (turns, tokensMax) => {
      const items = turns.flat()
      const start = windowStart(items, within(tokensMax))
      const sent = items.slice(start)
      const calls = new Set(sent.map((item) => item.call))
      for (const item of sent) if (item.output !== null) expect(calls.has(item.output)).toBe(true)
      expect(sent[0]?.output ?? null).toBeNull()
      expect(items[start - 1]?.isReasoning ?? false).toBe(false)
      expect(sent.reduce((sum, { tokens }) => sum + tokens, 0)).toBeLessThanOrEqual(tokensMax)
    }),
    { numRuns: 1000 },
  )
})
