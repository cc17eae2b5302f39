/** Items as they are kept, listed, and asked with again. */
import { describe, expect, it } from 'vitest'
import { askedAgain, listedItems, referredTo, responseOfItem, withoutReferences } from '../../../src/edge/kept/items.ts'

const UNIQUE = '0123456789abcdef0123456789abcdef'

describe('listedItems', () => {
  it('makes whole messages of what may be sent for one, each with an id', () => {
    expect(listedItems('hello', UNIQUE)).toEqual([
      {
        id: `msg_in_${UNIQUE}_0`,
        type: 'message',
        role: 'user',
        status: 'completed',
        content: [{ type: 'input_text', text: 'hello' }],
      },
    ])
    expect(listedItems([{ role: 'assistant', content: 'hi' }, 7], UNIQUE)).toMatchObject([
      { role: 'assistant', content: [{ type: 'output_text', text: 'hi', annotations: [] }] },
    ])
  })

  it('leaves ids, and all that is no message, as they are', () => {
    const items = [
      { type: 'message', id: 'msg_1', role: 'user', status: 'in_progress', content: [{ type: 'input_image' }] },
      { type: 'function_call', id: 'fc_1', call_id: 'c', name: 'f', arguments: '{}' },
    ]
    expect(listedItems(items, UNIQUE)).toEqual(items)
  })

  it.each([
    ['function_call_output', 'fco'],
    ['reasoning', 'rs'],
    ['custom_tool_call', 'ctc'],
    ['something_new', 'item'],
  ])('begins the id of %s with %s', (type, prefix) =>
    expect(listedItems([{ type }], UNIQUE)).toEqual([{ type, id: `${prefix}_in_${UNIQUE}_0` }]),
  )

  it('is nothing of no input', () => expect(listedItems(undefined, UNIQUE)).toEqual([]))
})

describe('askedAgain', () => {
  it('takes ids of ours away, and leaves those of others', () => {
    const [item] = listedItems('hello', UNIQUE)
    const given = { type: 'message', id: 'msg_1', role: 'assistant', content: [] }
    const again = askedAgain([item ?? {}, given])
    expect(again[0]).not.toHaveProperty('id')
    expect(again[1]).toBe(given)
  })

  it('leaves out reasoning that nobody else has, and calls that were cut off', () => {
    const kept = [
      { type: 'reasoning', id: 'rs_1', encrypted_content: 'x', summary: [] },
      { type: 'reasoning', id: 'rs_2', content: [{ type: 'reasoning_text', text: 'Hm.' }] },
      { type: 'function_call', call_id: 'c', status: 'completed' },
      { type: 'message', status: 'incomplete' },
    ]
    const left = [
      { type: 'reasoning', id: 'rs_3', summary: [] },
      { type: 'function_call', call_id: 'd', status: 'incomplete' },
      { type: 'custom_tool_call', call_id: 'e', status: 'incomplete' },
    ]
    expect(askedAgain([...left, ...kept])).toEqual(kept)
  })
})

describe('references', () => {
  const known = [{ type: 'message', id: 'msg_1', role: 'user', content: [] }]
  const input = [{ type: 'item_reference', id: 'msg_1' }, { id: 'msg_2' }, { role: 'user', content: 'x' }]

  it('are put right where they are known', () => {
    expect(referredTo(input)).toEqual(['msg_1', 'msg_2'])
    expect(withoutReferences(input, known)).toEqual({ input: [known[0], input[1], input[2]], put: known })
  })

  it('to what cannot be asked with again are gone', () => {
    const reasoning = { type: 'reasoning', id: 'rs_1', summary: [] }
    expect(withoutReferences([{ type: 'item_reference', id: 'rs_1' }, input[2]], [reasoning])).toEqual({
      input: [input[2]],
      put: [],
    })
  })

  it('change nothing where there are none', () => {
    const plain = [{ role: 'user', content: 'x' }]
    expect(withoutReferences(plain, known)).toEqual({ input: plain, put: [] })
    expect(withoutReferences('x', known)).toEqual({ input: 'x', put: [] })
    expect(referredTo('x')).toEqual([])
  })

  it('name the response where the item is ours', () => {
    expect(responseOfItem(`msg_${UNIQUE}_0`)).toBe(`resp_${UNIQUE}`)
    expect(responseOfItem(`fc_${UNIQUE}_12`)).toBe(`resp_${UNIQUE}`)
    for (const id of ['msg_1', `msg_in_${UNIQUE}_0`, `msg_${UNIQUE}`, 7]) expect(responseOfItem(id)).toBeNull()
  })
})
