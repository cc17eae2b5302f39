/** What answers say, for comparison. */
import { expect, it } from 'vitest'
import { answerText } from '../../../src/core/recall/answer-text.ts'

const of = (message: object): string => answerText(JSON.stringify({ choices: [{ index: 0, message }] }))

it('is the content, or the refusal', () => {
  expect(of({ role: 'assistant', content: 'We open at nine.' })).toBe('We open at nine.')
  expect(of({ role: 'assistant', content: null, refusal: 'No.' })).toBe('No.')
})

it('is what is called and with what, but not by which id', () => {
  const call = (id: string) => ({ id, type: 'function', function: { name: 'weather', arguments: '{"city":"Rome"}' } })
  expect(of({ content: null, tool_calls: [call('call_1')] })).toBe('weather({"city":"Rome"})')
  expect(of({ content: null, tool_calls: [call('call_1')] })).toBe(of({ content: null, tool_calls: [call('call_2')] }))
})

it('is nothing of what says nothing, or is no reply', () => {
  for (const body of ['{}', 'no JSON', '{"choices":[]}', '{"choices":[{"message":{"content":""}}]}'])
    expect(answerText(body)).toBe('')
})
