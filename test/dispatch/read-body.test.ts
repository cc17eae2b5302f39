/** Whole replies: read at once where they are short, in parts where not, and never more than there is room for. */
import { expect, it } from 'vitest'
import { ByteBudget } from '../../src/core/byte-budget.ts'
import { UPSTREAM_REPLY_AT_ONCE_BYTES_MAX } from '../../src/core/limits.ts'
import { Deadline } from '../../src/dispatch/deadline.ts'
import { Overloaded, readBody, readText } from '../../src/dispatch/read-body.ts'
import type { ProviderReply } from '../../src/providers/types.ts'
import { manualClock } from '../support/manual-clock.ts'

const IDLE_MS = 500

function reading(roomBytes = 1000) {
  const clock = manualClock()
  const expired: string[] = []
  const deadline = new Deadline(clock, clock.now() + 10_000, IDLE_MS, (expiry) => expired.push(expiry))
  return { reading: { deadline, idleMs: IDLE_MS, hold: new ByteBudget(roomBytes).hold() }, clock, expired }
}

function replyOf(parts: readonly string[], headers: Record<string, string> = {}) {
  const seen = { atOnce: false }
  const bytes = parts.map((part) => new TextEncoder().encode(part))
  const reply: ProviderReply = {
    status: 200,
    headers: new Headers(headers),
    body: new ReadableStream({
      start(controller) {
        for (const part of bytes) controller.enqueue(part)
        controller.close()
      },
    }),
    text: async () => {
      seen.atOnce = true
      return parts.join('')
    },
    droppedParams: [],
  }
  return { reply, seen }
}

it.each([
  ['short', { 'content-length': '4' }, true],
  ['long', { 'content-length': String(UPSTREAM_REPLY_AT_ONCE_BYTES_MAX + 1) }, false],
  ['of unknown length', {}, false],
  ['compressed', { 'content-length': '4', 'content-encoding': 'gzip' }, false],
])('reads one that is %s', async (_what, headers, isAtOnce) => {
  const { reply, seen } = replyOf(['ab', 'cd'], headers as Record<string, string>)
  const body = await readBody(reading().reading, reply, 100)
  expect(typeof body === 'string' ? body : new TextDecoder().decode(body ?? undefined)).toBe('abcd')
  expect(seen.atOnce).toBe(isAtOnce)
})

it('gives up one that is too large, or for which there is no room', async () => {
  expect(await readBody(reading().reading, replyOf(['abc', 'de']).reply, 4)).toBeNull()
  expect(await readText(reading().reading, replyOf(['abc', 'de']).reply, 4)).toBe('')
  await expect(readText(reading(4).reading, replyOf(['abc', 'de']).reply, 100)).rejects.toThrow(Overloaded)
})

it('reads nothing where there is nothing', async () => {
  expect(await readText(reading().reading, { ...replyOf([]).reply, body: null }, 100)).toBe('')
  expect(await readText(reading().reading, replyOf([]).reply, 100)).toBe('')
})

it('waits for each part no longer than for one of a stream', async () => {
  const { reading: bounds, clock, expired } = reading()
  const body = new ReadableStream<Uint8Array>({ pull: () => new Promise(() => {}) })
  void readText(bounds, { ...replyOf([]).reply, body }, 100)
  await clock.advance(IDLE_MS - 1)
  expect(expired).toEqual([])
  await clock.advance(1)
  expect(expired).toEqual(['idle'])
})
