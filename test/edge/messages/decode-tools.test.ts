/** Tools and the choice among them, in OpenAI's words. */
import { describe, expect, it } from 'vitest'
import { toolsOf } from '../../../src/edge/messages/decode-tools.ts'

const input_schema = { type: 'object', properties: { a: { type: 'string' } } }
const TOOL = { name: 't', input_schema }
const FUNCTION = { type: 'function', function: { name: 't', parameters: input_schema } }

function read(body: Readonly<Record<string, unknown>>) {
  const dropped: string[] = []
  return { ...toolsOf(body, (name) => dropped.push(name)), dropped }
}

it('keeps all that a function has', () => {
  const cache_control = { type: 'ephemeral' }
  const tool = { ...TOOL, type: 'custom', description: 'd', strict: true, cache_control, eager_input_streaming: true }
  expect(read({ tools: [tool, { ...TOOL, type: null, allowed_callers: ['direct'] }] })).toEqual({
    tools: [
      { type: 'function', function: { ...FUNCTION.function, description: 'd', strict: true }, cache_control },
      FUNCTION,
    ],
    dropped: [],
  })
})

it('names the hints that it leaves out', () => {
  const hints = { defer_loading: true, input_examples: [{ a: 'x' }], allowed_callers: ['code_execution_20250825'] }
  expect(read({ tools: [{ ...TOOL, ...hints }] }).dropped).toEqual([
    'tools.defer_loading',
    'tools.input_examples',
    'tools.allowed_callers',
  ])
})

describe('the choice', () => {
  it.each([
    [{ type: 'auto' }, 'auto'],
    [{ type: 'any' }, 'required'],
    [{ type: 'none' }, 'none'],
    [
      { type: 'tool', name: 't' },
      { type: 'function', function: { name: 't' } },
    ],
  ])('%j', (tool_choice, chosen) => {
    const body = { tools: [TOOL], tool_choice }
    expect(read(body)).toEqual({ tools: [FUNCTION], tool_choice: chosen, dropped: [] })
    const alone = { ...tool_choice, disable_parallel_tool_use: true }
    expect(read({ ...body, tool_choice: alone })).toMatchObject({ tool_choice: chosen, parallel_tool_calls: false })
  })

  it('says nothing without tools', () => {
    expect(read({ tools: [], tool_choice: { type: 'any' } })).toEqual({ dropped: [] })
    expect(read({ tool_choice: { type: 'any' } })).toEqual({ dropped: [] })
  })
})

it.each([
  ['tools[0].type', { tools: [{ type: 'web_search_20250305', name: 'web_search' }] }],
  ['tools[1].type', { tools: [TOOL, { type: 'bash_20250124', name: 'bash' }] }],
  ['tools[0].type', { tools: [{ type: 'computer_20250124', name: 'computer' }] }],
  ['tools[0].type', { tools: [{ type: 'mcp_toolset', mcp_server_name: 'x' }] }],
  ['tools[0].name', { tools: [{ input_schema }] }],
  ['tools[0].input_schema', { tools: [{ name: 't' }] }],
  ['tools[0].name', { tools: [null] }],
  ['tool_choice', { tools: [TOOL], tool_choice: { type: 'tool' } }],
  ['tool_choice', { tools: [TOOL], tool_choice: { type: 'some' } }],
])('refuses at %s', (param, body) => {
  expect(() => read(body)).toThrow(expect.objectContaining({ param }))
})
