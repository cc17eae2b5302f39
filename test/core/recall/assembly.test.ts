/** Putting chunks together: texts joined, lists appended, tool calls told apart however an upstream counts them. */
import { describe, expect, it } from 'vitest'
import { Assembly } from '../../../src/core/recall/assembly.ts'

type Json = Record<string, unknown>

const chunk = (delta: Json, more: Json = {}, top: Json = {}): Json => ({
  id: 'c',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'm',
  choices: [{ index: 0, delta, finish_reason: null, ...more }],
  ...top,
})
const end = (reason: string, more: Json = {}): Json => chunk({}, { finish_reason: reason, ...more })

/** The whole as JSON has it, or undefined where a chunk was not taken. Nothing of it may hang on the chunks. */
function wholeOf(chunks: readonly Json[], usage?: unknown): Json | undefined {
  const assembly = new Assembly()
  for (const one of chunks) if (!assembly.add(JSON.parse(JSON.stringify(one)) as Json)) return undefined
  return JSON.parse(JSON.stringify(assembly.whole(usage))) as Json
}

function messageOf(chunks: readonly Json[]): Json | undefined {
  const choices = wholeOf(chunks)?.choices as readonly { readonly message: Json }[] | undefined
  return choices?.[0]?.message
}

describe('Assembly', () => {
  it('joins what is continued, appends lists, and keeps the last of all else', () => {
    const whole = wholeOf([
      chunk({ role: 'assistant', content: '', refusal: null }, { logprobs: null }, { system_fingerprint: null, x: 1 }),
      chunk({ reasoning: 'I ', annotations: [1] }),
      chunk({ reasoning: 'think', role: 'assistant', annotations: [2] }, {}, { system_fingerprint: 'fp', x: 2 }),
      chunk({ content: 'a' }, { logprobs: { content: [{ token: 'a' }], refusal: null } }, { obfuscation: 'zz' }),
      chunk({ content: 'b' }, { logprobs: { content: [{ token: 'b' }], refusal: null } }, { system_fingerprint: null }),
      chunk({ constructor: 'c' }, { token_ids: [1], stop_reason: null }),
      end('stop', { token_ids: [2], stop_reason: 128 }),
      { id: 'c', choices: [], usage: { prompt_tokens: 1, completion_tokens: 2 } },
    ])
    expect(whole).toEqual({
      object: 'chat.completion',
      model: 'm',
      choices: [
        {
          index: 0,
          message: {
            role: 'assistant',
            content: 'ab',
            refusal: null,
            reasoning: 'I think',
            annotations: [1, 2],
            constructor: 'c',
          },
          logprobs: { content: [{ token: 'a' }, { token: 'b' }], refusal: null },
          finish_reason: 'stop',
          token_ids: [1, 2],
          stop_reason: 128,
        },
      ],
      usage: { prompt_tokens: 1, completion_tokens: 2 },
      system_fingerprint: 'fp',
      x: 2,
    })
  })

  it('puts choices in order, and completions together', () => {
    const piece = (index: number, text: string, finish: string | null) => ({
      id: 'c',
      object: 'text_completion',
      created: 1,
      model: 'm',
      choices: [{ index, text, logprobs: { tokens: [text] }, finish_reason: finish }],
    })
    const pieces = [piece(1, 'x', null), piece(0, 'a', null), piece(0, 'b', 'stop'), piece(1, 'y', 'stop')]
    expect(wholeOf(pieces)).toEqual({
      object: 'text_completion',
      model: 'm',
      choices: [
        { index: 0, text: 'ab', logprobs: { tokens: ['a', 'b'] }, finish_reason: 'stop' },
        { index: 1, text: 'xy', logprobs: { tokens: ['x', 'y'] }, finish_reason: 'stop' },
      ],
    })
  })

  it.each<[string, Json[], Json[]]>([
    [
      'two calls that take turns, counted from 1',
      [
        { index: 1, id: 'a', type: 'function', function: { name: 'f', arguments: '' } },
        { index: 2, id: 'b', type: 'function', function: { name: 'g', arguments: '' } },
        { index: 1, function: { arguments: '{"x":' } },
        { index: 2, function: { arguments: '{}' } },
        { index: 1, function: { arguments: '1}' } },
      ],
      [
        { id: 'a', type: 'function', function: { name: 'f', arguments: '{"x":1}' } },
        { id: 'b', type: 'function', function: { name: 'g', arguments: '{}' } },
      ],
    ],
    [
      'ids that are empty or fresh in every piece',
      [
        { index: 0, id: 'a', function: { name: 'f', arguments: '{' } },
        { index: 0, id: '', function: { name: '', arguments: '"x"' } },
        { index: 0, id: 'other', function: { name: null, arguments: ':1}' } },
      ],
      [{ id: 'a', type: 'function', function: { name: 'f', arguments: '{"x":1}' } }],
    ],
    [
      'an id that comes late',
      [
        { index: 0, id: '', function: { name: 'f', arguments: '{' } },
        { index: 0, id: 'a', function: { arguments: '}' } },
      ],
      [{ id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } }],
    ],
    [
      'calls that all have one index',
      [
        { index: 0, id: 'a', function: { name: 'f', arguments: '{}' } },
        { index: 0, id: 'b', function: { name: 'f', arguments: '[]' } },
      ],
      [
        { id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } },
        { id: 'b', type: 'function', function: { name: 'f', arguments: '[]' } },
      ],
    ],
    [
      'calls without any index',
      [
        { id: 'a', function: { name: 'f', arguments: '{' } },
        { function: { arguments: '}' } },
        { id: 'b', function: { name: 'g', arguments: '{}' }, extra_content: { signature: 's' } },
      ],
      [
        { id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } },
        { id: 'b', type: 'function', function: { name: 'g', arguments: '{}' }, extra_content: { signature: 's' } },
      ],
    ],
    [
      'a custom tool',
      [
        { index: 0, id: 'a', type: 'custom', custom: { name: 'sh', input: 'l' } },
        { index: 0, custom: { input: 's' } },
      ],
      [{ id: 'a', type: 'custom', custom: { name: 'sh', input: 'ls' } }],
    ],
  ])('knows the tool call of a piece: %s', (_, pieces, calls) => {
    const chunks = pieces.map((piece) => chunk({ tool_calls: [piece] }))
    expect(messageOf([...chunks, end('tool_calls')])?.tool_calls).toEqual(calls)
  })

  it('joins a function call of the old kind', () => {
    const call = (more: Json) => chunk({ function_call: more })
    const chunks = [call({ name: 'f', arguments: '' }), call({ arguments: '{}' }), end('function_call')]
    expect(messageOf(chunks)).toEqual({
      role: 'assistant',
      content: null,
      function_call: { name: 'f', arguments: '{}' },
    })
  })

  it('takes names for names, whatever they are', () => {
    const assembly = new Assembly()
    assembly.add(
      JSON.parse('{"__proto__":{"x":1},"choices":[{"delta":{"__proto__":"a"}},{"delta":{"__proto__":"b"}}]}'),
    )
    expect(({} as Json).x).toBeUndefined()
    expect(JSON.stringify(assembly.whole(null))).toContain('"__proto__":"ab"')
    expect(JSON.stringify(assembly.whole(null))).toContain('"__proto__":{"x":1}')
  })

  it('takes no chunk that does not go with the others', () => {
    for (const odd of [
      chunk({ content: [{ type: 'text' }] }),
      chunk({ tool_calls: ['x'] }),
      chunk({ function_call: { arguments: ['x'] } }),
      { choices: ['x'] },
      { choices: {} },
      { choices: [{ message: { content: 'a' } }] },
    ])
      expect(wholeOf([chunk({ content: 'a', function_call: { arguments: '{' } }), odd])).toBeUndefined()
  })

  it('ignores the message so far that some send beside each delta', () => {
    const chunks = ['a', 'ab'].map((so_far) => chunk({ content: so_far.at(-1) }, { message: { content: so_far } }))
    expect(messageOf([...chunks, end('stop')])?.content).toBe('ab')
  })

  it('counts what it holds, once', () => {
    const assembly = new Assembly()
    assembly.add(chunk({ content: 'x'.repeat(1000) }))
    const [held, bytesMin] = [assembly.heldBytes, assembly.bytesMin]
    expect(held).toBeGreaterThanOrEqual(2000)
    expect(bytesMin).toBeGreaterThanOrEqual(1000)
    expect(bytesMin).toBeLessThan(1100)
    const verdict = (word: string) => chunk({}, { content_filter_results: { hate: { severity: word } } })
    assembly.add(verdict('low'))
    const before = assembly.heldBytes
    for (let turn = 0; turn < 100; turn++) assembly.add(verdict('low'))
    expect(assembly.heldBytes).toBe(before)
    assembly.add(verdict('medium'))
    expect(assembly.heldBytes).toBe(before + 6)
  })
})
