/** Tools and the choice among them. */
import { expect, it } from 'vitest'
import { toolsOf } from '../../../src/providers/ai-sdk/tools.ts'

const parameters = { type: 'object', properties: { q: { type: 'string' } } }
const tool = (name: string, more: object = {}) => ({ type: 'function', function: { name, ...more } })

it('maps functions with all they say', () => {
  expect(toolsOf([tool('search', { description: 'Finds', parameters, strict: true }), tool('now')], undefined)).toEqual(
    {
      tools: [
        { type: 'function', name: 'search', description: 'Finds', inputSchema: parameters, strict: true },
        { type: 'function', name: 'now', inputSchema: { type: 'object', properties: {} } },
      ],
    },
  )
})

it.each([
  ['auto', { type: 'auto' }],
  ['none', { type: 'none' }],
  ['required', { type: 'required' }],
  [
    { type: 'function', function: { name: 'search' } },
    { type: 'tool', toolName: 'search' },
  ],
])('maps the choice %j', (choice, toolChoice) => {
  expect(toolsOf([tool('search')], choice).toolChoice).toEqual(toolChoice)
})

it('says nothing without tools or without a choice', () => {
  expect(toolsOf([], 'required')).toEqual({})
  expect(toolsOf(null, 'none')).toEqual({})
  expect(toolsOf([tool('a')], null)).not.toHaveProperty('toolChoice')
})

it.each([
  ['required', 'required'],
  ['auto', 'auto'],
])('offers only the allowed tools (%s)', (mode, type) => {
  const choice = { type: 'allowed_tools', allowed_tools: { mode, tools: [tool('b')] } }
  const { tools, toolChoice } = toolsOf([tool('a'), tool('b')], choice)
  expect(tools?.map(({ name }) => name)).toEqual(['b'])
  expect(toolChoice).toEqual({ type })
})

it.each([
  ['tools[1].type', [tool('a'), { type: 'custom', custom: { name: 'x' } }], undefined],
  ['tools[0].function.name', [{ type: 'function', function: {} }], undefined],
  ['tool_choice', [tool('a')], 'perhaps'],
  ['tool_choice', [tool('a')], { type: 'allowed_tools', allowed_tools: { mode: 'auto', tools: [tool('z')] } }],
])('refuses, naming %s', (param, tools, choice) => {
  expect(() => toolsOf(tools, choice)).toThrow(expect.objectContaining({ param }))
})
