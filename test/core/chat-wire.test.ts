/** What a reply or an event says: content or prologue, usage, an error, or nothing we know. */
import { describe, expect, it } from 'vitest'
import { errorIn, isContent, isReply, isUsageEvent, parseJson, usageIn } from '../../src/core/chat-wire.ts'

const USAGE = { prompt_tokens: 11, completion_tokens: 7 }

it('parseJson answers undefined for what is no JSON', () => {
  expect(parseJson('{"a":[1]}')).toEqual({ a: [1] })
  expect(parseJson('null')).toBeNull()
  expect(parseJson('<html>')).toBeUndefined()
  expect(parseJson('')).toBeUndefined()
})

describe('errorIn', () => {
  it.each([
    [{ error: { message: 'm', code: 'c' } }, { message: 'm', code: 'c' }],
    [{ error: 'plain words' }, { message: 'plain words' }],
    [{ error: { message: 'm' }, choices: [{}] }, { message: 'm' }],
    [
      { object: 'error', message: 'm' },
      { object: 'error', message: 'm' },
    ],
    [{ error: null, choices: [] }, null],
    [{ object: 'chat.completion', choices: [] }, null],
    [[{ error: 'e' }], null],
    [null, null],
    ['error', null],
    [undefined, null],
  ])('%j', (value, expected) => {
    expect(errorIn(value)).toEqual(expected)
  })
})

describe('isReply', () => {
  it.each([
    ['chat', { choices: [] }, true],
    ['completions', { choices: [{}] }, true],
    ['chat', { data: [] }, false],
    ['chat', { choices: {} }, false],
    ['embeddings', { data: [{}] }, true],
    ['embeddings', { choices: [] }, false],
    ['embeddings', [], false],
    ['chat', null, false],
  ] as const)('%s %j: %j', (operation, value, expected) => {
    expect(isReply(operation, value)).toBe(expected)
  })
})

it('usageIn reads the usage member, and null where there is none', () => {
  expect(usageIn({ usage: USAGE })).toMatchObject({ inputTokens: 11, outputTokens: 7, source: 'provider' })
  expect(usageIn({ usage: null })).toBeNull()
  expect(usageIn({})).toBeNull()
  expect(usageIn([USAGE])).toBeNull()
  expect(usageIn(null)).toBeNull()
})

describe('isUsageEvent', () => {
  it.each([
    [{ choices: [], usage: USAGE }, true],
    [{ choices: [], usage: null }, false],
    [{ choices: [] }, false],
    [{ choices: [{}], usage: USAGE }, false],
    [{ usage: USAGE }, false],
    [{ choices: {}, usage: USAGE }, false],
    [null, false],
  ])('%j: %j', (value, expected) => {
    expect(isUsageEvent(value)).toBe(expected)
  })
})

describe('isContent', () => {
  const delta = (fields: object, more: object = {}) => ({ choices: [{ index: 0, delta: fields, ...more }] })

  it.each([
    delta({ content: 'a' }),
    delta({ content: ' ' }),
    delta({ content: [{ type: 'text' }] }),
    delta({ reasoning_content: 'a' }),
    delta({ reasoning: 'a' }),
    delta({ refusal: 'a' }),
    delta({ tool_calls: [{ index: 0 }] }),
    delta({ function_call: { name: 'f' } }),
    delta({ audio: { data: 'a' } }),
    delta({}, { finish_reason: 'stop' }),
    { choices: [{ index: 0, text: 'a' }] },
    {
      choices: [
        { index: 1, delta: { role: 'assistant' } },
        { index: 0, delta: { content: 'a' } },
      ],
    },
  ])('%j commits', (value) => {
    expect(isContent(value)).toBe(true)
  })

  it.each([
    delta({ role: 'assistant' }),
    delta({ role: 'assistant', content: '' }),
    delta({ content: null, tool_calls: [] }),
    delta({ audio: {}, function_call: {} }),
    delta({ content: '', reasoning_content: '' }, { finish_reason: null }),
    { choices: [{ index: 0, text: '' }] },
    { choices: [{ index: 0 }] },
    { choices: [null, 'a'] },
    { choices: [] },
    { choices: { 0: { text: 'a' } } },
    { delta: { content: 'a' } },
    null,
    'content',
  ])('%j does not', (value) => {
    expect(isContent(value)).toBe(false)
  })
})
