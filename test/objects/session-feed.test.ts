/** The log as a stream for each reader, at its own pace. */
import { expect, it } from 'vitest'
import { FEED_ROWS, SESSION_READERS_MAX } from '../../src/core/session/limits.ts'
import type { SessionRow } from '../../src/core/session/types.ts'
import { SessionFeed } from '../../src/objects/session-feed.ts'

function world() {
  const log: SessionRow[] = []
  const feed = new SessionFeed((seq, count) => log.filter((row) => row.seq > seq).slice(0, count))
  const add = (count = 1): void => {
    for (let at = 0; at < count; at += 1)
      log.push({ seq: log.length + 1, kind: 'turn', name: `n${log.length}`, atMs: 0, sealed: 's', tokens: 0 })
    feed.wake()
  }
  return { feed, add }
}
function reading(stream: ReadableStream<Uint8Array> | null) {
  const reader = stream?.getReader()
  return {
    /** Numbers of the rows of the next piece; null at the end. */
    async next(): Promise<number[] | null> {
      const { done, value } = (await reader?.read()) ?? { done: true, value: undefined }
      if (done || value === undefined) return null
      const lines = new TextDecoder().decode(value).trim().split('\n')
      return lines.map((line) => (JSON.parse(line) as SessionRow).seq)
    },
    leave: () => reader?.cancel(),
  }
}

it('tells what is there, and then what comes', async () => {
  const { feed, add } = world()
  add(2)
  const all = reading(feed.open(0))
  const late = reading(feed.open(1))
  expect([await all.next(), await late.next()]).toEqual([[1, 2], [2]])
  const next = Promise.all([all.next(), late.next()])
  add()
  expect(await next).toEqual([[3], [3]])
})

it('gives each reader its own pace', async () => {
  const { feed, add } = world()
  const slow = reading(feed.open(0))
  add(FEED_ROWS + 5)
  const fast = reading(feed.open(0))
  expect((await fast.next())?.length).toBe(FEED_ROWS)
  expect((await fast.next())?.length).toBe(5)
  add()
  const seen: number[] = []
  while (seen.length < FEED_ROWS + 6) seen.push(...((await slow.next()) ?? []))
  expect(seen).toEqual(Array.from({ length: FEED_ROWS + 6 }, (_, index) => index + 1))
})

it('ends when there is nothing more to come', async () => {
  const { feed, add } = world()
  add()
  const reader = reading(feed.open(1))
  const next = reader.next()
  feed.close()
  expect(await next).toBeNull()
})

it('bounds its readers, and forgets who has left', async () => {
  const { feed } = world()
  const readers = Array.from({ length: SESSION_READERS_MAX }, () => reading(feed.open(0)))
  expect(feed.open(0)).toBeNull()
  await readers[0]?.leave()
  const another = reading(feed.open(0))
  expect(feed.open(0)).toBeNull()
  for (const reader of [another, ...readers.slice(1)]) await reader.leave()
  expect(feed.open(0)).not.toBeNull()
})
