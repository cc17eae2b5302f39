/** Stream parts become chunks, part by part: the orders and encodings that recorded streams do not show. */
import type { LanguageModelV4StreamPart } from '@ai-sdk/provider'
import { expect, it } from 'vitest'
import { ChunkWriter } from '../../../src/providers/ai-sdk/chunks.ts'

type Delta = { choices: { delta: Record<string, unknown>; finish_reason: string | null }[] }

const unknown = { total: undefined, noCache: undefined, cacheRead: undefined, cacheWrite: undefined }
const usage = { inputTokens: unknown, outputTokens: { total: undefined, text: undefined, reasoning: undefined } }
const finish = (unified: 'stop' | 'length' | 'tool-calls' | 'error' | 'interrupted'): LanguageModelV4StreamPart => ({
  type: 'finish',
  finishReason: { unified, raw: unified },
  usage,
})

function written(...parts: LanguageModelV4StreamPart[]) {
  const writer = new ChunkWriter({ id: 'chatcmpl-1', created: 5, model: 'target' })
  const chunks = parts.flatMap((part) => writer.write(part)) as Delta[]
  return { writer, deltas: chunks.map((chunk) => chunk.choices[0]?.delta), chunks }
}

const role = { role: 'assistant', content: '' }
const start = (index: number, id: string, name: string) => ({
  tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }],
})
const args = (index: number, text: string) => ({ tool_calls: [{ index, function: { arguments: text } }] })

it('calls whose deltas are interleaved keep their own index', () => {
  const { deltas } = written(
    { type: 'tool-input-start', id: 'a', toolName: 'one' },
    { type: 'tool-input-start', id: 'b', toolName: 'two' },
    { type: 'tool-input-delta', id: 'b', delta: '{"y"' },
    { type: 'tool-input-delta', id: 'a', delta: '{}' },
    { type: 'tool-input-delta', id: 'b', delta: ':1}' },
    { type: 'tool-call', toolCallId: 'a', toolName: 'one', input: '{}' },
    { type: 'tool-call', toolCallId: 'b', toolName: 'two', input: '{"y":1}' },
  )
  expect(deltas).toEqual([
    role,
    start(0, 'a', 'one'),
    start(1, 'b', 'two'),
    args(1, '{"y"'),
    args(0, '{}'),
    args(1, ':1}'),
  ])
})

it('a call that comes in one piece is begun and filled at once', () => {
  const { deltas } = written({ type: 'tool-call', toolCallId: 'a', toolName: 'one', input: '{"x":1}' })
  expect(deltas).toEqual([role, start(0, 'a', 'one'), args(0, '{"x":1}')])
})

it('raw text deltas of a tool wait for its JSON', () => {
  const { deltas } = written(
    { type: 'tool-input-start', id: 'a', toolName: 'one', inputEncoding: 'text' },
    { type: 'tool-input-delta', id: 'a', delta: 'raw' },
    { type: 'tool-call', toolCallId: 'a', toolName: 'one', input: '"raw"' },
  )
  expect(deltas).toEqual([role, start(0, 'a', 'one'), args(0, '"raw"')])
})

it('calls that the provider runs itself are not shown', () => {
  const { chunks } = written(
    { type: 'tool-input-start', id: 's', toolName: 'web_search', providerExecuted: true },
    { type: 'tool-input-delta', id: 's', delta: '{}' },
    { type: 'tool-call', toolCallId: 's', toolName: 'web_search', input: '{}', providerExecuted: true },
  )
  expect(chunks).toEqual([])
})

it('empty deltas are nothing, and the role goes out once', () => {
  const { deltas } = written(
    { type: 'text-delta', id: '0', delta: '' },
    { type: 'reasoning-delta', id: '1', delta: '' },
    { type: 'reasoning-delta', id: '1', delta: 'hm' },
    { type: 'text-delta', id: '0', delta: 'a' },
    { type: 'text-delta', id: '0', delta: 'b' },
  )
  expect(deltas).toEqual([role, { reasoning_content: 'hm' }, { content: 'a' }, { content: 'b' }])
})

it('an answer without content still has its role and finish', () => {
  const { chunks, writer } = written(finish('stop'))
  expect(chunks.map((chunk) => chunk.choices[0])).toMatchObject([{ delta: role }, { delta: {}, finish_reason: 'stop' }])
  expect(writer.standing).toBe('finished')
})

it.each(['error', 'interrupted'] as const)('%s finishes nothing', (unified) => {
  const { chunks, writer } = written({ type: 'text-delta', id: '0', delta: 'a' }, finish(unified))
  expect(chunks.every((chunk) => chunk.choices[0]?.finish_reason === null)).toBe(true)
  expect(writer.standing).toBe('broken')
})

it('takes id and model from the provider once it names them', () => {
  const { chunks } = written(
    { type: 'response-metadata', id: 'msg_1' },
    { type: 'response-metadata', modelId: 'claude-x' },
    { type: 'text-delta', id: '0', delta: 'a' },
  )
  expect(chunks[0]).toMatchObject({ id: 'msg_1', model: 'claude-x', created: 5 })
})

it('tells what binds a block of thinking when the block is complete', () => {
  const { deltas } = written(
    { type: 'reasoning-start', id: '0' },
    { type: 'reasoning-delta', id: '0', delta: 'Let me ' },
    { type: 'reasoning-delta', id: '0', delta: 'see.' },
    { type: 'reasoning-delta', id: '0', delta: '', providerMetadata: { anthropic: { signature: 's1' } } },
    { type: 'reasoning-end', id: '0' },
    { type: 'reasoning-start', id: '1', providerMetadata: { anthropic: { redactedData: 'd1' } } },
    { type: 'reasoning-end', id: '1' },
    { type: 'reasoning-start', id: '2' },
    { type: 'reasoning-delta', id: '2', delta: 'Free.' },
    { type: 'reasoning-end', id: '2' },
  )
  expect(deltas).toEqual([
    role,
    { reasoning_content: 'Let me ' },
    { reasoning_content: 'see.' },
    { reasoning_details: [{ type: 'reasoning.text', format: 'anthropic', text: 'Let me see.', signature: 's1' }] },
    { reasoning_details: [{ type: 'reasoning.encrypted', format: 'anthropic', data: 'd1' }] },
    { reasoning_content: 'Free.' },
  ])
})
