/** Anthropic's replies through the canonical form and out again, and what of them has to come back. */
import { expect } from 'vitest'
import { MessageEventsToChat } from '../../src/core/messages/reply-to-chat.ts'
import { Assembly } from '../../src/core/recall/assembly.ts'
import { MessagesEncoder } from '../../src/edge/messages/encode-events.ts'
import { messageOf } from '../../src/edge/messages/encode-whole.ts'
import { accumulated, eventsOf, type Json } from './messages-events.ts'

/** Of every reply that is written. */
export const HEADING = { id: 'x', model: 'alias', createdS: 1 }
/** As it is in JSON. */
export const plain = (value: unknown): Json => JSON.parse(JSON.stringify(value)) as Json

/** The chunks of a stream; null where it cannot be said. */
export function chunksOf(events: readonly Json[]): Json[] | null {
  const reader = new MessageEventsToChat()
  const chunks: Json[] = []
  for (const event of events) {
    const made = reader.push(event)
    if (made === null) return null
    chunks.push(...made)
  }
  return chunks
}

/** The whole reply that a stream comes to; null where it cannot be said. */
export function wholeOf(events: readonly Json[]): Json | null {
  const assembly = new Assembly()
  const chunks = chunksOf(events)
  for (const chunk of chunks ?? []) expect(assembly.add(chunk)).toBe(true)
  return chunks === null ? null : plain(assembly.whole(null))
}

/** What of a message comes back: all but what names the one reply, and counts that nobody is charged by. */
export function essence({ content, stop_reason, stop_sequence, usage }: Json): Json {
  const counts = ['input_tokens', 'cache_creation_input_tokens', 'cache_read_input_tokens', 'output_tokens']
  const { output_tokens_details: details } = usage as { output_tokens_details?: unknown }
  return {
    content: (content as Json[]).map(({ caller: _, citations: __, ...block }) => block),
    stop_reason,
    stop_sequence,
    usage: {
      ...Object.fromEntries(counts.map((name) => [name, (usage as Json)[name] ?? 0])),
      ...(details == null ? {} : { output_tokens_details: details }),
    },
  }
}

/** Through the canonical form and out again, whole and as a stream. */
export function returned(chunks: readonly Json[]): Json[] {
  const assembly = new Assembly()
  for (const chunk of chunks) assembly.add(plain(chunk))
  const encoder = new MessagesEncoder(HEADING)
  const text = chunks.map((chunk) => encoder.chunk(chunk)).join('') + encoder.end()
  return [essence(plain(messageOf(plain(assembly.whole(null)), HEADING))), essence(accumulated(eventsOf(text)))]
}

/** Of a reply that says no other. */
export const USAGE = { input_tokens: 1, output_tokens: 2 }
/** A whole message of Anthropic's. */
export const message = (content: readonly Json[], more: Json = {}): Json => ({
  ...{ id: 'msg_1', type: 'message', role: 'assistant', model: 'claude', content, container: null },
  ...{ stop_reason: 'end_turn', stop_sequence: null, stop_details: null, usage: USAGE, ...more },
})
