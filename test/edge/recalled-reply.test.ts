/** A recalled answer in both forms, each time with an id and a time of its own. */
import { expect, it } from 'vitest'
import { prepare } from '../../src/core/recall/replay.ts'
import { streamOf, wholeOf } from '../../src/edge/recalled-reply.ts'
import { manualClock } from '../support/manual-clock.ts'
import { replyOf } from '../support/recalling.ts'

const clock = manualClock(1_700_000_000_500)
const hitOf = (more: Parameters<typeof replyOf>[1] = {}) => {
  const reply = replyOf('hello', more)
  return { as: 'hit', reply, prepared: prepare(reply), ageS: 3, similarity: null } as const
}

it('is JSON whose id and time are fresh, with the prefix of its kind', () => {
  const chat = JSON.parse(wholeOf(hitOf(), clock))
  expect(chat).toMatchObject({ created: 1_700_000_000, choices: [{ message: { content: 'hello' } }] })
  expect(chat.id).toMatch(/^chatcmpl-[0-9a-f]{32}$/)
  expect(JSON.parse(wholeOf(hitOf(), clock)).id).not.toBe(chat.id)
  const body = '{"object":"text_completion","choices":[{"index":0,"text":"hello","finish_reason":"stop"}]}'
  expect(JSON.parse(wholeOf(hitOf({ operation: 'completions', body }), clock)).id).toMatch(/^cmpl-[0-9a-f]{32}$/)
})

it('is a stream that ends, with usage where it was asked for', () => {
  const stream = streamOf(hitOf(), clock, false)
  expect(stream).toMatch(/^data: \{"id":"chatcmpl-[0-9a-f]{32}","created":1700000000,/)
  expect(stream.endsWith('data: [DONE]\n\n')).toBe(true)
  expect(stream).not.toContain('"choices":[]')
  expect(streamOf(hitOf(), clock, true)).toContain('"choices":[]')
})
