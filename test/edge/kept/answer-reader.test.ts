/** What an answer came to, in any form. */
import { describe, expect, it } from 'vitest'
import { AnswerReader, type Heard, wholeAnswer } from '../../../src/edge/kept/answer-reader.ts'
import { chunk, end, wholeFrom, written } from '../../support/messages-chunks.ts'
import { eventsOf } from '../../support/responses-stream.ts'
import { DONE, delta, event, finish, role, text, usage, whole } from '../../support/wire.ts'

const TOLD = { asked: {}, headingId: 'h' }
const named = (value: { type?: unknown }): string => `event: ${value.type}\ndata: ${JSON.stringify(value)}\n\n`
const output = [
  {
    type: 'message',
    id: 'msg_1',
    role: 'assistant',
    status: 'completed',
    content: [{ type: 'output_text', text: 'hi' }],
  },
]
const response = { id: 'resp_1', object: 'response', status: 'completed', output, error: null }

function heard(reader: AnswerReader, ...events: string[]): Heard {
  let last: Heard = 'more'
  for (const one of events) last = reader.take(one)
  return last
}

describe('a stream', () => {
  it('of chat ends with [DONE], and is a message and a completion', () => {
    const reader = new AnswerReader('openai', TOLD, 'up/m')
    expect(heard(reader, role(), text('Hel'), text('lo'), finish(), usage())).toBe('more')
    expect(reader.heldBytes).toBeGreaterThan(0)
    expect(reader.take(DONE)).toBe('end')
    expect(reader.final()).toMatchObject({
      items: [{ type: 'message', id: 'msg_h_0', status: 'completed', content: [{ text: 'Hello' }] }],
      completion: { choices: [{ message: { content: 'Hello' } }], usage: { prompt_tokens: 11 } },
      response: null,
      target: 'up/m',
      status: 'completed',
    })
  })

  it('of chat that ran out of room is kept all the same', () => {
    const reader = new AnswerReader('openai', TOLD, null)
    heard(reader, text('Hel'), finish('length'), DONE)
    expect(reader.final()).toMatchObject({ status: 'incomplete', items: [{ status: 'incomplete' }], target: null })
  })

  it('has calls as items of their own', () => {
    const reader = new AnswerReader('openai', TOLD, null)
    const call = { index: 0, id: 'call_1', type: 'function', function: { name: 'f', arguments: '{}' } }
    heard(reader, delta({ tool_calls: [call] }), finish('tool_calls'), DONE)
    expect(reader.final()?.items).toMatchObject([
      { type: 'function_call', call_id: 'call_1', name: 'f', arguments: '{}' },
    ])
  })

  it('of Messages ends with message_stop', () => {
    const reader = new AnswerReader('messages', TOLD, null)
    const events = written([chunk({ content: 'Hello' }), end('stop')]).split(/(?<=\n\n)/)
    expect(heard(reader, ...events.slice(0, -1))).toBe('more')
    expect(reader.take(events.at(-1) ?? '')).toBe('end')
    expect(reader.final()).toMatchObject({
      items: [{ content: [{ text: 'Hello' }] }],
      completion: { choices: [{ message: { content: 'Hello' } }] },
    })
  })

  it('of Responses ends with the response, which is taken as it was told', () => {
    const reader = new AnswerReader('responses', TOLD, null)
    const events = eventsOf(response).map(named)
    expect(heard(reader, ...events.slice(0, -1))).toBe('more')
    expect(reader.take(events.at(-1) ?? '')).toBe('end')
    expect(reader.final()).toEqual({ items: output, response, completion: null, target: null, status: 'completed' })
  })

  it('that talks about its end has not ended', () => {
    const reader = new AnswerReader('responses', TOLD, null)
    const said = { type: 'response.output_text.delta', delta: 'I say "response.completed" and "error"' }
    expect(reader.take(named(said))).toBe('more')
  })

  it.each([
    ['openai', event({ error: { message: 'x' } })],
    ['messages', named({ type: 'error', error: { type: 'api_error', message: 'x' } } as never)],
    ['responses', named({ type: 'response.failed', response: { ...response, status: 'failed' } } as never)],
    ['responses', named({ type: 'error', message: 'x' } as never)],
  ] as const)('of %s that breaks says so: %s', (form, frame) => {
    expect(new AnswerReader(form, TOLD, null).take(frame)).toBe('broken')
  })

  it('that went out early tells its target in a comment', () => {
    const reader = new AnswerReader('openai', TOLD, null)
    heard(reader, ': keep-alive\n\n', ': sluice target=up/m attempts=2\n\n', text('x'), finish(), DONE)
    expect(reader.final()?.target).toBe('up/m')
  })

  it('is looked through for its end when nothing of it is kept', () => {
    const reader = new AnswerReader('openai', TOLD, null)
    heard(reader, text('x'))
    reader.giveUp()
    expect(reader.heldBytes).toBe(0)
    expect(heard(reader, finish(), DONE)).toBe('end')
    expect(reader.final()).toBeNull()
  })
})

describe('a whole reply', () => {
  it('is read in each form', () => {
    expect(wholeAnswer('openai', whole('Hello'), TOLD, 'up/m')).toMatchObject({
      items: [{ content: [{ text: 'Hello' }] }],
      target: 'up/m',
    })
    const message = { type: 'message', ...wholeFrom([chunk({ content: 'Hello' }), end('length')]) }
    expect(wholeAnswer('messages', JSON.stringify(message), TOLD, null)).toMatchObject({
      items: [{ content: [{ text: 'Hello' }] }],
      status: 'incomplete',
    })
    expect(wholeAnswer('responses', JSON.stringify(response), TOLD, null)).toMatchObject({ items: output, response })
  })

  it('is nothing where it is none', () => {
    expect(wholeAnswer('openai', 'not JSON', TOLD, null)).toBeNull()
    expect(wholeAnswer('openai', '{"data":[]}', TOLD, null)).toBeNull()
    expect(wholeAnswer('responses', JSON.stringify({ ...response, status: 'failed' }), TOLD, null)).toBeNull()
    expect(wholeAnswer('openai', '{"choices":[]}', TOLD, null)).toBeNull()
  })
})
