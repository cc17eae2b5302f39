/** Responses requests, decoded: the same is asked for however it was written, and what cannot be asked is named. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { responsesRequestSchema } from '../../../src/core/responses/schema.ts'
import { decodeResponses } from '../../../src/edge/responses/decode.ts'
import { meaningOf } from '../../support/responses-inverse.ts'
import { manners, meanings, requestOf } from '../../support/responses-meanings.ts'

type Json = Record<string, unknown>

const decoded = (more: Json) => {
  const result = decodeResponses({ model: 'm', input: 'Hello', ...more })
  if (result.kind === 'fault') throw new Error(`${result.param}: ${result.message}`)
  return result
}
const bodyOf = (more: Json): Json => decoded(more).body

describe('decodeResponses', () => {
  it('asks for the same, however it was written', () => {
    fc.assert(
      fc.property(meanings, manners, (meaning, manner) => {
        const request = requestOf(meaning, manner)
        const before = JSON.stringify(request)
        expect(responsesRequestSchema.safeParse(request).error?.issues).toBeUndefined()
        const result = decodeResponses(request)
        expect(result).toMatchObject({ kind: 'decoded', dropped: [] })
        if (result.kind === 'decoded') expect(meaningOf({ ...result.body })).toEqual(meaning)
        expect(JSON.stringify(request)).toBe(before)
      }),
      { numRuns: 500 },
    )
  })

  it('puts instructions first, as system, and a text as the user', () =>
    expect(bodyOf({ instructions: 'Be brief.' })).toEqual({
      model: 'm',
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Hello' },
      ],
    }))

  it.each<[string, Json, Json]>([
    ['counts reasoning in the bound', { max_output_tokens: 99 }, { max_completion_tokens: 99 }],
    [
      'sends no empty list of tools, and no settings for it',
      { tools: [], tool_choice: 'auto', parallel_tool_calls: true },
      {},
    ],
    ['lets a choice without tools be refused by its target', { tool_choice: 'required' }, { tool_choice: 'required' }],
    ['keeps metadata on the response', { metadata: { a: 'b' } }, {}],
    ['says nothing of plain text', { text: { format: { type: 'text' } } }, {}],
    ['includes log probabilities', { include: ['message.output_text.logprobs'] }, { logprobs: true }],
    ['takes it that reasoning is included', { include: ['reasoning.encrypted_content'] }, {}],
    ['does without empty instructions', { instructions: '' }, {}],
    [
      'takes null for whatever may be absent',
      { tools: null, text: null, reasoning: null, include: null, stream: null },
      {},
    ],
  ])('%s', (_, sent, expected) =>
    expect(bodyOf(sent)).toEqual({ model: 'm', messages: [{ role: 'user', content: 'Hello' }], ...expected }),
  )

  it.each<[Json, readonly string[]]>([
    [{ truncation: 'auto' }, ['truncation']],
    [{ truncation: 'disabled' }, []],
    [{ reasoning: { effort: 'low', summary: 'auto', generate_summary: null } }, []],
    [{ reasoning: { generate_summary: 'detailed', mode: 'pro' } }, ['reasoning.mode']],
    [{ reasoning: { summary: 'long', generate_summary: 3 } }, ['reasoning.summary', 'reasoning.generate_summary']],
    [{ text: { verbosity: 'low', shape: 'round' } }, ['text.shape']],
    [{ top_logprobs: 3 }, ['top_logprobs']],
    [{ top_logprobs: 0 }, []],
    [{ context_management: [{ type: 'compaction' }], moderation: null }, ['context_management']],
    [{ stream_options: { include_obfuscation: true }, max_tool_calls: 1, store: false, background: false }, []],
    [
      { store: true, background: true, previous_response_id: 'resp_1', conversation: 'conv_1', prompt: { id: 'p' } },
      [],
    ],
    [{ 'not a header': 1, [`x${'y'.repeat(64)}`]: 1 }, []],
    [
      {
        input: [
          { type: 'reasoning', id: 'rs', summary: [], encrypted_content: 'gAAA' },
          { role: 'user', content: 'x' },
        ],
      },
      ['reasoning.encrypted_content'],
    ],
  ])('names what it drops: %j', (sent, dropped) => expect(decoded(sent).dropped).toEqual(dropped))

  it.each<[string, Json, RegExp]>([
    ['include[1]', { include: ['reasoning.encrypted_content', 'file_search_call.results'] }, /nothing to include/],
    ['text.format.type', { text: { format: { type: 'xml' } } }, /json_schema/],
    ['tools[1].type', { tools: [{ type: 'function', name: 'f' }, { type: 'web_search' }] }, /web_search/],
    ['tool_choice', { tool_choice: { type: 'file_search' } }, /function or custom/],
    ['input[0]', { input: [{ id: 'msg_1' }] }, /store set to false/],
  ])('faults %s, and says what to do', (param, sent, message) => {
    const result = decodeResponses({ model: 'm', input: 'Hello', ...sent })
    expect(result).toEqual({ kind: 'fault', param, message: expect.stringMatching(message) })
  })

  it('never throws, whatever it is given', () => {
    const name = fc.constantFrom(
      'input',
      'tools',
      'tool_choice',
      'text',
      'reasoning',
      'include',
      'instructions',
      'type',
    )
    const value = fc.object({
      key: fc.oneof(name, fc.constantFrom('role', 'content', 'name', 'call_id', 'output')),
      maxDepth: 4,
    })
    fc.assert(
      fc.property(value, (body) => {
        expect(['decoded', 'fault']).toContain(decodeResponses(body as Json).kind)
      }),
      { numRuns: 500 },
    )
  })
})
