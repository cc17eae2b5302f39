/** Requests and answers of the benchmark fit each other. */
import { expect, it } from 'vitest'
import {
  chatReply,
  chatRequest,
  EVENT_MARK,
  readRequest,
  sentMsOf,
  stamped,
  streamEnd,
  streamEvent,
} from '../../../scripts/bench/body.ts'

it('asks for an answer as long as the prompt, and is understood', () => {
  for (const bytes of [200, 10_000]) {
    expect(readRequest(chatRequest(bytes, false))).toEqual({ bytes, stream: false, usage: false })
    expect(JSON.parse(chatRequest(bytes, true)).messages[0].content).toHaveLength(bytes)
    expect(JSON.parse(chatReply(bytes)).choices[0].message.content).toHaveLength(bytes)
  }
  expect(readRequest(chatRequest(200, true)).stream).toBe(true)
})

it('sees that usage is asked for, wherever a gateway writes it', () => {
  const asked = { ...JSON.parse(chatRequest(200, true)), stream_options: { include_usage: true } }
  expect(readRequest(JSON.stringify(asked)).usage).toBe(true)
})

it('marks every content event once, and nothing else', () => {
  const marks = (text: string): number => text.split(EVENT_MARK).length - 1
  expect(marks(streamEvent(7))).toBe(1)
  expect(marks(streamEnd(100, true))).toBe(0)
})

it('ends a stream with its usage only when that was asked for', () => {
  expect(streamEnd(100, true)).toContain('"choices":[],"usage":{"prompt_tokens":100')
  expect(streamEnd(100, false)).not.toContain('usage')
  expect(streamEnd(100, false).endsWith('data: [DONE]\n\n')).toBe(true)
})

it('stamps a request without changing it otherwise', () => {
  const request = chatRequest(200, false)
  const text = stamped(request, 1_700_000_000_123)
  expect(JSON.parse(text)).toEqual({ ...JSON.parse(request), sentMs: 1_700_000_000_123 })
  expect(sentMsOf(text)).toBe(1_700_000_000_123)
  expect(sentMsOf(request)).toBeNaN()
})
