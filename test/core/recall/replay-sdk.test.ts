/** Replays as the official SDK reads them. */
import OpenAI from 'openai'
import { describe, expect, it } from 'vitest'
import { eventStreamText, wholeText } from '../../../src/core/recall/replay.ts'
import { recordedReply, tokensOf } from '../../support/recorded-reply.ts'

const FRESH = { id: 'chatcmpl-fresh', createdS: 1_700_000_000 }

describe('the official SDK', () => {
  /** A client whose every request is answered with this text. */
  const clientOf = (answer: string, type: string) =>
    new OpenAI({
      apiKey: 'k',
      baseURL: 'https://gateway.example/v1',
      fetch: async () => new Response(answer, { headers: { 'content-type': type } }),
    })
  const request = { model: 'm', messages: [{ role: 'user' as const, content: 'hi' }] }
  const whole = {
    object: 'chat.completion',
    model: 'm',
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: 'Grüße, 世界 🦥\n',
          refusal: null,
          reasoning_content: 'Hm',
          tool_calls: [
            { id: 'call_a', type: 'function', function: { name: 'f', arguments: '{"x":"ż"}' } },
            { id: 'call_b', type: 'function', function: { name: 'g', arguments: '{}' } },
          ],
        },
        logprobs: { content: tokensOf('Grüße, 世界 🦥\n'), refusal: null },
        finish_reason: 'tool_calls',
      },
    ],
    usage: { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 },
    system_fingerprint: 'fp_1',
  }

  it('puts a replayed stream together to the recorded reply', async () => {
    const client = clientOf(eventStreamText(recordedReply(whole), FRESH, true), 'text/event-stream')
    const stream = client.chat.completions.stream({ ...request, stream_options: { include_usage: true } })
    const completion = await stream.finalChatCompletion()
    expect(completion.id).toBe(FRESH.id)
    expect(completion.created).toBe(FRESH.createdS)
    expect(completion.system_fingerprint).toBe('fp_1')
    expect(completion.usage).toEqual(whole.usage)
    const [got] = completion.choices
    const [expected] = whole.choices
    expect(got?.finish_reason).toBe('tool_calls')
    expect(got?.message.content).toBe(expected?.message.content)
    expect(got?.message.tool_calls).toMatchObject(expected?.message.tool_calls ?? [])
    expect(got?.logprobs).toEqual(expected?.logprobs)
  })

  it('reads a replayed whole', async () => {
    const client = clientOf(wholeText(recordedReply(whole), FRESH), 'application/json')
    expect(await client.chat.completions.create(request)).toMatchObject({ id: FRESH.id, ...whole })
  })

  it('reads completions and embeddings', async () => {
    const body = {
      object: 'text_completion',
      model: 'm',
      choices: [{ index: 0, text: 'ab', logprobs: null, finish_reason: 'stop' }],
    }
    const texts: string[] = []
    const client = clientOf(eventStreamText(recordedReply(body, 'completions'), FRESH, false), 'text/event-stream')
    for await (const part of await client.completions.create({ model: 'm', prompt: 'x', stream: true }))
      texts.push(part.choices[0]?.text ?? '')
    expect(texts.join('')).toBe('ab')
    const vectors = { object: 'list', model: 'm', data: [{ object: 'embedding', index: 0, embedding: [0.5] }] }
    const embeddings = clientOf(wholeText(recordedReply(vectors, 'embeddings'), FRESH), 'application/json')
    const got = await embeddings.embeddings.create({ model: 'm', input: 'x', encoding_format: 'float' })
    expect(got.data[0]?.embedding).toEqual([0.5])
  })
})
