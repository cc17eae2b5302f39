/** Clients that leave: by RST in every phase, by FIN while events flow, and by half. */
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Exchange, send } from '../support/http-client.ts'
import { type Call, type Script, ScriptedOrigin, silent } from '../support/scripted-origin.ts'
import { flow, streamOf } from '../support/scripts.ts'
import { eventually } from '../support/sluice.ts'
import { chat, DONE, finish, role, said, text, usage, whole } from '../support/wire.ts'
import { type Cases, patientSluice } from './patient.ts'

/** A reset client cancels the upstream within this time. */
const CANCEL_MS = 2000

interface Phase {
  readonly name: string
  readonly stream: boolean
  readonly script: Script
  /** Resolves when the phase is reached. */
  readonly reached: (exchange: Exchange, call: Call) => Promise<unknown>
  readonly attempts?: number
  /** True where something of the answer had gone out. */
  readonly begun?: boolean
}

const firstBytes = (exchange: Exchange): Promise<unknown> => exchange.until('"content"')
/** The upstream's bytes are out; two round trips of other connections later the gateway has them. */
const arrived = async (): Promise<void> => {
  for (let trip = 0; trip < 2; trip += 1) await send(`${cases.sluice.url}/health`)
}

const phases: readonly Phase[] = [
  { name: 'whole-waiting-for-headers', stream: false, script: silent, reached: arrived },
  {
    name: 'whole-mid-body',
    stream: false,
    script: async (call) => {
      await call.head(200, { 'content-type': 'application/json', 'content-length': '400' })
      await call.write('{"id":')
    },
    reached: arrived,
  },
  { name: 'stream-waiting-for-headers', stream: true, script: silent, reached: arrived },
  { name: 'stream-headers-only', stream: true, script: streamOf(), reached: arrived },
  { name: 'stream-before-first-token', stream: true, script: streamOf(role()), reached: arrived },
  {
    name: 'stream-silent-after-content',
    stream: true,
    script: streamOf(role(), text('a')),
    reached: firstBytes,
    begun: true,
  },
  { name: 'stream-flowing', stream: true, script: flow, reached: firstBytes, begun: true },
  {
    name: 'stream-mid-event',
    stream: true,
    script: streamOf(role() + text('a') + text('b').slice(0, 25)),
    reached: firstBytes,
    begun: true,
  },
  {
    name: 'stream-second-attempt',
    stream: true,
    script: (call) => (call.index === 0 ? call.reply(500, '{}') : silent(call)),
    reached: async (_exchange, call) => eventually('the second call', 5000, async () => again(call)),
    attempts: 2,
  },
]

const again = (call: Call): Call | undefined => origin.calls(call.path.split('/')[1] ?? '')[1]
const others = ['fin-flowing', 'half-stream', 'half-whole', 'after-reset', 'while-sending']

let origin: ScriptedOrigin
let cases: Cases

beforeAll(async () => {
  origin = await ScriptedOrigin.start()
  for (const { name, script } of phases) origin.on(name, script)
  cases = await patientSluice(origin, [...phases.map(({ name }) => name), ...others])
})

afterAll(async () => {
  await cases?.sluice.stop()
  await origin?.close()
})

describe.concurrent('a client that resets its connection', () => {
  test.each(phases)('$name', async ({ name, stream, reached, attempts = 1, begun = false }) => {
    const arriving = origin.next(name)
    const exchange = cases.begin(name, stream)
    const call = await arriving
    await reached(exchange, call)
    const leftAtMs = Date.now()
    await exchange.reset()
    const upstream = attempts > 1 ? (again(call) ?? call) : call
    const ending = await upstream.ended
    expect(ending.answered).toBe(false)
    expect(ending.atMs - leftAtMs).toBeLessThan(CANCEL_MS)
    const row = await cases.onlyRow(name)
    expect(row).toMatchObject({ outcome: 'cancelled', attempts })
    // What was used is metered, though no provider said how much.
    if (begun) expect(row.usage).toMatchObject({ source: 'estimated', outputTokens: expect.any(Number) })
    // Nobody calls on behalf of a client who has left.
    expect(origin.calls(name)).toHaveLength(attempts)
  })
})

describe.concurrent('a client that closes politely', () => {
  test('is noticed at the next event', async () => {
    origin.on('fin-flowing', flow)
    const arriving = origin.next('fin-flowing')
    const exchange = cases.begin('fin-flowing', true)
    const call = await arriving
    await exchange.until('"content"')
    const leftAtMs = Date.now()
    await exchange.close()
    const ending = await call.ended
    expect(ending.answered).toBe(false)
    expect(ending.atMs - leftAtMs).toBeLessThan(CANCEL_MS)
    expect(await cases.onlyRow('fin-flowing')).toMatchObject({ outcome: 'cancelled' })
  })

  test.each([
    { name: 'half-stream', stream: true },
    { name: 'half-whole', stream: false },
  ])('by half is served to the end: $name', async ({ name, stream }) => {
    const { promise: closed, resolve: afterClose } = Promise.withResolvers<void>()
    origin.on(name, async (call) => {
      if (stream) await streamOf(role(), text('one '))(call)
      await closed
      if (!stream) return await call.reply(200, whole('one two'))
      await call.write(text('two'))
      await call.end(finish() + usage() + DONE)
    })
    const arriving = origin.next(name)
    const exchange = cases.begin(name, stream)
    await arriving
    if (stream) await exchange.until('one ')
    await exchange.halfClose()
    // The kernel must have said goodbye before the upstream goes on: one round trip of another connection is enough.
    await cases.sluice.admin('GET', '/admin/config')
    afterClose()
    const reply = await exchange.reply
    expect(reply.complete).toBe(true)
    expect(stream ? said(reply.body) : reply.body).toContain('one two')
    expect(await cases.onlyRow(name)).toMatchObject({ outcome: 'finished', status: 200 })
  })
})

test('a gateway that many clients left still answers', async () => {
  origin.on('after-reset', (call) => call.reply(200, whole('well')))
  const replies = await Promise.all(Array.from({ length: 20 }, () => cases.begin('after-reset', false).reply))
  expect(replies.map(({ status }) => status)).toEqual(replies.map(() => 200))
})

test('what a client held who left while sending is given back, and its row is made', async () => {
  const { key } = cases.sluice.keyOf('while-sending')
  const [bytes, senders] = [10_000_000, 3]
  origin.on('while-sending', (call) => call.reply(200, whole('well')))
  const sockets = Array.from({ length: senders }, () => {
    const socket = connect(cases.sluice.port, '127.0.0.1').on('error', () => {})
    const head = `authorization: Bearer ${key}\r\ncontent-type: application/json\r\ncontent-length: ${bytes}`
    socket.write(`POST /v1/chat/completions HTTP/1.1\r\nhost: sluice\r\n${head}\r\n\r\n{`)
    return socket
  })
  await arrived()
  for (const socket of sockets) socket.resetAndDestroy()
  await eventually('all rows', CANCEL_MS, async () => {
    const rows = await cases.sluice.rows('while-sending')
    return rows.length === senders && rows.every(({ outcome }) => outcome === 'cancelled') ? true : undefined
  })
  const large = { ...chat('while-sending', false), pad: 'x'.repeat(bytes) }
  expect((await cases.sluice.post(key, '/v1/chat/completions', large)).status).toBe(200)
})
