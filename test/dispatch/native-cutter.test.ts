/** Watching streams in a caller's own protocol: byte for byte the same, however the upstream's chunks fall. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HELD_EVENT_BYTES_MAX } from '../../src/core/limits.ts'
import { messagesWire } from '../../src/core/messages/wire.ts'
import { responsesWire } from '../../src/core/responses/wire.ts'
import { NativeCutter } from '../../src/dispatch/native-cutter.ts'

const UTF8 = new TextEncoder()
const event = (value: { type: string }, end = '\n'): string =>
  `event: ${value.type}${end}data: ${JSON.stringify(value)}${end}${end}`
const messageStart = { type: 'message_start', message: { usage: { input_tokens: 11, output_tokens: 1 } } }
const delta = (text: string) => ({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } })
const messageDelta = { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 7 } }
const MESSAGES = [
  messageStart,
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  { type: 'ping' },
  delta('Grüße, '),
  delta('日本 🦥'),
  { type: 'content_block_stop', index: 0 },
  messageDelta,
  { type: 'message_stop' },
]

const pieces = (bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] => {
  const at = [0, ...[...cuts].map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  return at.slice(1).map((end, index) => bytes.subarray(at[index], end))
}

function run(cutter: NativeCutter, chunks: readonly Uint8Array[]) {
  const out: number[] = []
  let error = false
  for (const chunk of chunks) {
    const cut = cutter.push(chunk)
    out.push(...cut.bytes)
    error ||= cut.error
    if (error) break
  }
  if (!error) out.push(...cutter.end())
  return { text: new TextDecoder().decode(Uint8Array.from(out)), error }
}

describe.each([['\n'], ['\r\n']])('events that end in %j', (end) => {
  const text = MESSAGES.map((value) => event(value, end)).join('')

  it('pass as they came, whatever the chunks, and say what was used', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 40 }), (cuts) => {
        const cutter = new NativeCutter(messagesWire)
        expect(run(cutter, pieces(UTF8.encode(text), cuts))).toEqual({ text, error: false })
        expect(cutter).toMatchObject({ done: true, committed: true, events: MESSAGES.length })
        expect(cutter.usage).toMatchObject({ inputTokens: 11, outputTokens: 7 })
      }),
    )
  })

  it('are kept from the client from an error on', () => {
    const before = MESSAGES.slice(0, 4).map((value) => event(value, end))
    const broken = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }
    const bytes = UTF8.encode([...before, event(broken, end), event(delta('more'), end)].join(''))
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 20 }), (cuts) => {
        expect(run(new NativeCutter(messagesWire), pieces(bytes, cuts))).toEqual({ text: before.join(''), error: true })
      }),
    )
  })
})

it('commits at the first content and not before', () => {
  const cutter = new NativeCutter(messagesWire)
  for (const value of MESSAGES.slice(0, 3)) cutter.push(UTF8.encode(event(value)))
  expect(cutter.committed).toBe(false)
  cutter.push(UTF8.encode(event(delta('Hi'))))
  expect(cutter.committed).toBe(true)
})

it('passes an event that is longer than what may be held in parts, and knows that it is inside it', () => {
  const long = event({ type: 'response.completed', text: 'x'.repeat(2 * HELD_EVENT_BYTES_MAX) } as { type: string })
  const whole = event({ type: 'response.created' }) + long + event({ type: 'response.in_progress' })
  const bytes = UTF8.encode(whole)
  const cutter = new NativeCutter(responsesWire)
  const out: string[] = []
  let wasInside = false
  for (let at = 0; at < bytes.length; at += 4096) {
    out.push(new TextDecoder().decode(cutter.push(bytes.subarray(at, at + 4096)).bytes))
    wasInside ||= cutter.isInsideEvent
  }
  expect(out.join('')).toBe(whole)
  expect(wasInside).toBe(true)
  expect(cutter.isInsideEvent).toBe(false)
})

it('reads the end of a Responses stream with its usage', () => {
  const cutter = new NativeCutter(responsesWire)
  const usage = { input_tokens: 20, input_tokens_details: { cached_tokens: 5 }, output_tokens: 9 }
  cutter.push(UTF8.encode(event({ type: 'response.output_text.delta', delta: 'Hi' } as { type: string })))
  cutter.push(UTF8.encode(event({ type: 'response.completed', response: { usage } } as { type: string })))
  expect(cutter.done).toBe(true)
  expect(cutter.usage).toMatchObject({ inputTokens: 15, cachedInputTokens: 5, outputTokens: 9 })
})

it('drops what ends without its blank line, for it was cut', () => {
  const cutter = new NativeCutter(messagesWire)
  cutter.push(UTF8.encode('event: content_block_delta\ndata: {"type":"content_bl'))
  expect(cutter.end()).toEqual(new Uint8Array(0))
  expect(cutter.done).toBe(false)
})
