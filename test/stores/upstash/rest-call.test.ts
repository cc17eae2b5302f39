/** Calls to stores over REST: what goes out, how much comes in, and when they end. */
import { inspect } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { systemClock } from '../../../src/lib/clock.ts'
import { callRest, type RestReply } from '../../../src/stores/upstash/rest-call.ts'
import { manualClock } from '../../support/manual-clock.ts'
import { closedPort, type Script, ScriptedOrigin, silent } from '../../support/scripted-origin.ts'

const CALL = { token: 'secret-token', body: { a: [1, 'ä'] }, deadlineMs: 1000, replyBytesMax: 100 }

let origin: ScriptedOrigin
beforeAll(async () => {
  origin = await ScriptedOrigin.start()
})
afterAll(() => origin.close())

function call(name: string, script: Script, clock = systemClock): Promise<RestReply> {
  origin.on(name, script)
  return callRest({ clock }, { ...CALL, url: `${origin.url(name)}/path` })
}

it('sends the body as JSON, with the token and nothing of its own', async () => {
  expect(await call('sends', (one) => one.reply(200, '{"result":1}'))).toEqual({ status: 200, body: { result: 1 } })
  const [sent] = origin.calls('sends')
  expect(sent).toMatchObject({ method: 'POST', path: '/sends/v1/path', body: '{"a":[1,"ä"]}' })
  expect(sent?.headers).toMatchObject({ authorization: 'Bearer secret-token', 'content-type': 'application/json' })
})

it.each([
  ['{"error":"no"}', { error: 'no' }],
  ['<html>', null],
  ['', null],
  [`"${'a'.repeat(98)}"`, 'a'.repeat(98)],
  [`"${'a'.repeat(99)}"`, null],
])('reads %j as far as it may', async (text, body) => {
  expect(await call('reads', (one) => one.reply(503, text))).toEqual({ status: 503, body })
})

it('follows no redirect', async () => {
  origin.on('elsewhere', (one) => one.reply(200, '{}'))
  const reply = await call('redirects', (one) => one.reply(307, '', { location: origin.url('elsewhere') }))
  expect(reply).toEqual({ status: 307, body: null })
  expect(origin.calls('elsewhere')).toHaveLength(0)
})

it('tells late from unreachable, and nothing of why', async () => {
  const nobody = { ...CALL, url: `http://127.0.0.1:${await closedPort()}` }
  expect(await callRest({ clock: systemClock }, nobody)).toBe('unreachable')
  expect(await call('resets', (one) => one.reset())).toBe('unreachable')
  const clock = manualClock()
  const called = origin.next('stalls')
  const reply = call('stalls', silent, clock)
  const stalled = await called
  await clock.advance(CALL.deadlineMs - 1)
  expect(clock.timers).toBe(1)
  await clock.advance(1)
  expect(inspect(await reply)).toBe("'late'")
  expect(await stalled.ended).toMatchObject({ answered: false })
  expect(clock.timers).toBe(0)
})
