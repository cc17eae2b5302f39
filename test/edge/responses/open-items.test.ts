/** Items that are being written: the events of each, in their order. */
import { describe, expect, it } from 'vitest'
import { OpenCall, OpenMessage, OpenReasoning, type Teller } from '../../../src/edge/responses/open-items.ts'
import { markOf } from '../../../src/edge/responses/own-reasoning.ts'

type Json = Record<string, unknown>

/** Writes down what it is told, as it is then. */
class Scribe implements Teller {
  readonly events: Json[] = []

  tell(type: string, fields: Json): void {
    this.events.push(JSON.parse(JSON.stringify({ type, ...fields })) as Json)
  }

  deltas(type: string, place: Json) {
    return (delta: string, logprobs?: readonly unknown[]) => this.tell(type, { ...place, delta, logprobs })
  }
}

describe('OpenMessage', () => {
  it('closes one part before it opens the next, and itself last', () => {
    const scribe = new Scribe()
    const message = new OpenMessage(scribe, 4, 'msg_1')
    message.text('a', [{ token: 'a' }])
    message.refusal('No.')
    message.close('incomplete')
    const at = (index: number) => ({ item_id: 'msg_1', output_index: 4, content_index: index })
    const scores = [{ token: 'a' }]
    const text = { type: 'output_text', text: 'a', annotations: [], logprobs: scores }
    const refused = { type: 'refusal', refusal: 'No.' }
    const item = { id: 'msg_1', type: 'message', role: 'assistant' }
    expect(scribe.events).toEqual([
      { type: 'response.output_item.added', output_index: 4, item: { ...item, status: 'in_progress', content: [] } },
      { type: 'response.content_part.added', ...at(0), part: { ...text, text: '', logprobs: [] } },
      { type: 'response.output_text.delta', ...at(0), delta: 'a', logprobs: scores },
      { type: 'response.output_text.done', ...at(0), text: 'a', logprobs: scores },
      { type: 'response.content_part.done', ...at(0), part: text },
      { type: 'response.content_part.added', ...at(1), part: { ...refused, refusal: '' } },
      { type: 'response.refusal.delta', ...at(1), delta: 'No.' },
      { type: 'response.refusal.done', ...at(1), refusal: 'No.' },
      { type: 'response.content_part.done', ...at(1), part: refused },
      {
        type: 'response.output_item.done',
        output_index: 4,
        item: { ...item, status: 'incomplete', content: [text, refused] },
      },
    ])
    expect(message.item.status).toBe('incomplete')
  })
})

describe('OpenReasoning', () => {
  it('has its mark when it is done', () => {
    const scribe = new Scribe()
    const reasoning = new OpenReasoning(scribe, 0, 'rs_1')
    const detail = { type: 'reasoning.encrypted', format: 'anthropic', data: 'x' }
    reasoning.add('H')
    reasoning.add('m')
    reasoning.carry({ details: [detail] })
    reasoning.carry({ signatures: { a: 's' } })
    reasoning.close('completed')
    expect(scribe.events.map(({ type }) => type)).toEqual([
      'response.output_item.added',
      'response.content_part.added',
      'response.reasoning_text.delta',
      'response.reasoning_text.delta',
      'response.reasoning_text.done',
      'response.content_part.done',
      'response.output_item.done',
    ])
    expect(scribe.events[0]).not.toHaveProperty('item.encrypted_content')
    expect(scribe.events.at(-1)?.item).toEqual({
      id: 'rs_1',
      type: 'reasoning',
      summary: [],
      content: [{ type: 'reasoning_text', text: 'Hm' }],
      encrypted_content: markOf({ details: [detail], signatures: { a: 's' } }),
      status: 'completed',
    })
    expect(reasoning.isEncrypted).toBe(false)
  })

  it('is a summary where it is to be one', () => {
    const scribe = new Scribe()
    const reasoning = new OpenReasoning(scribe, 3, 'rs_1', { isSummary: true })
    reasoning.add('H')
    reasoning.add('m')
    reasoning.close('incomplete')
    const place = { item_id: 'rs_1', output_index: 3, summary_index: 0 }
    const part = (text: string) => ({ type: 'summary_text', text })
    const item = { id: 'rs_1', type: 'reasoning', content: [] }
    expect(scribe.events).toEqual([
      {
        type: 'response.output_item.added',
        output_index: 3,
        item: { ...item, status: 'in_progress', summary: [] },
      },
      { type: 'response.reasoning_summary_part.added', ...place, part: part('') },
      { type: 'response.reasoning_summary_text.delta', ...place, delta: 'H' },
      { type: 'response.reasoning_summary_text.delta', ...place, delta: 'm' },
      { type: 'response.reasoning_summary_text.done', ...place, text: 'Hm' },
      { type: 'response.reasoning_summary_part.done', ...place, part: part('Hm') },
      {
        type: 'response.output_item.done',
        output_index: 3,
        item: {
          ...item,
          status: 'incomplete',
          summary: [part('Hm')],
          encrypted_content: markOf({ details: [], signatures: {} }),
        },
      },
    ])
  })

  it("has OpenAI's own word in the mark's place", () => {
    const reasoning = new OpenReasoning(new Scribe(), 0, 'rs_1', { encrypted: 'gAAA' })
    reasoning.close('completed')
    expect(reasoning.isEncrypted).toBe(true)
    expect(reasoning.item).toMatchObject({ id: 'rs_1', content: [], encrypted_content: 'gAAA' })
  })
})

describe('OpenCall', () => {
  it.each([
    [false, 'function_call', 'fc_1', 'arguments', 'response.function_call_arguments'],
    [true, 'custom_tool_call', 'ctc_1', 'input', 'response.custom_tool_call_input'],
  ])('tells of its text as it is (custom: %s)', (isCustom, type, id, text, event) => {
    const scribe = new Scribe()
    const call = new OpenCall(scribe, 2, '1', { id: 'toolu_1', name: 'f', isCustom })
    call.add('a')
    call.add('b')
    call.close('completed')
    const place = { item_id: id, output_index: 2 }
    const item = { id, type, call_id: 'toolu_1', name: 'f' }
    expect(scribe.events).toEqual([
      { type: 'response.output_item.added', output_index: 2, item: { ...item, status: 'in_progress', [text]: '' } },
      { type: `${event}.delta`, ...place, delta: 'a' },
      { type: `${event}.delta`, ...place, delta: 'b' },
      { type: `${event}.done`, ...place, ...(isCustom ? {} : { name: 'f' }), [text]: 'ab' },
      { type: 'response.output_item.done', output_index: 2, item: { ...item, status: 'completed', [text]: 'ab' } },
    ])
  })
})
