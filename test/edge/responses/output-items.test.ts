/** Deltas as servers send them, in whatever order and shape, and the items that they come to. */
import { describe, expect, it } from 'vitest'
import { OutputItems, UNTOLD } from '../../../src/edge/responses/output-items.ts'
import { readMark } from '../../../src/edge/responses/own-reasoning.ts'

type Json = Record<string, unknown>

function itemsOf(deltas: readonly Json[], isComplete = true, request: Json = {}): readonly Json[] {
  const output = new OutputItems('x', request, UNTOLD)
  for (const delta of deltas) output.take(delta, null)
  return output.end(isComplete)
}
const brief = (deltas: readonly Json[], isComplete = true): unknown[] =>
  itemsOf(deltas, isComplete).map(({ type, content, call_id, name, arguments: args, input, status }) => {
    const texts = (content as Json[] | undefined)?.map(({ text, refusal }) => text ?? refusal).join('|')
    return [type, ...(call_id === undefined ? [texts] : [call_id, name, args ?? input]), status]
  })
const call = (piece: Json): Json => ({ tool_calls: [piece] })

describe('OutputItems', () => {
  it.each<[string, Json[], unknown[]]>([
    [
      'text that reasoning interrupts',
      [{ content: 'a' }, { reasoning_content: 'b' }, { content: 'c' }],
      [
        ['message', 'a', 'completed'],
        ['reasoning', 'b', 'completed'],
        ['message', 'c', 'completed'],
      ],
    ],
    [
      'text and refusal in turns',
      [{ content: 'a' }, { refusal: 'b' }, { content: 'c' }],
      [['message', 'a|b|c', 'completed']],
    ],
    [
      'text behind a call',
      [
        call({ index: 0, id: 'a', function: { name: 'f', arguments: '{' } }),
        { content: 'x' },
        call({ index: 0, function: { arguments: '}' } }),
      ],
      [
        ['function_call', 'a', 'f', '{}', 'completed'],
        ['message', 'x', 'completed'],
      ],
    ],
    [
      'calls that take turns, counted from 1',
      [
        call({ index: 1, id: 'a', function: { name: 'f', arguments: '' } }),
        call({ index: 2, id: 'b', function: { name: 'g', arguments: '' } }),
        call({ index: 1, function: { arguments: '1' } }),
        call({ index: 2, function: { arguments: '2' } }),
      ],
      [
        ['function_call', 'a', 'f', '1', 'completed'],
        ['function_call', 'b', 'g', '2', 'completed'],
      ],
    ],
    [
      'calls without indexes',
      [
        call({ id: 'a', function: { name: 'f', arguments: '1' } }),
        call({ function: { arguments: '2' } }),
        call({ id: 'b', function: { name: 'f', arguments: '3' } }),
      ],
      [
        ['function_call', 'a', 'f', '12', 'completed'],
        ['function_call', 'b', 'f', '3', 'completed'],
      ],
    ],
    [
      'calls that all have one index',
      [
        call({ index: 0, id: 'a', function: { name: 'f', arguments: '1' } }),
        call({ index: 0, id: 'b', function: { name: 'g', arguments: '2' } }),
      ],
      [
        ['function_call', 'a', 'f', '1', 'completed'],
        ['function_call', 'b', 'g', '2', 'completed'],
      ],
    ],
    [
      'ids that are fresh in every piece',
      [
        call({ index: 0, id: 'a', function: { name: 'f', arguments: '1' } }),
        call({ index: 0, id: 'z', function: { arguments: '2' } }),
      ],
      [['function_call', 'a', 'f', '12', 'completed']],
    ],
    [
      'an id that comes late',
      [
        call({ index: 0, id: '', function: { name: 'f', arguments: '1' } }),
        call({ index: 0, id: 'a', function: { arguments: '2' } }),
      ],
      [['function_call', 'a', 'f', '12', 'completed']],
    ],
    [
      'ids that never come',
      [
        call({ index: 0, function: { name: 'f', arguments: '1' } }),
        call({ index: 1, function: { name: 'g', arguments: '2' } }),
      ],
      [
        ['function_call', 'call_x_0', 'f', '1', 'completed'],
        ['function_call', 'call_x_1', 'g', '2', 'completed'],
      ],
    ],
    [
      'a custom tool',
      [
        call({ index: 0, id: 'a', type: 'custom', custom: { name: 'f', input: 'l' } }),
        call({ index: 0, custom: { input: 's' } }),
      ],
      [['custom_tool_call', 'a', 'f', 'ls', 'completed']],
    ],
    [
      'reasoning under two names at once, once',
      [{ reasoning_content: 'a', reasoning: 'a' }, { content: 'x' }],
      [
        ['reasoning', 'a', 'completed'],
        ['message', 'x', 'completed'],
      ],
    ],
    ['nothing at all', [], [['message', '', 'completed']]],
    [
      'what is no delta',
      [{ content: 3, tool_calls: ['x', null], reasoning_details: 'x' }],
      [['message', '', 'completed']],
    ],
  ])('%s', (_, deltas, items) => expect(brief(deltas)).toEqual(items))

  it.each<[string, Json[], unknown[]]>([
    ['a text', [{ content: 'a' }], [['message', 'a', 'incomplete']]],
    [
      'the second of two calls',
      [
        call({ index: 0, id: 'a', function: { name: 'f', arguments: '1' } }),
        call({ index: 1, id: 'b', function: { name: 'g', arguments: '2' } }),
      ],
      [
        ['function_call', 'a', 'f', '1', 'completed'],
        ['function_call', 'b', 'g', '2', 'incomplete'],
      ],
    ],
    ['nothing yet', [], []],
  ])('cut off in %s', (_, deltas, items) => expect(brief(deltas, false)).toEqual(items))

  it('carries a signature that comes when its call has begun', () => {
    const signed = { index: 0, extra_content: { google: { thought_signature: 's' } } }
    const items = itemsOf([call({ index: 0, id: 'a', function: { name: 'f', arguments: '{}' } }), call(signed)])
    expect(items.map(({ type }) => type)).toEqual(['function_call', 'reasoning'])
    expect(readMark(String(items[1]?.encrypted_content))).toEqual({ details: [], signatures: { a: 's' } })
  })

  it('keeps details that come last, as a replay has them', () => {
    const detail = { type: 'reasoning.text', format: 'anthropic', text: 'Hm', signature: 's' }
    const items = itemsOf([{ reasoning_content: 'Hm' }, { content: 'x' }, { reasoning_details: [detail] }])
    expect(items.map(({ type }) => type)).toEqual(['reasoning', 'message', 'reasoning'])
    expect(readMark(String(items[2]?.encrypted_content))).toEqual({ details: [detail], signatures: {} })
  })

  it.each<[Json, string, string]>([
    [{ reasoning: { summary: 'auto' } }, 'summary', 'content'],
    [{ reasoning: { effort: 'low' } }, 'content', 'summary'],
  ])('says all reasoning in one place, asked by %j', (request, place, other) => {
    const own = { type: 'reasoning.encrypted', format: 'openai-responses', id: 'rs_1', data: 'gAAA' }
    const deltas = [{ reasoning_details: [own] }, { reasoning: 'a' }, { content: 'b' }, { reasoning: 'c' }]
    const items = itemsOf(deltas, true, { ...request, include: ['reasoning.encrypted_content'] })
    expect(items).toMatchObject([
      { id: 'rs_1', [place]: [{ text: 'a' }], [other]: [] },
      { type: 'message' },
      { id: 'rs_x_2', [place]: [{ text: 'c' }], [other]: [] },
    ])
  })

  it('names no item twice', () => {
    const ids = itemsOf([
      { content: 'a' },
      { reasoning: 'b' },
      { content: 'c' },
      call({ id: 'a', function: { name: 'f' } }),
    ]).map(({ id }) => id)
    expect(new Set(ids).size).toBe(4)
  })
})
