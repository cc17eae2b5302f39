/** A recalled answer as a stream: at once, or, of who waited behind a leader, after a status that went out early. */
import { expect, it } from 'vitest'
import { DEFERRED_STATUS_MS } from '../../src/core/limits.ts'
import { prepare } from '../../src/core/recall/replay.ts'
import type { Skin } from '../../src/edge/skin.ts'
import { SKINS } from '../../src/edge/skins.ts'
import { streamReply } from '../../src/edge/stream-reply.ts'
import type { Answer } from '../../src/gateway.ts'
import { manualClock } from '../support/manual-clock.ts'
import { replyOf } from '../support/recalling.ts'
import { said } from '../support/wire.ts'

const reply = replyOf('hello')
const RECALLED: Answer = {
  kind: 'recalled',
  attempts: 0,
  target: { id: 'up/m' },
  askedAtMs: null,
  limits: null,
  queueMs: 0,
  cache: 'coalesced',
  bypass: null,
  hit: { as: 'coalesced', reply, prepared: prepare(reply), ageS: 0, similarity: null },
}

function streaming(wantsUsage = false) {
  const clock = manualClock()
  const context = {
    clock,
    background: () => {},
    alias: 'model',
    startedAtMs: clock.now(),
    headers: {},
    wantsUsage,
    debug: false as const,
    progress: { cache: 'miss' as const },
    leave: () => {},
    isOwned: false,
    skin: SKINS['/v1/chat/completions'] as Skin,
    heading: () => ({ id: 'abc123', model: 'model', createdS: 1_700_000_000 }),
    asked: {},
  }
  return { clock, send: (answer: Promise<Answer>) => streamReply(context, answer) }
}

it('goes out whole, with what is known of it in the headers', async () => {
  const response = await streaming(true).send(Promise.resolve(RECALLED))
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'content-type': 'text/event-stream; charset=utf-8',
    'x-sluice-cache': 'coalesced',
    'x-sluice-target': 'up/m',
    'x-sluice-cost-usd': '0',
    age: '0',
  })
  const body = await response.text()
  expect(said(body)).toBe('hello')
  expect(body).toContain('"choices":[]')
  expect(body.endsWith('data: [DONE]\n\n')).toBe(true)
})

it('follows a status that went out early, and says who had answered', async () => {
  const { clock, send } = streaming()
  const waited = Promise.withResolvers<Answer>()
  const sent = send(waited.promise)
  await clock.advance(DEFERRED_STATUS_MS)
  const response = await sent
  expect(response.headers.get('x-sluice-deferred')).toBe('1')
  expect(response.headers.get('x-sluice-cache')).toBe('miss')
  waited.resolve(RECALLED)
  const body = await response.text()
  expect(body.startsWith(': keep-alive\n\n: sluice target=up/m attempts=0\n\ndata: {"id":"chatcmpl-')).toBe(true)
  expect(said(body)).toBe('hello')
  expect(body.endsWith('data: [DONE]\n\n')).toBe(true)
})
