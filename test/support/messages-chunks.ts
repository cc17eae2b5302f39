/** Canonical chunks, and what the Messages skin writes for them. */
import { Assembly } from '../../src/core/recall/assembly.ts'
import { MessagesEncoder } from '../../src/edge/messages/encode-events.ts'
import { messageOf } from '../../src/edge/messages/encode-whole.ts'
import { accumulated, eventsOf, type Json } from './messages-events.ts'

export const HEADING = { id: '0a1b', model: 'alias', createdS: 1 }
export const chunk = (delta: Json, more: Json = {}, top: Json = {}): Json => ({
  id: 'chatcmpl-1',
  object: 'chat.completion.chunk',
  model: 'm',
  choices: [{ index: 0, delta, finish_reason: null, ...more }],
  ...top,
})
export const end = (finish_reason: string, more: Json = {}, top: Json = {}) =>
  chunk({}, { finish_reason, ...more }, top)
export const used = (prompt_tokens: number, completion_tokens: number): Json => ({
  choices: [],
  usage: { prompt_tokens, completion_tokens },
})
export const piece = (index: unknown, args: string, more: Json = {}): Json =>
  chunk({ tool_calls: [{ index, ...more, function: { arguments: args } }] })
export const begin = (index: unknown, id: string, name = 't', args = '', more: Json = {}): Json =>
  chunk({ tool_calls: [{ index, id, type: 'function', function: { name, arguments: args }, ...more }] })
export const thought = (signature: string) => ({ extra_content: { google: { thought_signature: signature } } })

/** Everything that is written for these chunks. */
export function written(chunks: readonly Json[]): string {
  const encoder = new MessagesEncoder(HEADING)
  return chunks.map((one) => encoder.chunk(one)).join('') + encoder.end()
}
export const messageFrom = (chunks: readonly Json[]): Json => accumulated(eventsOf(written(chunks)))
export const contentFrom = (...chunks: Json[]) => messageFrom(chunks).content as Json[]
export const typesOf = (text: string) => eventsOf(text).map(({ type }) => type)

/** The same through the whole reply. */
export function wholeFrom(chunks: readonly Json[]): Json {
  const assembly = new Assembly()
  for (const one of chunks) assembly.add(JSON.parse(JSON.stringify(one)) as Json)
  return JSON.parse(JSON.stringify(messageOf(assembly.whole(null), HEADING))) as Json
}
