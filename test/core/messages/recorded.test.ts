/** Streams that vendors sent in OpenAI's protocol, as Anthropic's events: they say what the whole reply would. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { Assembly } from '../../../src/core/recall/assembly.ts'
import { usageOfOpenai } from '../../../src/core/usage.ts'
import { MessagesEncoder } from '../../../src/edge/messages/encode-events.ts'
import { messageOf } from '../../../src/edge/messages/encode-whole.ts'
import { accumulated, eventsOf, type Json } from '../../support/messages-events.ts'
import { recordedChunks } from '../../support/recordings.ts'

const HEADING = { id: 'x', model: 'alias', createdS: 1 }
const names = readdirSync(join(import.meta.dirname, '../../fixtures/streams'))
  .filter((name) => name.endsWith('.sse'))
  .map((name) => name.replace(/\.sse$/, ''))

function both(chunks: readonly Json[]): { events: Json[]; streamed: Json; whole: Json } {
  const encoder = new MessagesEncoder(HEADING)
  const events = eventsOf(chunks.map((chunk) => encoder.chunk(chunk)).join('') + encoder.end())
  const assembly = new Assembly()
  for (const chunk of chunks) assembly.add(JSON.parse(JSON.stringify(chunk)) as Json)
  const whole = JSON.parse(JSON.stringify(messageOf(assembly.whole(null), HEADING))) as Json
  return { events, streamed: accumulated(events), whole }
}

it.each(names)('%s', (name) => {
  const chunks = recordedChunks(name)
  const { events, streamed, whole } = both(chunks)
  expect(streamed).toEqual(whole)
  expect(whole.content).not.toEqual([])
  const reported = chunks.map(({ usage }) => usageOfOpenai(usage)).findLast((usage) => usage !== null)
  expect((streamed.usage as Json).output_tokens).toBe(reported?.outputTokens ?? 0)
  // One event for a chunk that says something, and a few at the ends of blocks.
  expect(events.length).toBeLessThan(chunks.length + 16)
})

it.each([
  ['alibaba-qwen3-tool-call', 'tool_use', ['tool_use']],
  ['anthropic-compatible-tool-call', 'tool_use', ['text', 'tool_use']],
  ['deepseek-tool-call', 'tool_use', ['thinking', 'tool_use']],
  ['deepseek-reasoning-length', 'max_tokens', ['thinking']],
  ['groq-tool-call', 'tool_use', ['tool_use']],
  ['moonshot-kimi-text', 'end_turn', ['thinking', 'text']],
  ['vllm-qwen3-korean-tail', 'end_turn', ['text']],
])('%s ends with %s, of %j', (name, stop, types) => {
  const { streamed } = both(recordedChunks(name))
  expect(streamed.stop_reason).toBe(stop)
  expect((streamed.content as Json[]).map(({ type }) => type)).toEqual(types)
})
