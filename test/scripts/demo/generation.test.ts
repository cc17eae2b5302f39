/** Answers cut into steps, and steps joined into answers. */
import { expect, test } from 'vitest'
import { joinSteps, planGeneration } from '../../../scripts/demo/generation.ts'

const bounds = { maxTokens: 100, stop: [], ignoreEnd: false }
const says = (text: string) => ({ text, toolCalls: [] })

test('choices take turns', () => {
  const { steps, finishes } = planGeneration([says('a b'), says('c')], bounds)
  expect(steps.map((step) => [step.choice, step.token])).toEqual([
    [0, 'a'],
    [1, 'c'],
    [0, ' b'],
  ])
  expect(finishes).toEqual(['stop', 'stop'])
})

test('the limit on tokens cuts and says so', () => {
  const { steps, finishes } = planGeneration([says('one two three')], { ...bounds, maxTokens: 2 })
  expect(joinSteps(steps, 0).content).toBe('one two')
  expect(finishes).toEqual(['length'])
})

test('the first stop sequence ends the text before itself', () => {
  const { steps, finishes } = planGeneration([says('one two three')], { ...bounds, stop: ['three', ' two'] })
  expect(joinSteps(steps, 0).content).toBe('one')
  expect(finishes).toEqual(['stop'])
})

test('with the end ignored there are exactly as many tokens as allowed', () => {
  const { steps, finishes } = planGeneration([says('a')], { maxTokens: 7, stop: [], ignoreEnd: true })
  expect(steps).toHaveLength(7)
  expect(finishes).toEqual(['length'])
})

test('tool calls come in parts that join again, each under its index', () => {
  const calls = [
    { id: 'call_1', name: 'first', arguments: '{"a":"long enough to be cut"}' },
    { id: 'call_2', name: 'second', arguments: '{}' },
  ]
  const { steps, finishes } = planGeneration([{ text: '', toolCalls: calls }], bounds)
  expect(finishes).toEqual(['tool_calls'])
  expect(steps.length).toBeGreaterThan(4)
  expect(joinSteps(steps, 0).calls).toEqual(
    calls.map((call) => ({ id: call.id, type: 'function', function: { name: call.name, arguments: call.arguments } })),
  )
})
