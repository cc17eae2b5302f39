/** A native Response that became a chat completion and a Response again: what it says is the same. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ResponseEventsToChat, responseToChat } from '../../../src/core/responses/reply-to-chat.ts'
import { ResponsesEncoder } from '../../../src/edge/responses/encode-events.ts'
import { wholeResponse } from '../../../src/edge/responses/response-object.ts'
import { chunkOf, readEvents } from '../../support/responses-answers.ts'
import { eventsOf } from '../../support/responses-stream.ts'

type Json = Record<string, unknown>

const heading = { id: 'abc', model: 'alias', createdS: 1700000000 }
const request: Json = { model: 'alias', input: 'Hello' }

function encoded(chunks: readonly Json[], asked: Json = request): string {
  const encoder = new ResponsesEncoder(heading, asked)
  return chunks.map((chunk) => encoder.chunk(chunk)).join('') + encoder.end()
}

describe('an answer that was a Response before', () => {
  const native = fc
    .record({ text: fc.string({ minLength: 1 }), calls: fc.array(fc.string(), { maxLength: 2 }), thought: fc.string() })
    .map(
      ({ text, calls, thought }): Json => ({
        object: 'response',
        status: 'completed',
        model: 'gpt',
        output: [
          ...(thought === ''
            ? []
            : [
                {
                  type: 'reasoning',
                  id: 'rs_1',
                  summary: [{ type: 'summary_text', text: thought }],
                  encrypted_content: 'gAAA',
                },
              ]),
          {
            type: 'message',
            id: 'msg_1',
            role: 'assistant',
            content: [{ type: 'output_text', text, annotations: [], logprobs: [] }],
          },
          ...calls.map((args, index) => ({
            type: 'function_call',
            id: `fc_${index}`,
            call_id: `c${index}`,
            name: 'f',
            arguments: args,
          })),
        ],
        usage: {
          input_tokens: 5,
          input_tokens_details: { cached_tokens: 2, cache_write_tokens: 0 },
          output_tokens: 3,
          output_tokens_details: { reasoning_tokens: 1 },
          total_tokens: 8,
        },
      }),
    )
  /** Text, calls and usage: what does not hang on who wrote the Response. */
  const substance = ({ output, usage }: Json) => ({
    usage,
    items: (output as Json[]).map((item) => [
      item.type,
      item.call_id,
      item.name,
      item.arguments,
      [...((item.content ?? []) as Json[]), ...((item.summary ?? []) as Json[])].map(({ text }) => text),
    ]),
  })

  it('has the same text, calls and usage after it was a chat completion, whole and streamed', () => {
    fc.assert(
      fc.property(native, (response) => {
        const completion = responseToChat(response) as Json
        expect(substance(wholeResponse(completion, request, heading))).toEqual(substance(response))
        const reader = new ResponseEventsToChat()
        const sse = encoded(eventsOf(response).flatMap((event) => [...(reader.push(event) ?? [])]))
        expect(substance(readEvents(sse).at(-1)?.response as Json)).toEqual(substance(response))
        // Where it was asked for, what was a summary is one again.
        const summaries = ({ output }: Json) => (output as Json[]).flatMap(({ summary }) => summary ?? [])
        const asking = { ...request, reasoning: { summary: 'auto' } }
        expect(summaries(wholeResponse(completion, asking, heading))).toEqual(summaries(response))
      }),
    )
  })

  it("gives OpenAI's own reasoning back to who asked for it, under its own id", () => {
    const detail = { type: 'reasoning.encrypted', format: 'openai-responses', id: 'rs_1', data: 'gAAA' }
    const message = { content: 'x', reasoning_content: 'Hm', reasoning_details: [detail] }
    const asking = { ...request, include: ['reasoning.encrypted_content'] }
    const whole = (asked: Json) =>
      wholeResponse({ choices: [{ message, finish_reason: 'stop' }] }, asked, heading).output as Json[]
    expect(whole(asking)[0]).toMatchObject({ id: 'rs_1', encrypted_content: 'gAAA', content: [{ text: 'Hm' }] })
    expect(whole(request)[0]).toMatchObject({ id: 'rs_abc_0', encrypted_content: expect.stringMatching(/^sluice:/) })
    // Behind other output it would stand for nothing.
    const late = readEvents(encoded([chunkOf({ content: 'x' }), chunkOf({ reasoning_details: [detail] })], asking))
    expect(late.at(-1)).toHaveProperty('response.output.length', 1)
  })
})
