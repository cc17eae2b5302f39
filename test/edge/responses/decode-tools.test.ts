/** Tools, choices and formats, each in chat's shape. */
import { describe, expect, it } from 'vitest'
import { responseFormatOf, toolChoiceOf, toolsOf } from '../../../src/edge/responses/decode-tools.ts'

type Json = Record<string, unknown>

describe('toolsOf', () => {
  it.each<[string, Json, Json]>([
    [
      'a function',
      { type: 'function', name: 'f', description: 'd', parameters: { type: 'object' }, strict: true },
      { type: 'function', function: { name: 'f', description: 'd', parameters: { type: 'object' }, strict: true } },
    ],
    [
      'a function that leaves open what it may',
      { type: 'function', name: 'f', description: null, parameters: null, strict: null },
      { type: 'function', function: { name: 'f' } },
    ],
    ['a custom tool', { type: 'custom', name: 'f' }, { type: 'custom', custom: { name: 'f' } }],
    [
      'a custom tool with a grammar',
      { type: 'custom', name: 'f', description: 'd', format: { type: 'grammar', syntax: 'lark', definition: 'g' } },
      {
        type: 'custom',
        custom: {
          name: 'f',
          description: 'd',
          format: { type: 'grammar', grammar: { syntax: 'lark', definition: 'g' } },
        },
      },
    ],
  ])('takes %s', (_, tool, expected) => expect(toolsOf([tool])).toEqual([expected]))

  it.each([
    'web_search',
    'web_search_preview',
    'file_search',
    'code_interpreter',
    'computer_use_preview',
    'image_generation',
    'mcp',
    'local_shell',
    'shell',
    'apply_patch',
    'namespace',
    'tool_search',
  ])('refuses %s by name', (type) =>
    expect(() => toolsOf([{ type: 'function', name: 'f' }, { type }])).toThrow(
      expect.objectContaining({ param: 'tools[1].type', message: expect.stringContaining(`The tool ${type} `) }),
    ),
  )

  it.each<[string, unknown]>([
    ['tools[0].type', 'x'],
    ['tools[0].name', { type: 'function' }],
    ['tools[0].name', { type: 'custom', name: '' }],
  ])('faults %s', (param, tool) => expect(() => toolsOf([tool])).toThrow(expect.objectContaining({ param })))

  it('takes none', () => expect(toolsOf(null)).toEqual([]))
})

describe('toolChoiceOf', () => {
  it.each<[unknown, unknown]>([
    ['auto', 'auto'],
    [
      { type: 'function', name: 'f' },
      { type: 'function', function: { name: 'f' } },
    ],
    [
      { type: 'custom', name: 'f' },
      { type: 'custom', custom: { name: 'f' } },
    ],
    [
      { type: 'allowed_tools', mode: 'auto', tools: [{ type: 'function', name: 'f' }] },
      {
        type: 'allowed_tools',
        allowed_tools: { mode: 'auto', tools: [{ type: 'function', function: { name: 'f' } }] },
      },
    ],
  ])('%j', (choice, expected) => expect(toolChoiceOf(choice)).toEqual(expected))

  it.each<[string, unknown]>([
    ['tool_choice', { type: 'mcp', server_label: 's' }],
    ['tool_choice.name', { type: 'function' }],
    ['tool_choice.tools[0]', { type: 'allowed_tools', mode: 'auto', tools: [{ type: 'web_search' }] }],
  ])('faults %s', (param, choice) => expect(() => toolChoiceOf(choice)).toThrow(expect.objectContaining({ param })))
})

describe('responseFormatOf', () => {
  it.each<[unknown, unknown]>([
    [undefined, undefined],
    [null, undefined],
    [{ type: 'text' }, undefined],
    [{ type: 'json_object' }, { type: 'json_object' }],
    [
      { type: 'json_schema', name: 'n', schema: {}, strict: null, description: 'd' },
      { type: 'json_schema', json_schema: { name: 'n', description: 'd', schema: {} } },
    ],
  ])('%j', (format, expected) => expect(responseFormatOf(format)).toEqual(expected))

  it('faults another', () =>
    expect(() => responseFormatOf('xml')).toThrow(expect.objectContaining({ param: 'text.format.type' })))
})
