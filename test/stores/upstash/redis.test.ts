/** Calls to Upstash Redis: what goes out, when they end, and what their errors keep to themselves. */
import { inspect } from 'node:util'
import type { Redis } from '@upstash/redis'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { REDIS_CALL_MS, REDIS_REPLY_BYTES_MAX } from '../../../src/core/limits.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import { type Outgoing, outgoingThrough } from '../../../src/lib/outgoing.ts'
import { createRedis, RedisError } from '../../../src/stores/upstash/redis.ts'
import { manualClock } from '../../support/manual-clock.ts'
import { closedPort, type Script, ScriptedOrigin, silent } from '../../support/scripted-origin.ts'

/** In no error, nor in anything that hangs from one. */
const CANARY = 'canary-7f3a'
const TOKEN = `${CANARY}-token`

let origin: ScriptedOrigin
beforeAll(async () => {
  origin = await ScriptedOrigin.start()
})
afterAll(() => origin.close())

/** A client of a server that answers by the script. */
function clientOf(name: string, script: Script, clock = systemClock): Redis {
  origin.on(name, script)
  return createRedis({ url: `${origin.url(name)}/`, token: TOKEN }, { clock })
}

/** What asking fails with; it must be ours, and tell nothing. */
async function failureOf(redis: Redis): Promise<string> {
  const error: unknown = await redis.set(`${CANARY}-key`, `${CANARY}-value`).then(
    () => new Error('it answered'),
    (failure: unknown) => failure,
  )
  expect(inspect(error, { depth: 10, showHidden: true })).not.toContain(CANARY)
  return error instanceof Error ? error.message : ''
}

it('sends the command to the URL, with the token in the header and nothing of its own', async () => {
  const redis = clientOf('sends', (call) => call.reply(200, '{"result":"OK"}'))
  expect(await redis.set('key', 'value', { ex: 60 })).toBe('OK')
  const [call] = origin.calls('sends')
  expect(call).toMatchObject({ method: 'POST', path: '/sends/v1', body: '["set","key","value","ex",60]' })
  expect(call?.headers).toMatchObject({
    authorization: `Bearer ${TOKEN}`,
    'content-type': 'application/json',
    'user-agent': expect.stringMatching(/^sluice\//),
  })
  expect(Object.keys(call?.headers ?? {}).filter((name) => name.startsWith('upstash'))).toEqual([])
})

it('runs pipelines', async () => {
  const redis = clientOf('pipeline', (call) => call.reply(200, '[{"result":"OK"},{"result":"2"}]'))
  expect(await redis.pipeline().set('b', '2').get('b').exec()).toEqual(['OK', 2])
  expect(origin.calls('pipeline')[0]?.path).toBe('/pipeline/v1/pipeline')
})

it('never follows a redirect', async () => {
  clientOf('elsewhere', (call) => call.reply(200, '{"result":"OK"}'))
  for (const status of [301, 302, 307, 308]) {
    const redis = clientOf(`redirects-${status}`, (call) =>
      call.reply(status, '', { location: origin.url('elsewhere') }),
    )
    expect(await failureOf(redis)).toBe(`Redis answered ${status}`)
  }
  expect(origin.calls('elsewhere')).toHaveLength(0)
})

it.each([
  [
    400,
    `{"error":"WRONGTYPE Operation against ${CANARY}, command was: [\\"${CANARY}\\"]"}`,
    'Redis answered 400 WRONGTYPE',
  ],
  [400, `{"error":"NOSCRIPT No matching script."}`, 'Redis answered 400 NOSCRIPT'],
  [401, `{"error":"${CANARY}"}`, 'Redis answered 401 an error'],
  [200, `{"error":"ERR ${CANARY}"}`, 'Redis answered ERR'],
  [500, `<html>${CANARY}</html>`, 'Redis answered 500'],
  [200, `<html>${CANARY}</html>`, 'Redis answered 200'],
  [200, `"${CANARY}"`, 'Redis answered 200'],
  [200, '', 'Redis answered 200'],
  [200, `{"result":"${CANARY.repeat(REDIS_REPLY_BYTES_MAX / CANARY.length + 1)}"}`, 'Redis answered 200'],
])('fails on %d %j, telling no more than the code', async (status, body, message) => {
  expect(await failureOf(clientOf('fails', (call) => call.reply(status, body)))).toBe(message)
})

it('tells one failure in a pipeline by its code, too', async () => {
  const redis = clientOf('one-fails', (call) => call.reply(200, `[{"result":"OK"},{"error":"ERR ${CANARY}"}]`))
  const failure: unknown = await redis
    .pipeline()
    .set('a', '1')
    .incr('a')
    .exec()
    .catch((error: unknown) => error)
  expect(inspect(failure, { depth: 10, showHidden: true })).not.toContain(CANARY)
  expect(String(failure)).toContain('Redis answered ERR')
})

it('fails when nobody listens, or hangs up', async () => {
  const nobody = createRedis({ url: `http://127.0.0.1:${await closedPort()}`, token: TOKEN }, { clock: systemClock })
  expect(await failureOf(nobody)).toBe('Redis could not be reached')
  expect(await failureOf(clientOf('resets', (call) => call.reset()))).toBe('Redis could not be reached')
  const cut: Script = async (call) => {
    await call.head(200)
    await call.write('{"result":')
    call.reset()
  }
  expect(await failureOf(clientOf('cuts', cut))).toBe('Redis could not be reached')
})

it('tries once', async () => {
  const redis = clientOf('once', (call) => call.reply(500, '{}'))
  await failureOf(redis)
  expect(origin.calls('once')).toHaveLength(1)
})

it('hangs up on a server that stalls before its answer', async () => {
  const clock = manualClock()
  const called = origin.next('stalls')
  const failure = failureOf(clientOf('stalls', silent, clock))
  const call = await called
  await clock.advance(REDIS_CALL_MS - 1)
  expect(clock.timers).toBe(1)
  await clock.advance(1)
  expect(await failure).toBe('Redis did not answer in time')
  expect(await call.ended).toMatchObject({ answered: false })
})

it('hangs up on a server that stalls in the middle of its answer', async () => {
  const clock = manualClock()
  origin.on('stalls-later', async (call) => {
    await call.head(200)
    await call.write('{"result":')
  })
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>()
  const outgoing: Outgoing = (request) => outgoingThrough()(request).finally(begin)
  const failure = failureOf(createRedis({ url: origin.url('stalls-later'), token: TOKEN }, { clock, outgoing }))
  await begun
  await clock.advance(REDIS_CALL_MS)
  expect(await failure).toBe('Redis did not answer in time')
  expect(await origin.calls('stalls-later')[0]?.ended).toMatchObject({ answered: false })
})

it('leaves no timer behind', async () => {
  const clock = manualClock()
  await clientOf('quick', (call) => call.reply(200, '{"result":1}'), clock).incr('key')
  await failureOf(clientOf('quick-failure', (call) => call.reply(500, ''), clock))
  expect(clock.timers).toBe(0)
})

it('names its errors', async () => {
  const redis = clientOf('named', (call) => call.reply(500, ''))
  await expect(redis.get('key')).rejects.toBeInstanceOf(RedisError)
})
