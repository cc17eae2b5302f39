/** Lists of models in OpenAI's shape. */
import { expect, it } from 'vitest'
import { modelList } from '../../../src/providers/ai-sdk/model-list.ts'

it.each([
  ["Anthropic's", { data: [{ type: 'model', id: 'claude-x', display_name: 'X' }], has_more: false }, ['claude-x']],
  ["Google's", { models: [{ name: 'models/gemini-x', version: '1' }] }, ['gemini-x']],
  ['nothing', 'text', []],
  ['rubbish', { data: [null, {}, 3] }, []],
])('%s', (_whose, value, ids) => {
  expect(modelList(value)).toEqual({ object: 'list', data: ids.map((id) => ({ id, object: 'model' })) })
})
