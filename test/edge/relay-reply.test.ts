/** A reply that is passed on: its bytes and what is said of them, and how it ends when it does not. */
import { expect, it } from 'vitest'
import type { PassedContent } from '../../src/dispatch/attempt.ts'
import type { Ended, LiveStream } from '../../src/dispatch/live-stream.ts'
import { relayReply } from '../../src/edge/relay-reply.ts'

type Piece = string | Ended

const ended = (kind: Ended['kind'], code: Ended['code'] = null): Ended => ({ kind, code, usage: null })
const FINISHED = ended('finished')
const NOTHING: PassedContent = { type: null, bytes: null, disposition: null }

function replyOf(pieces: readonly Piece[], content: PassedContent = NOTHING) {
  const left = [...pieces]
  const seen = { cancelled: false }
  const background: Promise<unknown>[] = []
  const live = {
    async next() {
      const piece = left.shift() ?? FINISHED
      return typeof piece === 'string' ? new TextEncoder().encode(piece) : piece
    },
    cancel() {
      seen.cancelled = true
    },
  } as unknown as LiveStream
  const answer = { live, upstream: { content } } as unknown as Parameters<typeof relayReply>[1]
  const reply = relayReply({ background: (work) => void background.push(work) }, answer, { 'x-request-id': 'id' })
  return { reply, seen, background }
}

it('hands on every byte, and what its provider says of them', async () => {
  const { reply, seen, background } = replyOf(['ab', 'cd'], { type: 'audio/mpeg', bytes: 4, disposition: 'inline' })
  expect(Object.fromEntries(reply.headers)).toEqual({
    'x-request-id': 'id',
    'content-type': 'audio/mpeg',
    'content-disposition': 'inline',
  })
  expect(await reply.text()).toBe('abcd')
  await Promise.all(background)
  expect(seen.cancelled).toBe(false)
})

it('takes what nothing is said of for bytes', async () => {
  const { reply } = replyOf(['ab'])
  expect(reply.headers.get('content-type')).toBe('application/octet-stream')
  expect(await reply.text()).toBe('ab')
})

it.each([
  ['bytes', NOTHING],
  ['JSON', { ...NOTHING, type: 'application/json' }],
  ['events of a known length', { ...NOTHING, type: 'text/event-stream', bytes: 100 }],
])('cuts %s that break', async (_what, content) => {
  const { reply, background } = replyOf(['ab', ended('broken', 'upstream_failed')], content)
  await expect(reply.text()).rejects.toThrow()
  await Promise.all(background)
})

it('tells in events that they broke', async () => {
  const content = { ...NOTHING, type: 'text/event-stream; charset=utf-8' }
  const { reply } = replyOf(['data: {"a', ended('broken', 'upstream_timeout')], content)
  const [first, frame] = (await reply.text()).split('\n\n')
  expect(first).toBe('data: {"a')
  expect(JSON.parse(String(frame?.slice('data: '.length)))).toMatchObject({
    error: { code: 'upstream_timeout', status: 504 },
  })
})

it('stops the upstream of a client that cannot be written to', async () => {
  const { reply, seen, background } = replyOf(['ab', 'cd', 'ef'])
  await reply.body?.cancel()
  await Promise.all(background)
  expect(seen.cancelled).toBe(true)
})
