/** Replies in a caller's own protocol as they are kept: canonical, whichever they came in. */
import { expect, it } from 'vitest'
import { StreamRecorder } from '../../../src/core/recall/assemble.ts'
import { canonicalWhole, chunkReader } from '../../../src/core/recall/native.ts'

const UTF8 = new TextEncoder()
const event = (value: { type: string; [field: string]: unknown }): string =>
  `event: ${value.type}\ndata: ${JSON.stringify(value)}\n\n`
const usage = { input_tokens: 11, output_tokens: 7 }
const message = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'claude-x',
  content: [{ type: 'text', text: 'Hello there.' }],
  stop_reason: 'end_turn',
  stop_sequence: null,
  usage,
}
const messageEvents = [
  {
    type: 'message_start',
    message: { ...message, content: [], stop_reason: null, usage: { ...usage, output_tokens: 1 } },
  },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  { type: 'ping' },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hello ' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'there.' } },
  { type: 'content_block_stop', index: 0 },
  { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 7 } },
  { type: 'message_stop' },
]
const kept = {
  choices: [{ finish_reason: 'stop', message: { role: 'assistant', content: 'Hello there.' } }],
  usage: { prompt_tokens: 11, completion_tokens: 7 },
}

const recorded = (events: readonly { type: string }[]): unknown => {
  const recorder = new StreamRecorder(chunkReader('messages'))
  const bytes = UTF8.encode(events.map(event).join(''))
  // By tens, so that events are cut anywhere.
  for (let at = 0; at < bytes.length; at += 10) recorder.push(bytes.subarray(at, at + 10))
  return JSON.parse(recorder.finish() ?? 'null')
}

it('keeps a whole message and a streamed one alike', () => {
  expect(JSON.parse(canonicalWhole('messages', JSON.stringify(message)) ?? 'null')).toMatchObject(kept)
  expect(JSON.parse(canonicalWhole('messages', UTF8.encode(JSON.stringify(message))) ?? 'null')).toMatchObject(kept)
  expect(recorded(messageEvents)).toMatchObject(kept)
})

it('keeps nothing of a stream that was cut, or of one with an error in it', () => {
  expect(recorded(messageEvents.slice(0, -1))).toBeNull()
  expect(
    recorded([...messageEvents.slice(0, 5), { type: 'error', error: { message: 'x' } } as { type: string }]),
  ).toBeNull()
})

it('keeps nothing that the canonical form has no place for', () => {
  const search = { type: 'server_tool_use', id: 's', name: 'web_search', input: {} }
  expect(canonicalWhole('messages', JSON.stringify({ ...message, content: [search] }))).toBeNull()
  expect(canonicalWhole('messages', 'not json')).toBeNull()
})

it('keeps a response', () => {
  const item = {
    type: 'message',
    role: 'assistant',
    content: [{ type: 'output_text', text: 'Hello there.', annotations: [] }],
  }
  const response = { object: 'response', status: 'completed', model: 'gpt-x', output: [item], usage }
  expect(JSON.parse(canonicalWhole('responses', JSON.stringify(response)) ?? 'null')).toMatchObject(kept)
})

it('needs no reader for the canonical form', () => {
  expect(chunkReader('openai')).toBeNull()
})
