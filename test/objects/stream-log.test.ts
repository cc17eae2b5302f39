/** A stream's log over a real object's database: filled once, read again from memory and from what is kept. */
import { env, runInDurableObject } from 'cloudflare:test'
import { expect, it } from 'vitest'
import { STREAM_BYTES_MAX, STREAM_SEGMENT_BYTES_MAX } from '../../src/core/streams/limits.ts'
import { joined } from '../../src/lib/pieces.ts'
import { migrate } from '../../src/objects/sql.ts'
import { StreamLog } from '../../src/objects/stream-log.ts'
import { STREAM_SCHEMA, StreamRows } from '../../src/objects/stream-rows.ts'
import { aboutOf, sealer } from '../support/streams.ts'

let count = 0
const ALIVE = new AbortController().signal

function withRows(use: (rows: StreamRows) => Promise<void>): Promise<void> {
  const stub = env.TENANT.get(env.TENANT.idFromName(`stream-log-${++count}`))
  return runInDurableObject(stub, async (_, { storage }) => {
    migrate(storage, [STREAM_SCHEMA])
    const rows = new StreamRows(storage.sql)
    rows.begin(aboutOf())
    await use(rows)
  })
}

const logOf = (rows: StreamRows): StreamLog => new StreamLog(rows, aboutOf(), async () => sealer)
const eventStream = (body: BodyInit): Response =>
  new Response(body, { headers: { 'content-type': 'text/event-stream' } })
const textOf = async (log: StreamLog, from = -1): Promise<string> => {
  let text = ''
  for (let last = from; ; ) {
    const next = await log.after(last, 1000)
    if (next === null) return text
    text += new TextDecoder().decode(next.bytes)
    last = next.last
  }
}
async function bytesOf(log: StreamLog): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  for (let last = -1; ; ) {
    const next = await log.after(last, 1000)
    if (next === null) return joined(pieces)
    pieces.push(next.bytes)
    last = next.last
  }
}
/** A log of a later life of the object. */
const revived = (rows: StreamRows): StreamLog => {
  const log = logOf(rows)
  const run = rows.run()
  log.revive(run?.head ?? null, run?.lastEvent ?? null)
  return log
}

it('what came is the same in memory and in a later life, from any event on', () =>
  withRows(async (rows) => {
    const log = logOf(rows)
    const events = Array.from({ length: 50 }, (_, index) => `data: ${index} ${'é'.repeat(index)}\n\n`)
    expect(await log.fill(async () => eventStream(events.join('')), ALIVE)).toBe('finished')
    log.close()
    const whole = await textOf(log)
    expect(whole).toBe(events.map((event, index) => `id: strm_1:${index}\n${event}`).join(''))
    const later = revived(rows)
    expect(await later.head).toMatchObject({ status: 200 })
    expect(await textOf(later)).toBe(whole)
    for (const from of [0, 17, 48, 49]) expect(await textOf(later, from)).toBe(await textOf(log, from))
    expect(await later.ends()).toEqual({ first: `id: strm_1:0\n${events[0]}`, last: `id: strm_1:49\n${events[49]}` })
    expect(later.last).toBe(49)
  }))

it('what is kept is sealed in segments of a bounded size', () =>
  withRows(async (rows) => {
    const log = logOf(rows)
    const event = `data: ${'x'.repeat(STREAM_SEGMENT_BYTES_MAX / 4)}\n\n`
    await log.fill(async () => eventStream(event.repeat(10)), ALIVE)
    let segments = 0
    for (let after = -1; ; segments += 1) {
      const segment = rows.after(after)
      if (segment === null) break
      expect(segment.sealed.length).toBeLessThan(2 * STREAM_SEGMENT_BYTES_MAX)
      after = segment.last
    }
    expect(segments).toBeGreaterThan(2)
    expect(log.last).toBe(9)
  }))

it('a reply in one piece is kept byte for byte, whatever it is', () =>
  withRows(async (rows) => {
    const bytes = Uint8Array.from({ length: 1_000_000 }, (_, index) => (index * 7) % 256)
    const log = logOf(rows)
    await log.fill(
      async () => new Response(bytes, { headers: { 'content-type': 'audio/mpeg', 'x-request-id': 'r' } }),
      ALIVE,
    )
    log.close()
    expect(log.isWhole).toBe(true)
    expect(await bytesOf(revived(rows))).toEqual(bytes)
    expect((await log.head)?.headers).toEqual({ 'content-type': 'audio/mpeg' })
  }))

it('tells how it ended', () =>
  withRows(async (rows) => {
    const gone = new AbortController()
    const left = logOf(rows)
    expect(await left.fill(async () => new Response(null, { status: 204 }), gone.signal)).toBe('cancelled')
    const half = new ReadableStream({
      pull(controller) {
        controller.error(new Error('cut'))
      },
    })
    const broken = logOf(rows)
    expect(
      await broken.fill(async () => new Response(half, { headers: { 'content-type': 'audio/mpeg' } }), ALIVE),
    ).toBe('failed')
    for (const log of [left, broken]) {
      log.close()
      expect(await log.head).toBeNull()
    }
    const refused = async (): Promise<Response> => Response.json({}, { status: 429 })
    expect(await logOf(rows).fill(refused, ALIVE)).toBe('failed')
    expect(await logOf(rows).fill(() => Promise.reject(new Error('ours')), ALIVE)).toBe('failed')
    const leaving = new AbortController()
    const cut = new ReadableStream({
      pull(controller) {
        leaving.abort()
        controller.error(new Error('gone'))
      },
    })
    expect(await logOf(rows).fill(async () => eventStream(cut), leaving.signal)).toBe('cancelled')
  }))

it('stopped before there was a reply, it was cancelled, and has nothing to read', () =>
  withRows(async (rows) => {
    const log = new StreamLog(rows, aboutOf({ isBackground: true }), async () => sealer)
    const leaving = AbortSignal.abort()
    expect(await log.fill(async () => new Response(null, { status: 204 }), leaving)).toBe('cancelled')
    log.close()
    for (const one of [log, revived(rows)]) {
      expect(await one.head).toMatchObject({ status: 200 })
      expect([one.isWhole, one.last, await textOf(one)]).toEqual([false, null, ''])
    }
  }))

it('what is longer than it may be is stopped', () =>
  withRows(async (rows) => {
    let cancelled = false
    const piece = new TextEncoder().encode(`data: ${'x'.repeat(1024 * 1024)}\n\n`)
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(piece),
      cancel() {
        cancelled = true
      },
    })
    const log = logOf(rows)
    expect(await log.fill(async () => eventStream(endless), ALIVE)).toBe('failed')
    expect(cancelled).toBe(true)
    expect((log.last ?? 0) * piece.length).toBeLessThanOrEqual(STREAM_BYTES_MAX + piece.length)
  }))
