/** The request for the rest of an answer: when there can be one, and what is in it. */
import { describe, expect, it } from 'vitest'
import { continuedRequest, isContinuable, tokensAtMost } from '../../src/dispatch/continue-request.ts'
import { requestOf } from '../support/path.ts'

const user = { role: 'user', content: 'Say hello.' }
const asked = (body: object = {}, more: object = {}) =>
  requestOf({ stream: true, ...more, body: { model: 'm', messages: [user], ...body } })
const begun = (content: unknown, more: object = {}) => ({
  continue_final_message: true,
  add_generation_prompt: false,
  messages: [user, { role: 'assistant', content, ...more }],
})
const rest = (body: object = {}, prefix = 'Hel', tokensMax = 2, outputCap?: number) =>
  continuedRequest(asked(body), { prefix, tokensMax }, outputCap)?.body

describe('who may be gone on with', () => {
  it.each([
    ['a plain request', {}],
    ['one choice', { n: 1 }],
    ['text', { response_format: { type: 'text' }, modalities: ['text'] }],
    ['tools that may be called', { tools: [{}], tool_choice: 'auto' }],
    ['fields that ask for nothing', { guided_json: null, echo: false, structured_outputs: undefined }],
    ['a beginning of the caller’s', begun('Hel')],
    ['one in parts', begun([{ type: 'text', text: 'Hel' }])],
  ])('%s', (_, body) => {
    expect(isContinuable(asked(body))).toBe(true)
  })

  it.each([
    ['several choices', { n: 2 }],
    ['a format', { response_format: { type: 'json_object' } }],
    ['a grammar of vLLM', { structured_outputs: { regex: 'a*' } }],
    ['one of its older names', { guided_choice: ['a'] }],
    ['one of SGLang', { ebnf: 'root ::= "a"' }],
    ['a tool that must be called', { tool_choice: 'required' }],
    ['a tool by name', { tool_choice: { type: 'function', function: { name: 'x' } } }],
    ['an echo of the beginning', { echo: true }],
    ['speech', { modalities: ['text', 'audio'], audio: { voice: 'v' } }],
    ['a beginning that no text can follow', begun([{ type: 'image_url', image_url: { url: 'x' } }])],
    ['a beginning with calls in it', begun('', { tool_calls: [{}] })],
  ])('not %s', (_, body) => {
    expect(isContinuable(asked(body))).toBe(false)
  })

  it('not what is no stream of chat', () => {
    expect(isContinuable(asked({}, { stream: false }))).toBe(false)
    expect(isContinuable(asked({}, { operation: 'completions' }))).toBe(false)
  })
})

describe('the request for the rest', () => {
  it('has the text as the beginning of the answer, and is longer by it', () => {
    const request = asked({ temperature: 0, request_id: 'one', rid: 'two' })
    expect(continuedRequest(request, { prefix: 'Grü', tokensMax: 1 }, undefined)).toEqual({
      ...request,
      bodyBytes: request.bodyBytes + 4,
      bodyChars: request.bodyChars + 3,
      body: { model: 'm', temperature: 0, ...begun('Grü') },
    })
    expect(request.body).toMatchObject({ messages: [user], request_id: 'one' })
  })

  it('goes on with the beginning that the caller gave', () => {
    expect(rest(begun('Say: '))).toEqual({ model: 'm', ...begun('Say: Hel') })
    expect(rest(begun(null))).toEqual({ model: 'm', ...begun('Hel') })
    const parts = [
      { type: 'text', text: 'One.' },
      { type: 'text', text: 'Two' },
    ]
    expect(rest(begun(parts))?.messages).toEqual(begun([parts[0], { type: 'text', text: 'TwoHel' }]).messages)
  })

  it('is the same again where nothing but white space has come', () => {
    expect(rest({ temperature: 0 }, '', 1)).toEqual({ model: 'm', messages: [user], temperature: 0 })
  })

  it('has bounds lower by what was sent, whatever their names', () => {
    expect(rest({ max_tokens: 10 })).toMatchObject({ max_tokens: 8 })
    expect(rest({ max_tokens: 10, max_completion_tokens: 5 })).toMatchObject({
      max_tokens: 8,
      max_completion_tokens: 3,
    })
    expect(rest({ min_tokens: 1, max_tokens: null })).toMatchObject({ min_tokens: 0, max_tokens: null })
    expect(rest({ max_tokens: 10 }, 'Hel', 2, 4)).toMatchObject({ max_tokens: 8 })
    expect(rest({}, 'Hel', 2, 4)).toMatchObject({ max_tokens: 2 })
  })

  it('is none where they leave nothing', () => {
    expect(rest({ max_tokens: 2 })).toBeUndefined()
    expect(rest({ max_tokens: 9, max_completion_tokens: 1 })).toBeUndefined()
    expect(rest({}, 'Hel', 4, 4)).toBeUndefined()
  })
})

it('counts tokens by pieces or by length, whichever are more', () => {
  expect(tokensAtMost(3, 'ab')).toBe(3)
  expect(tokensAtMost(1, 'abcdefgh.')).toBe(3)
  expect(tokensAtMost(1, '東京')).toBe(2)
})
