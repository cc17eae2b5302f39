/** Workers on their sockets: who is there, what runs on them, and how they are lost. */
import { expect, it } from 'vitest'
import { DISPLAY_NAME_CHARS_MAX } from '../../src/core/limits.ts'
import { POOL_HEADER } from '../../src/core/pool/line-limits.ts'
import {
  CLOSE_FAULT,
  CLOSE_NO_HELLO,
  CLOSE_REPLACED,
  CLOSE_REVOKED,
  CLOSE_SILENT,
} from '../../src/core/pool/worker-limits.ts'
import { HELLO, withWorkers } from '../support/pool-workers.ts'

const REPLICA = 'worker-AbCdEf12-instance01'
const ask = () => new Request('https://pool/chat/completions', { method: 'POST', body: '{}' })

it('are replicas as soon as they have said who they are', () =>
  withWorkers(async ({ workers, dial, changes }) => {
    const dialled = dial()
    expect(workers.replicas()).toEqual([])
    dialled.say({ kind: 'hello', stream: 0, value: { ...HELLO, kvTokens: 9 } })
    expect(await dialled.next()).toMatchObject({ kind: 'welcome', value: { worker: 'AbCdEf12-instance01' } })
    expect(changes()).toBe(1)
    expect(workers.replicas()).toEqual([
      { id: REPLICA, state: 'active', maxRequests: 4, models: ['m'], prefillTokensPerSecond: undefined, kvTokens: 9 },
    ])
    expect(workers.view()).toMatchObject([{ replica: REPLICA, tokenId: 'AbCdEf12', name: 'rack 3', requests: 0 }])
  }))

it('need a WebSocket, and are let in up to a bound that silent ones do not use up', () =>
  withWorkers(
    async ({ workers, dial, state }) => {
      expect(workers.accept(new Request('https://pool/worker'), NAMED).status).toBe(426)
      const first = dial()
      for (let count = 1; count < 256; count += 1) dial()
      expect(state.getWebSockets()).toHaveLength(256)
      dial()
      expect(await first.closed).toMatchObject({ code: CLOSE_NO_HELLO })
    },
    { pingMs: 1000, pingsMax: 4, helloMs: 0 },
  ))

it('answer a request, piece by piece and at the reader’s pace', () =>
  withWorkers(async ({ workers, join }) => {
    const worker = await join()
    const answered = workers.serve(REPLICA, ask())
    const asked = await worker.next()
    expect(asked).toMatchObject({ kind: 'request', value: { method: 'POST', path: '/chat/completions' } })
    expect(await worker.next()).toMatchObject({ kind: 'body' })
    expect(await worker.next()).toMatchObject({ kind: 'bodyEnd' })
    const { stream } = asked
    worker.say({ kind: 'head', stream, value: { status: 200, headers: { 'content-type': 'text/plain' } } })
    const reply = await answered
    expect([reply.status, reply.headers.get('content-type')]).toEqual([200, 'text/plain'])
    for (const text of ['one ', 'two']) worker.say({ kind: 'data', stream, bytes: bytesOf(text) })
    worker.say({ kind: 'end', stream })
    expect(await reply.text()).toBe('one two')
    expect(workers.view()).toMatchObject([{ requests: 0 }])
  }))

it('are lost with their socket: what has not begun goes elsewhere, what has breaks', () =>
  withWorkers(async ({ workers, join, changes }) => {
    const worker = await join()
    const [first, second] = [workers.serve(REPLICA, ask()), workers.serve(REPLICA, ask())]
    const { stream } = await worker.next()
    worker.say({ kind: 'head', stream, value: { status: 200, headers: {} } })
    const begun = await first
    worker.socket.close(1000, 'killed')
    const lost = await second
    expect([lost.status, lost.headers.get(POOL_HEADER)]).toEqual([503, 'lost'])
    await expect(begun.text()).rejects.toThrow()
    expect(workers.replicas()).toEqual([])
    expect(changes()).toBe(2)
    const gone = await workers.serve(REPLICA, ask())
    expect(gone.headers.get(POOL_HEADER)).toBe('lost')
  }))

it('are lost when they fall silent with requests, and not while they answer pings', () =>
  withWorkers(
    async ({ workers, join }) => {
      const [silent, alive] = [await join(), await join({ instance: 'instance02' })]
      const living = 'worker-AbCdEf12-instance02'
      // Its own end hears pings beneath `next`, and answers those of one worker only.
      alive.socket.addEventListener('message', () => alive.say({ kind: 'pong', stream: 0 }))
      const [lost, kept] = [workers.serve(REPLICA, ask()), workers.serve(living, ask())]
      expect((await lost).headers.get(POOL_HEADER)).toBe('lost')
      expect(await silent.closed).toMatchObject({ code: CLOSE_SILENT })
      const { stream } = await alive.next()
      alive.say({ kind: 'head', stream, value: { status: 204, headers: {} } })
      expect((await kept).status).toBe(204)
      alive.say({ kind: 'end', stream })
    },
    { pingMs: 25, pingsMax: 20, helloMs: 1000 },
  ))

it('drain: they stay until they leave, and take nothing new', () =>
  withWorkers(async ({ workers, join }) => {
    const worker = await join()
    const answered = workers.serve(REPLICA, ask())
    const { stream } = await worker.next()
    worker.say({ kind: 'drain', stream: 0 })
    worker.say({ kind: 'head', stream, value: { status: 200, headers: {} } })
    expect((await answered).status).toBe(200)
    expect(workers.replicas()).toMatchObject([{ id: REPLICA, state: 'draining' }])
    worker.say({ kind: 'end', stream })
  }))

it('come again under their name, and take the place of a connection that nobody knew was gone', () =>
  withWorkers(async ({ workers, join }) => {
    const before = await join()
    const lost = workers.serve(REPLICA, ask())
    await join()
    expect(await before.closed).toMatchObject({ code: CLOSE_REPLACED })
    expect((await lost).headers.get(POOL_HEADER)).toBe('lost')
    expect(workers.replicas()).toHaveLength(1)
  }))

it('cannot take the name of one with another token', () =>
  withWorkers(async ({ workers, join }) => {
    await join()
    await join({}, { tokenId: 'ZyXwVu98' })
    expect(workers.replicas().map(({ id }) => id)).toEqual([REPLICA, 'worker-ZyXwVu98-instance01'])
  }))

it('go with their token, at once', () =>
  withWorkers(async ({ workers, join }) => {
    const [revoked, other] = [await join(), await join({}, { tokenId: 'ZyXwVu98' })]
    const lost = workers.serve(REPLICA, ask())
    workers.revoke('AbCdEf12')
    expect(await revoked.closed).toMatchObject({ code: CLOSE_REVOKED })
    expect((await lost).headers.get(POOL_HEADER)).toBe('lost')
    expect(workers.replicas()).toHaveLength(1)
    expect(other.socket.readyState).toBe(WebSocket.OPEN)
  }))

it('get nothing more when their token has expired', () =>
  withWorkers(async ({ workers, join }) => {
    const worker = await join({}, { expiresAtMs: Date.now() - 1 })
    expect((await workers.serve(REPLICA, ask())).headers.get(POOL_HEADER)).toBe('lost')
    expect(await worker.closed).toMatchObject({ code: CLOSE_REVOKED })
  }))

it('are known to an object that wakes, and told to give up what it no longer knows', () =>
  withWorkers(async ({ workers, join, wake }) => {
    const worker = await join()
    void workers.serve(REPLICA, ask()).catch(() => {})
    const { stream } = await worker.next()
    await worker.next()
    await worker.next()
    const woken = wake()
    expect(woken.replicas()).toMatchObject([{ id: REPLICA, state: 'active', models: ['m'] }])
    expect(await worker.next()).toMatchObject({ kind: 'reset' })
    worker.say({ kind: 'head', stream, value: { status: 200, headers: {} } })
    expect(await worker.next()).toEqual({ kind: 'cancel', stream })
    const answered = woken.serve(REPLICA, ask())
    const again = await worker.next()
    expect(again.stream).not.toBe(stream)
    worker.say({ kind: 'head', stream: again.stream, value: { status: 200, headers: {} } })
    expect((await answered).status).toBe(200)
  }))

it.each([
  ['text', (socket: WebSocket) => socket.send('hello')],
  ['noise', (socket: WebSocket) => socket.send(new Uint8Array([99, 0, 0, 0, 1]))],
  ['a frame of the pool’s own', (socket: WebSocket) => socket.send(new Uint8Array([20, 0, 0, 0, 1]))],
])('are cut off for %s, with a reason', (_, say) =>
  withWorkers(async ({ workers, join }) => {
    const worker = await join()
    say(worker.socket)
    const { code, reason } = await worker.closed
    expect([code, reason.length > 0]).toEqual([CLOSE_FAULT, true])
    expect(workers.replicas()).toEqual([])
  }),
)

it('are cut off when they begin with anything but a hello, or speak another protocol', () =>
  withWorkers(async ({ dial }) => {
    const [early, old] = [dial(), dial()]
    early.say({ kind: 'drain', stream: 0 })
    expect(await early.closed).toMatchObject({ code: CLOSE_FAULT, reason: 'hello comes first' })
    old.say({ kind: 'hello', stream: 0, value: { ...HELLO, protocol: 2 } })
    expect(await old.closed).toMatchObject({ code: CLOSE_FAULT, reason: 'protocol 1 is spoken here' })
  }))

it('keep the longest hello there is in their attachment', () =>
  withWorkers(async ({ workers, join, wake }) => {
    const models = Array.from({ length: 32 }, (_, index) => `${index}`.padStart(32, 'm'))
    const name = '界'.repeat(DISPLAY_NAME_CHARS_MAX)
    await join({ models, instance: 'i'.repeat(32), kvTokens: 2 ** 50, prefillTokensPerSecond: 2 ** 50 }, { name })
    expect(workers.replicas()[0]?.models).toEqual(models)
    expect(wake().replicas()[0]?.models).toEqual(models)
  }))

const NAMED = { tokenId: 'AbCdEf12', name: 'rack 3', expiresAtMs: null }
const bytesOf = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(Buffer.from(text))
