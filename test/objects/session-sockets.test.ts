/** Sockets on a session: what was missed first, what comes after, across evictions, and never too many. */
import { env, evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { beforeEach, expect, it } from 'vitest'
import { REPLAYS_HELD_MAX } from '../../src/core/session/limits.ts'
import type { SessionObject } from '../../src/objects/session.ts'
import { POLICY, rowOf } from '../support/session.ts'

let count = 0
let stub: DurableObjectStub<SessionObject>
beforeEach(async () => {
  stub = env.SESSION.get(env.SESSION.idFromName(`sockets-${++count}`))
  await stub.create(null, null, POLICY)
})

const upgrade = (ticket: string) => stub.fetch(`https://session/${ticket}`, { headers: { upgrade: 'websocket' } })
async function connect(ticket: string) {
  const { webSocket } = await upgrade(ticket)
  if (webSocket == null) throw new Error('no socket')
  const heard: string[] = []
  webSocket.accept()
  webSocket.addEventListener('message', ({ data }) => void heard.push(String(data)))
  const until = async (count: number): Promise<string[]> => {
    while (heard.length < count)
      await new Promise((resolve) => webSocket.addEventListener('message', resolve, { once: true }))
    return heard
  }
  return { webSocket, until }
}
const typesOf = (texts: readonly string[]) =>
  texts.map((text) => (text.startsWith('{') ? (JSON.parse(text) as { id: string }).id : text))

it('are told first what was held for them, then what came meanwhile, then what comes', async () => {
  expect(await stub.hold('t', 0, ['missed 1', 'missed 2'])).toBe('held')
  await stub.append('message', rowOf('meanwhile'), POLICY)
  const { until } = await connect('t')
  await stub.append('message', rowOf('live'), POLICY)
  expect(typesOf(await until(4))).toEqual(['missed 1', 'missed 2', 'meanwhile', 'live'])
})

it('wait until whoever brings the replay has all of it', async () => {
  await stub.append('message', rowOf('a'), POLICY)
  expect(await stub.hold('t', 0, [])).toMatchObject([{ name: 'a', seq: 1 }])
  expect(await stub.hold('t', 1, ['a'])).toBe('held')
})

it('outlive the object’s sleep', async () => {
  await stub.hold('t', 0, [])
  const { until, webSocket } = await connect('t')
  await evictDurableObject(stub)
  await stub.append('message', rowOf('after'), POLICY)
  expect(typesOf(await until(1))).toEqual(['after'])
  webSocket.send('ping')
  expect((await until(2))[1]).toBe('pong')
})

it('need a ticket, which is good once', async () => {
  expect((await upgrade('none')).status).toBe(409)
  await stub.hold('t', 0, [])
  expect((await upgrade('t')).status).toBe(101)
  expect((await upgrade('t')).status).toBe(409)
})

it('are held for within bounds', async () => {
  for (let ticket = 0; ticket < REPLAYS_HELD_MAX; ticket += 1) expect(await stub.hold(`t${ticket}`, 0, [])).toBe('held')
  expect(await stub.hold('one more', 0, [])).toBe('full')
  expect(await stub.hold('too much', 0, ['x'.repeat(5_000_000)])).toBe('full')
})

it('are closed with the session', async () => {
  await stub.hold('t', 0, [])
  const { webSocket } = await connect('t')
  const closed = new Promise<CloseEvent>((resolve) => webSocket.addEventListener('close', resolve))
  await stub.delete()
  expect(await closed).toMatchObject({ code: 1000, reason: 'deleted' })
  await runInDurableObject(stub, (_, state) => expect(state.getWebSockets()).toHaveLength(0))
})
