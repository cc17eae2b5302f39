/** Readers of one stream: each gets all, in order; one that leaves, or does not read, is nobody else's matter. */
import { env, runInDurableObject } from 'cloudflare:test'
import { expect, it } from 'vitest'
import { migrate } from '../../src/objects/sql.ts'
import { StreamLog } from '../../src/objects/stream-log.ts'
import { StreamReaders } from '../../src/objects/stream-readers.ts'
import { STREAM_SCHEMA, StreamRows } from '../../src/objects/stream-rows.ts'
import { aboutOf, sealer } from '../support/streams.ts'

let count = 0
const ALIVE = new AbortController().signal

function withLog(use: (log: StreamLog) => Promise<void>): Promise<void> {
  const stub = env.TENANT.get(env.TENANT.idFromName(`stream-readers-${++count}`))
  return runInDurableObject(stub, async (_, { storage }) => {
    migrate(storage, [STREAM_SCHEMA])
    const rows = new StreamRows(storage.sql)
    rows.begin(aboutOf())
    await use(new StreamLog(rows, aboutOf(), async () => sealer))
  })
}

const silent = async (): Promise<string> => ''
const events = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, index) => `data: ${from + index}\n\n`).join('')

it('one reads from the start, one from the middle, one not at all, one leaves', () =>
  withLog(async (log) => {
    const counts: number[] = []
    const readers = new StreamReaders(log, (left) => void counts.push(left))
    const source = new IdentityTransformStream()
    const upstream = source.writable.getWriter()
    const reply = new Response(source.readable, { headers: { 'content-type': 'text/event-stream' } })
    const filled = log.fill(async () => reply, ALIVE)
    await log.head
    const serve = (after: number) => {
      const { readable, writable } = new IdentityTransformStream()
      return { readable, served: readers.serve(crypto.randomUUID(), writable, after, silent) }
    }
    const [all, middle, never, leaving] = [serve(-1), serve(9), serve(-1), serve(-1)]
    const [allText, middleText] = [new Response(all.readable).text(), new Response(middle.readable).text()]
    await upstream.write(new TextEncoder().encode(events(0, 20)))
    const reader = leaving.readable.getReader()
    expect((await reader.read()).done).toBe(false)
    await reader.cancel()
    await upstream.write(new TextEncoder().encode(events(20, 500)))
    await upstream.close()
    expect(await filled).toBe('finished')
    log.close()
    expect([...(await allText).matchAll(/^data: (\d+)$/gm)].map(([, number]) => Number(number))).toEqual(
      Array.from({ length: 500 }, (_, index) => index),
    )
    expect((await middleText).startsWith('id: strm_1:10\ndata: 10\n')).toBe(true)
    await Promise.all([all.served, middle.served, leaving.served])
    expect(readers.count).toBe(1)
    readers.close()
    await never.served
    expect([readers.count, counts]).toEqual([0, [3, 2, 1]])
  }))

it('says the last words that the stream itself could not', () =>
  withLog(async (log) => {
    await log.fill(async () => new Response(events(0, 1), { headers: { 'content-type': 'text/event-stream' } }), ALIVE)
    log.close()
    const { readable, writable } = new IdentityTransformStream()
    void new StreamReaders(log, () => {}).serve('r', writable, -1, async (last) => `event: error ${last}\n\n`)
    expect(await new Response(readable).text()).toBe('id: strm_1:0\ndata: 0\n\nevent: error 0\n\n')
  }))

it('a reply in one piece waits for all of it, and whoever waits may leave', () =>
  withLog(async (log) => {
    const counts: number[] = []
    const readers = new StreamReaders(log, (left) => void counts.push(left))
    readers.join('waits')
    readers.join('leaves')
    expect([readers.leave('leaves'), readers.leave('nobody'), counts]).toEqual([true, false, [1]])
    await log.fill(async () => Response.json({ a: 1 }), ALIVE)
    log.close()
    const { readable, writable } = new IdentityTransformStream()
    const served = readers.serve('waits', writable, -1, silent)
    expect(await new Response(readable).text()).toBe('{"a":1}')
    await served
    expect([readers.count, counts]).toEqual([0, [1, 0]])
  }))
