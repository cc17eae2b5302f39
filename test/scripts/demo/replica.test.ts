/** What a replica refuses, and how it counts. */
import { expect, test } from 'vitest'
import { createReplica } from '../../../scripts/demo/origin.ts'
import { OUTPUT_TOKENS_DEFAULT, outputRoom, requireModel, stopsOf, usageOf } from '../../../scripts/demo/replica.ts'

const replica = createReplica({
  name: 'a',
  contextTokens: 2000,
  prefillPerSecond: 0,
  decodePerSecond: 0,
  concurrency: 1,
  queue: 1,
  kvTokens: 100,
  log: () => {},
})

test('a model that is not there is a 404', () => {
  expect(() => requireModel('nope', 'demo-llm')).toThrow(expect.objectContaining({ status: 404, param: 'model' }))
  requireModel('demo-llm', 'demo-llm')
})

test('output gets what is asked for, else the default, never more than the window leaves', () => {
  expect(outputRoom(replica, 100, 50)).toBe(50)
  expect(outputRoom(replica, 100, undefined)).toBe(OUTPUT_TOKENS_DEFAULT)
  expect(outputRoom(replica, 1990, null)).toBe(10)
})

test('what does not fit is refused as vLLM does', () => {
  const refused = expect.objectContaining({
    status: 400,
    message: expect.stringContaining('maximum context length is 2000'),
  })
  expect(() => outputRoom(replica, 1990, 11)).toThrow(refused)
  expect(() => outputRoom(replica, 2000, undefined)).toThrow(refused)
})

test('usage adds up', () => {
  expect(usageOf(10, 4, 3)).toMatchObject({ total_tokens: 13, prompt_tokens_details: { cached_tokens: 4 } })
})

test('stop sequences of either form', () => {
  expect(stopsOf('a')).toEqual(['a'])
  expect(stopsOf(['a', ''])).toEqual(['a'])
  expect(stopsOf(null)).toEqual([])
})
