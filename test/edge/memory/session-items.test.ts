/** Items as they are kept, and as they are sent. */
import { expect, it } from 'vitest'
import { keptInput, keptItem, printed, sentItem } from '../../../src/edge/memory/session-items.ts'

let count = 0
const newId = () => `n${++count}`

it('gives items ids, types and parts', () => {
  count = 0
  expect(keptInput('hi', newId)).toEqual([
    {
      id: 'msg_n1',
      type: 'message',
      status: 'completed',
      role: 'user',
      content: [{ type: 'input_text', text: 'hi' }],
    },
  ])
  expect(keptItem({ role: 'assistant', content: 'yes' }, newId)).toMatchObject({
    content: [{ type: 'output_text', text: 'yes', annotations: [], logprobs: [] }],
  })
  expect(keptItem({ type: 'function_call_output', call_id: 'c', output: 'x', id: 'theirs' }, newId)).toEqual({
    id: 'fco_n3',
    type: 'function_call_output',
    call_id: 'c',
    output: 'x',
    status: 'completed',
  })
  expect(keptItem({ type: 'web_search_call', status: 'failed' }, newId)).toEqual({
    id: 'item_n4',
    type: 'web_search_call',
    status: 'failed',
  })
})

it('leaves reasoning the id that it is bound to', () => {
  const reasoning = { type: 'reasoning', id: 'rs_theirs', encrypted_content: 'e', summary: [] }
  expect(keptItem(reasoning, newId)).toEqual(reasoning)
})

it('keeps no instructions of a turn, and no references', () => {
  const input = [
    { role: 'system', content: 's' },
    { role: 'developer', content: 'd' },
    { type: 'item_reference', id: 'msg_1' },
    'nonsense',
    { role: 'user', content: [{ type: 'input_text', text: 'u' }] },
  ]
  expect(keptInput(input, newId)).toMatchObject([{ role: 'user' }])
  expect(keptInput(undefined, newId)).toEqual([])
})

it('sends ids of answers only', () => {
  expect(sentItem({ id: 'msg_1', type: 'message', status: 'completed', role: 'user', content: [] })).toEqual({
    type: 'message',
    role: 'user',
    content: [],
  })
  for (const answer of [
    { id: 'msg_1', type: 'message', role: 'assistant', status: 'completed' },
    { id: 'fc_1', type: 'function_call', status: 'completed' },
    { id: 'rs_1', type: 'reasoning' },
  ])
    expect(sentItem(answer)).toBe(answer)
})

it('prints the same for answers that do the same', () => {
  const call = (id: string, args: string) => ({ type: 'function_call', id, call_id: id, name: 'f', arguments: args })
  expect(printed([call('1', '{}')])).toBe(printed([{ type: 'reasoning' }, call('2', '{}')]))
  expect(printed([call('1', '{}')])).not.toBe(printed([call('1', '{"a":1}')]))
  expect(printed([call('1', '{}'), call('2', '{}')])).not.toBe(printed([call('1', '{}')]))
  const said = (text: string) => ({ type: 'message', content: [{ type: 'output_text', text }] })
  expect(printed([said('a')])).toBe('a')
  expect(printed([{ type: 'message', content: [{ type: 'refusal', refusal: 'no' }] }])).toBe('no')
  expect([printed([]), printed([said('')])]).toEqual([null, null])
})
