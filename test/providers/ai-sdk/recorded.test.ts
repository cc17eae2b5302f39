/** Vendor streams, as recorded, become canonical events: whatever the chunking, ended as they ended. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { usageOfOpenai } from '../../../src/core/usage.ts'
import { accumulated, callOf, eventsOf, provider, recorded, sse, upstream } from '../support.ts'

const body = { stream: true, messages: [{ role: 'user', content: 'Hi' }] }

async function streamOf(name: string, cuts: readonly number[] = []) {
  const origin = upstream(() => sse(recorded(name), cuts))
  const reply = await provider(name.split('/')[0] ?? '').call(callOf({ outgoing: origin.outgoing, body }))
  return eventsOf(reply)
}

describe('recorded streams', () => {
  it('Anthropic text', async () => {
    const { chunks, isDone } = await streamOf('anthropic/text.chunks.txt')
    expect(isDone).toBe(true)
    expect(chunks[0]).toEqual({
      id: 'msg_01QC4g3HwBThD4BaNtBckFDJ',
      object: 'chat.completion.chunk',
      created: 1_700_000_000,
      model: 'claude-sonnet-4-5-20250929',
      choices: [{ index: 0, delta: { role: 'assistant', content: '' }, logprobs: null, finish_reason: null }],
    })
    expect(chunks[1]?.choices?.[0]?.delta).toEqual({ content: 'Hello' })
    expect(accumulated(chunks)).toMatchObject({
      content:
        "Hello! I'm doing well, thank you for asking. How are you doing today? Is there anything I can help you with?",
      finish: 'stop',
      usage: { prompt_tokens: 12, completion_tokens: 30, total_tokens: 42 },
    })
    expect(chunks.at(-1)).toMatchObject({ choices: [], id: 'msg_01QC4g3HwBThD4BaNtBckFDJ' })
  })

  it('Anthropic text, then a tool call without arguments', async () => {
    const { chunks, isDone } = await streamOf('anthropic/tool-no-args.chunks.txt')
    expect(isDone).toBe(true)
    expect(accumulated(chunks)).toMatchObject({
      content: "I'll update the issue list for you.",
      calls: [{ id: 'toolu_01QE1WLsSVp5hy5Q3GmGTmjP', name: 'updateIssueList', arguments: '{}' }],
      finish: 'tool_calls',
    })
  })

  it('Anthropic tool input, delta by delta', async () => {
    const { chunks } = await streamOf('anthropic/tool-quoted-input.chunks.txt')
    const { calls, finish } = accumulated(chunks)
    expect(finish).toBe('tool_calls')
    expect(calls).toHaveLength(1)
    expect(JSON.parse(calls[0]?.arguments ?? '')).toMatchObject({ website_path: '/home/user/pace-landing' })
    const deltas = chunks.filter((chunk) => chunk.choices?.[0]?.delta.tool_calls !== undefined)
    expect(deltas.length).toBeGreaterThan(5)
  })

  it('an Anthropic refusal is content_filter', async () => {
    const { chunks, isDone } = await streamOf('anthropic/refusal.chunks.txt')
    expect(isDone).toBe(true)
    expect(accumulated(chunks)).toMatchObject({ content: '', finish: 'content_filter' })
  })

  it('Anthropic usage is cumulative: the last value wins', async () => {
    const { chunks } = await streamOf('anthropic/cumulative-usage.chunks.txt')
    expect(usageOfOpenai(accumulated(chunks).usage)).toMatchObject({ inputTokens: 61, outputTokens: 2 })
  })

  it('Gemini thoughts are reasoning_content, and their tokens are output', async () => {
    const { chunks, isDone } = await streamOf('google/reasoning.chunks.txt')
    const answer = accumulated(chunks)
    expect(isDone).toBe(true)
    expect(answer).toMatchObject({ content: 'hello', finish: 'stop' })
    expect(answer.reasoning).toMatch(/^\* {3}User input: .*Output: "hello"$/s)
    expect(usageOfOpenai(answer.usage)).toMatchObject({ inputTokens: 6, outputTokens: 77, reasoningTokens: 76 })
  })

  it('Gemini parallel calls get indexes from 0, ids of ours, and keep their signature', async () => {
    const { chunks } = await streamOf('google/tool-calls-streamed.chunks.txt')
    expect(accumulated(chunks)).toMatchObject({
      calls: [
        { id: 'call_id1', name: 'read_theme', arguments: '{}' },
        { id: 'call_id2', name: 'read_screen', arguments: '{"id":"A"}' },
        { id: 'call_id3', name: 'read_screen', arguments: '{"id":"B"}' },
      ],
      finish: 'tool_calls',
    })
    const first = chunks.flatMap((chunk) => chunk.choices?.[0]?.delta.tool_calls ?? [])[0]
    expect(first).toMatchObject({
      extra_content: { google: { thought_signature: expect.stringMatching(/^AY89a18a8/) } },
    })
  })

  it('a prompt that Gemini blocks is content_filter', async () => {
    const { chunks, isDone } = await streamOf('google/prompt-block.chunks.txt')
    expect(isDone).toBe(true)
    expect(accumulated(chunks)).toMatchObject({ content: '', finish: 'content_filter', usage: { prompt_tokens: 9 } })
  })
})

it.each([
  'anthropic/text.chunks.txt',
  'anthropic/tool-quoted-input.chunks.txt',
  'google/reasoning.chunks.txt',
  'google/tool-calls-streamed.chunks.txt',
])('%s: any chunking gives the same events', async (name) => {
  const whole = await streamOf(name)
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(4096), { maxLength: 12 }), async (cuts) => {
      expect(await streamOf(name, cuts)).toEqual(whole)
    }),
    { numRuns: 25 },
  )
})
