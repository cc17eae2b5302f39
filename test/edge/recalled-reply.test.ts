/** A recalled answer in both forms, each time with an id and a time of its own. */
import { expect, it } from 'vitest'
import { prepare } from '../../src/core/recall/replay.ts'
import { streamOf, wholeOf } from '../../src/edge/recalled-reply.ts'
import type { Skin } from '../../src/edge/skin.ts'
import { SKINS } from '../../src/edge/skins.ts'
import { replyOf } from '../support/recalling.ts'

const HEADING = { id: 'abc123', model: 'alias', createdS: 1_700_000_000 }
const skinAt = (path: string): Skin => SKINS[path] as Skin
const CHAT = skinAt('/v1/chat/completions')
const hitOf = (more: Parameters<typeof replyOf>[1] = {}) => {
  const reply = replyOf('hello', more)
  return { as: 'hit', reply, prepared: prepare(reply), ageS: 3, similarity: null } as const
}

it('is JSON with the id and time of its heading, and the prefix of its kind', () => {
  const chat = JSON.parse(wholeOf(hitOf(), CHAT, HEADING, {}))
  expect(chat).toMatchObject({
    id: 'chatcmpl-abc123',
    created: 1_700_000_000,
    choices: [{ message: { content: 'hello' } }],
  })
  const body = '{"object":"text_completion","choices":[{"index":0,"text":"hello","finish_reason":"stop"}]}'
  const hit = hitOf({ operation: 'completions', body })
  expect(JSON.parse(wholeOf(hit, skinAt('/v1/completions'), HEADING, {})).id).toBe('cmpl-abc123')
})

it('is a stream that ends, with usage where it was asked for', () => {
  const stream = streamOf(hitOf(), CHAT, HEADING, {}, false)
  expect(stream).toMatch(/^data: \{"id":"chatcmpl-abc123","created":1700000000,/)
  expect(stream.endsWith('data: [DONE]\n\n')).toBe(true)
  expect(stream).not.toContain('"choices":[]')
  expect(streamOf(hitOf(), CHAT, HEADING, {}, true)).toContain('"choices":[]')
})

it.each([
  ['/v1/messages', 'msg_abc123', 'message_stop'],
  ['/v1/responses', 'resp_abc123', 'response.completed'],
])('is replayed in the form of %s from the same record', (path, id, last) => {
  const asked = { model: 'alias' }
  const whole = wholeOf(hitOf(), skinAt(path), HEADING, asked)
  expect(JSON.parse(whole)).toMatchObject({ id, model: 'alias' })
  expect(whole).toContain('"hello"')
  const stream = streamOf(hitOf(), skinAt(path), HEADING, asked, true)
  expect(stream).toContain('hello')
  expect(stream.trimEnd().split('\n\n').at(-1)).toContain(`event: ${last}\n`)
})
