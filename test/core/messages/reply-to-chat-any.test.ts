/** Any reply of Anthropic's comes back as it was, whole or streamed, however its stream was cut. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { messageToChat } from '../../../src/core/messages/reply-to-chat.ts'
import { messageOf } from '../../../src/edge/messages/encode-whole.ts'
import type { Json } from '../../support/messages-events.ts'
import { chunksOf, essence, HEADING, message, plain, returned, wholeOf } from '../../support/messages-returned.ts'

describe('any message', () => {
  const words = fc.string({ unit: 'binary', minLength: 1, maxLength: 20 })
  const thinking = fc.oneof(
    fc.record({ type: fc.constant('thinking'), thinking: fc.string({ unit: 'binary' }), signature: words }),
    fc.record({ type: fc.constant('redacted_thinking'), data: words }),
  )
  const call = fc.record({
    type: fc.constant('tool_use'),
    id: fc.stringMatching(/^toolu_[0-9][a-zA-Z0-9]{1,10}$/),
    name: words,
    input: fc.dictionary(fc.string(), fc.jsonValue()).map((input) => JSON.parse(JSON.stringify(input)) as Json),
  })
  const count = fc.nat(1000)
  const any = fc
    .record({
      thinking: fc.array(thinking, { maxLength: 3 }),
      text: fc.option(words),
      calls: fc.uniqueArray(call, { maxLength: 3, selector: ({ id }) => id }),
      counts: fc.tuple(count, count, count, count),
    })
    .map(({ thinking, text, calls, counts: [input_tokens, read, written, output_tokens] }) =>
      message([...thinking, ...(text === null ? [] : [{ type: 'text', text }]), ...calls], {
        stop_reason: calls.length > 0 ? 'tool_use' : 'end_turn',
        usage: { input_tokens, cache_read_input_tokens: read, cache_creation_input_tokens: written, output_tokens },
      }),
    )

  /** The events that Anthropic would send of it, its texts cut into pieces of a size. */
  function* events({ content, stop_reason, stop_sequence, usage, ...others }: Json, size: number): Generator<Json> {
    yield {
      type: 'message_start',
      message: { ...others, content: [], usage: { ...(usage as Json), output_tokens: 1 } },
    }
    yield { type: 'ping' }
    for (const [index, block] of (content as Json[]).entries()) {
      const names = { thinking: 'thinking', text: 'text', tool_use: 'partial_json' } as Record<string, string>
      const name = names[String(block.type)]
      const empty = block.type === 'tool_use' ? { input: {} } : name === undefined ? {} : { [name]: '' }
      yield start({ ...block, ...empty, ...(block.type === 'thinking' ? { signature: '' } : {}) }, index)
      const text = block.type === 'tool_use' ? JSON.stringify(block.input) : String(block[name ?? ''] ?? '')
      const kind = block.type === 'tool_use' ? 'input_json_delta' : `${block.type}_delta`
      if (name !== undefined)
        for (const piece of piecesOf(text, size)) yield delta({ type: kind, [name]: piece }, index)
      if (block.type === 'thinking') yield delta({ type: 'signature_delta', signature: block.signature }, index)
      yield { type: 'content_block_stop', index }
    }
    yield { type: 'message_delta', delta: { stop_reason, stop_sequence }, usage }
    yield { type: 'message_stop' }
  }
  const start = (content_block: Json, index: number) => ({ type: 'content_block_start', index, content_block })
  const delta = (said: Json, index: number) => ({ type: 'content_block_delta', index, delta: said })
  const piecesOf = (text: string, size: number): string[] => {
    const points = [...text]
    return points.flatMap((_, at) => (at % size === 0 ? [points.slice(at, at + size).join('')] : []))
  }

  it('says the same whole and as a stream, and comes back as it was', () => {
    fc.assert(
      fc.property(any, fc.integer({ min: 1, max: 5 }), (value, size) => {
        const chunks = chunksOf([...events(value, size)])
        const whole = plain(messageToChat(value))
        expect(wholeOf([...events(value, size)])).toEqual(whole)
        const expected = essence(value)
        expect(essence(plain(messageOf(whole, HEADING)))).toEqual(expected)
        expect(returned(chunks ?? [])).toEqual([expected, expected])
      }),
    )
  })
})
