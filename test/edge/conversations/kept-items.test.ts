/** Items of a conversation: what is taken in, what is included, what is shown. */
import { expect, it } from 'vitest'
import { includedIn, keptItems, shownItem } from '../../../src/edge/conversations/kept-items.ts'

it('takes what chat can say, and what only a provider can', () => {
  const kept = keptItems([
    { role: 'user', content: 'hi' },
    { type: 'function_call', call_id: 'c', name: 'f', arguments: '{}' },
    { type: 'function_call_output', call_id: 'c', output: 'x' },
    { type: 'web_search_call', id: 'ws_1' },
  ])
  expect(kept).toMatchObject([
    { id: expect.stringMatching(/^msg_[0-9a-f]{32}$/) },
    { id: expect.stringMatching(/^fc_/) },
    { id: expect.stringMatching(/^fco_/) },
    { id: expect.stringMatching(/^item_/) },
  ])
})

it('says which item is wrong, and where', () => {
  const bad = [
    { role: 'user', content: 'hi' },
    { role: 'user', content: [{ type: 'input_image', file_id: 'f' }] },
  ]
  expect(keptItems(bad)).toMatchObject({ code: 'invalid_request', param: 'items[1].content[0].file_id' })
})

it('knows what can be included, written either way', () => {
  const at = (query: string) => includedIn(new URL(`https://x.test/?${query}`))
  expect(at('include[]=reasoning.encrypted_content&include=file_search_call.results')).toEqual([
    'file_search_call.results',
    'reasoning.encrypted_content',
  ])
  expect(at('include=secrets')).toMatchObject({ code: 'invalid_request', param: 'include' })
})

it('shows what was not asked for only where it is nobody’s alone', () => {
  const reasoning = { type: 'reasoning', id: 'rs_1', encrypted_content: 'e' }
  expect(shownItem(reasoning, [])).toEqual({ type: 'reasoning', id: 'rs_1' })
  expect(shownItem(reasoning, ['reasoning.encrypted_content'])).toBe(reasoning)
  const said = { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'a', logprobs: [1] }, 'x'] }
  expect(shownItem(said, [])).toMatchObject({ content: [{ text: 'a', logprobs: [] }, 'x'] })
  expect(shownItem(said, ['message.output_text.logprobs'])).toBe(said)
  const asked = { type: 'message', role: 'user', content: [] }
  expect(shownItem(asked, [])).toBe(asked)
})
