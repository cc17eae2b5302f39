/** One connection of a worker: its first words, a pool that forgets, and how both sides leave. */
import { expect, it } from 'vitest'
import { Link, type LinkParts } from '../../../scripts/worker/link.ts'
import { CLOSE_FAULT } from '../../../src/core/pool/worker-limits.ts'
import { startEngine } from '../../support/engine.ts'
import { startPoolEnd } from '../../support/pool-end.ts'

const HELLO = { protocol: 1, instance: 'instance01', models: ['m'], maxConcurrent: 4 }

async function world(more: Partial<LinkParts> = {}) {
  const end = await startPoolEnd()
  const welcomed: string[] = []
  const link = new Link({
    ...{ socketAddress: end.url.replace('http', 'ws'), token: 'slw_x', hello: HELLO, origin: 'http://127.0.0.1:9/v1' },
    ...{ counts: { served: 0, failed: 0 }, welcomed: (worker) => void welcomed.push(worker) },
    ...more,
  })
  return { link, welcomed, socket: await end.welcome() }
}
const request = { method: 'POST', path: '/x', headers: {} } as const

it('begins with the token and a hello, and is welcome', async () => {
  const { link, welcomed, socket } = await world()
  expect(socket.request.headers.authorization).toBe('Bearer slw_x')
  expect(socket.hello).toEqual({ kind: 'hello', stream: 0, value: HELLO })
  socket.say({ kind: 'ping', stream: 0 })
  expect(await socket.next()).toEqual({ kind: 'pong', stream: 0 })
  expect([link.isWelcome, welcomed]).toEqual([true, ['AbCdEf12-x']])
  link.close('done')
  expect(await socket.closed).toBe(1000)
  expect(await link.ended).toMatchObject({ wasWelcome: true, code: 1000 })
})

it('gives up what it runs when the pool has lost its memory, and works on', async () => {
  const [asked, aborted] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const engine = await startEngine((_, response) => {
    asked.resolve()
    response.on('close', aborted.resolve)
  })
  const { link, socket } = await world({ origin: `${engine.url}/v1` })
  socket.say({ kind: 'request', stream: 7, value: request })
  await asked.promise
  socket.say({ kind: 'reset', stream: 0, value: { epoch: 'epoch-02' } })
  await aborted.promise
  expect([link.running, link.isWelcome]).toEqual([0, true])
  socket.say({ kind: 'request', stream: 7, value: request })
  socket.cut()
  expect(await link.ended).toMatchObject({ wasWelcome: true, code: 1006 })
  expect(link.running).toBe(0)
})

it('drains: says so, ends what runs, and leaves', async () => {
  const engine = await startEngine((_, response) => response.end('late'))
  const { link, socket } = await world({ origin: `${engine.url}/v1` })
  socket.say({ kind: 'request', stream: 7, value: request })
  socket.say({ kind: 'ping', stream: 0 })
  while ((await socket.next()).kind !== 'pong');
  const drained = link.drain()
  const kinds: string[] = []
  while (kinds.at(-1) !== 'drain') kinds.push((await socket.next()).kind)
  socket.say({ kind: 'bodyEnd', stream: 7 })
  await drained
  expect(await socket.closed).toBe(1000)
})

it('leaves a pool that speaks nonsense, with the reason', async () => {
  const { link, socket } = await world()
  socket.say({ kind: 'request', stream: 1, value: { ...request, path: 'http://elsewhere' } })
  expect(await socket.closed).toBe(CLOSE_FAULT)
  expect(await link.ended).toMatchObject({ code: CLOSE_FAULT, reason: 'path is malformed' })
})

it('says with which code it was sent away', async () => {
  const { link, socket } = await world()
  socket.close(4001, 'revoked')
  expect(await link.ended).toEqual({ wasWelcome: true, code: 4001, reason: 'revoked' })
})
