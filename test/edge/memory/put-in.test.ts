/** Histories put into requests, in each protocol: where they stand, what they count for, and what cannot be said. */
import { describe, expect, it } from 'vitest'
import type { InferenceRequest } from '../../../src/core/inference.ts'
import type { OpenedRow, Window } from '../../../src/core/session/history.ts'
import { summaryItem, withHistory } from '../../../src/edge/memory/put-in.ts'
import { sayable } from '../../../src/edge/memory/sealed-rows.ts'
import { requestOf } from '../../support/path.ts'

const item = (role: string, text: string) => ({
  id: `msg_${text}`,
  type: 'message',
  status: 'completed',
  role,
  content: [{ type: role === 'assistant' ? 'output_text' : 'input_text', text }],
})
const rowOf = (...items: Record<string, unknown>[]): OpenedRow => ({
  seq: 1,
  items,
  traits: [],
  bytes: 1000,
  chars: 900,
  messages: sayable(items),
})
const windowOf = (...rows: OpenedRow[]): Window => ({ partly: [], rows })
const said = rowOf(item('user', 'a'), item('assistant', 'b'))
const past = [
  { role: 'user', content: 'a' },
  { role: 'assistant', content: 'b' },
]
const chat = (...messages: object[]) => requestOf({ body: { model: 'model', messages } })
const responses = (more: object, unsayable?: { param: string; message: string }): InferenceRequest => {
  const body = { model: 'model', input: 'c', conversation: 'conv_1', ...more }
  const messages = [{ role: 'user', content: 'c' }]
  return requestOf({
    body: {
      model: 'model',
      messages: 'instructions' in more ? [{ role: 'system', content: 'i' }, ...messages] : messages,
    },
    native: { form: 'responses', body, headers: {}, dropped: [], ...(unsayable === undefined ? {} : { unsayable }) },
  })
}
const changed = (...values: Parameters<typeof withHistory>): InferenceRequest => {
  const request = withHistory(...values)
  if ('code' in request) throw new Error(request.message)
  return request
}

it('leaves a request without a history as it is', () => {
  const request = chat({ role: 'user', content: 'c' })
  expect(withHistory(request, windowOf(), null, false)).toBe(request)
})

it('counts the history with the request', () => {
  const request = changed(chat({ role: 'user', content: 'c' }), windowOf(said, said), null, false)
  expect(request.bodyBytes).toBe(400 + 2 * 1000 + 2)
  expect(request.bodyChars).toBe(400 + 2 * 900 + 2)
})

describe('chat and Messages', () => {
  it('have it behind their instructions, and before what is new', () => {
    const instructions = [
      { role: 'system', content: 's' },
      { role: 'developer', content: 'd' },
    ]
    const late = { role: 'system', content: 'late' }
    const request = changed(chat(...instructions, { role: 'user', content: 'c' }, late), windowOf(said), null, false)
    expect(request.body.messages).toEqual([...instructions, ...past, { role: 'user', content: 'c' }, late])
  })

  it('are no more what their caller wrote', () => {
    const native = { form: 'messages', body: {}, headers: {}, dropped: [] } as const
    const request = { ...chat({ role: 'user', content: 'c' }), native }
    expect(changed(request, windowOf(said), null, false)).not.toHaveProperty('native')
    expect(changed(request, windowOf(), null, false).native).toBe(native)
    const unsayable = { param: 'tools', message: 'Only Anthropic runs it.' }
    expect(withHistory({ ...request, native: { ...native, unsayable } }, windowOf(said), null, false)).toMatchObject({
      code: 'invalid_request',
      ...unsayable,
    })
  })

  it('are refused where what is in it cannot be said', () => {
    const search = rowOf({ type: 'web_search_call', id: 'ws_1' })
    expect(withHistory(chat({ role: 'user', content: 'c' }), windowOf(search), null, false)).toMatchObject({
      code: 'invalid_request',
      param: 'x-sluice-session',
    })
  })

  it('begin with the summary of what is left out, and part of a turn', () => {
    const window = { partly: [item('assistant', 'p')], rows: [said] }
    const request = changed(chat({ role: 'user', content: 'c' }), window, 'They met.', false)
    expect(request.body.messages).toEqual([
      { role: 'system', content: expect.stringMatching(/^Summary .*\nThey met\.$/) },
      { role: 'assistant', content: 'p' },
      ...past,
      { role: 'user', content: 'c' },
    ])
    expect(summaryItem('x')).toMatchObject({ role: 'developer' })
  })
})

describe('Responses', () => {
  it('have it in their input, and in the canonical form', () => {
    const request = changed(responses({ instructions: 'i' }), windowOf(said), null, true)
    expect(request.native?.body).toMatchObject({
      conversation: 'conv_1',
      input: [
        { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'a' }] },
        { id: 'msg_b', role: 'assistant' },
        { type: 'message', role: 'user', content: 'c' },
      ],
    })
    expect(request.body.messages).toEqual([{ role: 'system', content: 'i' }, ...past, { role: 'user', content: 'c' }])
  })

  it('go to their own targets with what only those can say', () => {
    const unsayable = { param: 'tools[0]', message: 'Only its provider runs it.' }
    const request = changed(responses({}, unsayable), windowOf(said), null, true)
    expect(request.native).toMatchObject({ unsayable, body: { input: [{}, {}, {}] } })
    expect(request.body).toBe(request.native?.body)
    const search = changed(responses({}), windowOf(rowOf({ type: 'web_search_call', id: 'ws_1' })), null, true)
    expect(search.native?.unsayable).toMatchObject({ param: 'conversation' })
  })
})
