/** Calls to Upstash Vector: what goes out, when they end, and what their errors keep to themselves. */
import { inspect } from 'node:util'
import type { Index } from '@upstash/vector'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { VECTOR_REPLY_BYTES_MAX } from '../../../src/core/recall/limits.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import { createVector, VectorError } from '../../../src/stores/upstash/vector.ts'
import { manualClock } from '../../support/manual-clock.ts'
import { closedPort, type Script, ScriptedOrigin, silent } from '../../support/scripted-origin.ts'

/** In no error, nor in anything that hangs from one. */
const CANARY = 'canary-7f3a'
const TOKEN = `${CANARY}-token`
const DEADLINE_MS = 300

let origin: ScriptedOrigin
beforeAll(async () => {
  origin = await ScriptedOrigin.start()
})
afterAll(() => origin.close())

/** A client of a server that answers by the script. */
function clientOf(name: string, script: Script, clock = systemClock): Index {
  origin.on(name, script)
  return createVector({ url: `${origin.url(name)}/`, token: TOKEN }, { clock })(DEADLINE_MS)
}

/** What asking fails with; it must be ours, and tell nothing. */
async function failureOf(client: Index): Promise<string> {
  const vector = { id: `${CANARY}-id`, vector: [0.123456], metadata: { word: CANARY } }
  const error: unknown = await client.upsert(vector, { namespace: CANARY }).then(
    () => new Error('it answered'),
    (failure: unknown) => failure,
  )
  const told = inspect(error, { depth: 10, showHidden: true })
  expect(told).not.toContain(CANARY)
  expect(told).not.toContain('0.123456')
  expect(error).toBeInstanceOf(VectorError)
  return error instanceof Error ? error.message : ''
}

it('sends the operation to the URL, with the token in the header and nothing of its own', async () => {
  const client = clientOf('sends', (call) => call.reply(200, '{"result":[{"id":"a","score":1}]}'))
  const asked = { vector: [1, 0], topK: 1, filter: "a = 'b'" }
  expect(await client.query(asked, { namespace: 'acme.g1' })).toEqual([{ id: 'a', score: 1 }])
  const [call] = origin.calls('sends')
  expect(call).toMatchObject({ method: 'POST', path: '/sends/v1/query/acme.g1', json: asked })
  expect(call?.headers).toMatchObject({
    authorization: `Bearer ${TOKEN}`,
    'user-agent': expect.stringMatching(/^sluice\//),
  })
  expect(Object.keys(call?.headers ?? {}).filter((name) => name.startsWith('upstash'))).toEqual([])
})

it.each([
  [400, `{"error":"Invalid vector: ${CANARY}","status":400}`, 'Upstash Vector answered 400'],
  [401, `{"error":"Unauthorized: ${TOKEN}","status":401}`, 'Upstash Vector answered 401'],
  [200, `{"error":"${CANARY}"}`, 'Upstash Vector answered 200'],
  [500, `<html>${CANARY}</html>`, 'Upstash Vector answered 500'],
  [200, `"${CANARY}"`, 'Upstash Vector answered 200'],
  [200, '', 'Upstash Vector answered 200'],
  [200, `{"result":"${'a'.repeat(VECTOR_REPLY_BYTES_MAX)}"}`, 'Upstash Vector answered 200'],
])('fails on %d %.40j, telling no more than that', async (status, body, message) => {
  expect(await failureOf(clientOf('fails', (call) => call.reply(status, body)))).toBe(message)
})

it('never follows a redirect, and tries once', async () => {
  clientOf('elsewhere', (call) => call.reply(200, '{"result":"Success"}'))
  const client = clientOf('redirects', (call) => call.reply(307, '', { location: origin.url('elsewhere') }))
  expect(await failureOf(client)).toBe('Upstash Vector answered 307')
  expect([origin.calls('elsewhere').length, origin.calls('redirects').length]).toEqual([0, 1])
})

it('fails when nobody listens', async () => {
  const url = `http://127.0.0.1:${await closedPort()}`
  const nobody = createVector({ url, token: TOKEN }, { clock: systemClock })
  expect(await failureOf(nobody(DEADLINE_MS))).toBe('Upstash Vector could not be reached')
})

it('hangs up at the deadline of the call', async () => {
  const clock = manualClock()
  const called = origin.next('stalls')
  const failure = failureOf(clientOf('stalls', silent, clock))
  const call = await called
  await clock.advance(DEADLINE_MS)
  expect(await failure).toBe('Upstash Vector did not answer in time')
  expect(await call.ended).toMatchObject({ answered: false })
  expect(clock.timers).toBe(0)
})
