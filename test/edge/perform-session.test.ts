/** A request that is a turn of a session: answered with its history, kept or marked, and refused like any other. */
import { expect, it } from 'vitest'
import { chat, whole } from '../support/wire.ts'
import { CONFIG, isolate, upstream } from '../support/worker.ts'

const CHAT = '/v1/chat/completions'
const SESSION = { 'x-sluice-session': 's' }

it('keeps a turn that was answered, and marks one that was not', async () => {
  const at = await isolate({ config: CONFIG, scripts: [upstream(whole('first'))] })
  const answered = await at.post(CHAT, chat('priced', false), SESSION)
  expect(answered.status).toBe(200)
  expect(answered.headers.get('x-sluice-session')).toBe('s')
  at.script(upstream('{}', { status: 500 }))
  expect((await at.soon(at.post(CHAT, chat('priced', false), SESSION))).status).toBe(502)
  expect(await at.services.sessions.head(at.place, 's')).toMatchObject({ lastTurn: { status: 'broken' } })
  at.script(upstream(whole('second')))
  await at.post(CHAT, chat('priced', false), SESSION)
  expect(at.calls.at(-1)?.body.messages).toMatchObject([{}, { role: 'assistant', content: 'first' }, {}])
})

it('records a turn that is refused, in the words of its skin', async () => {
  const at = await isolate({ config: CONFIG, scripts: [upstream(whole('x'))] })
  at.services.sessions.begin = async () => ({ kind: 'busy' })
  const body = { model: 'priced', max_tokens: 5, messages: [{ role: 'user', content: 'hi' }] }
  const refused = await at.post('/v1/messages', body, SESSION)
  expect(refused.status).toBe(409)
  expect(await refused.json()).toMatchObject({ type: 'error', error: { type: 'invalid_request_error' } })
  expect(await at.rows()).toMatchObject([{ outcome: 'refused', status: 409, model: 'priced' }])
})
