/** Streams of an isolate inside workerd, brought to where a test begins: asked for, begun, or deferred. */
import { expect } from 'vitest'
import { text } from './wire.ts'
import { feed, isolate, reading, type Script } from './worker.ts'

const CHAT = '/v1/chat/completions'
/** The comment of silence, byte for byte. */
export const KEEP_ALIVE = ': keep-alive\n\n'
const PATIENT = { firstTokenMs: 3_000_000, idleMs: 3_000_000, totalMs: 3_600_000 }
const up = { provider: 'up', model: 'm', price: { input: 2, output: 10 } }
const spare = { provider: 'spare', model: 's' }
const CONFIG = {
  providers: {
    up: { protocol: 'openai', baseUrl: 'https://up.test/v1' },
    spare: { protocol: 'openai', baseUrl: 'https://spare.test/v1' },
  },
  models: {
    one: { targets: [up], retries: 0, timeouts: PATIENT },
    two: { targets: [up, spare], retries: 0, timeouts: PATIENT },
    brisk: { targets: [up], retries: 0, timeouts: { firstTokenMs: 3_000_000, idleMs: 15_000 } },
  },
}

/** A request for a stream that is under way. */
export async function asked(model: string, ...scripts: Script[]) {
  const at = await isolate({ config: CONFIG, scripts })
  const client = new AbortController()
  let reply: Response | undefined
  const body = { model, stream: true, messages: [{ role: 'user', content: 'hi' }] }
  const pending = at.post(CHAT, body, { 'x-request-id': 'mine' }, client.signal).then((came) => {
    reply = came
    return came
  })
  while (at.calls.length === 0) await at.clock.advance(0)
  return { ...at, client, pending, isAnswered: () => reply !== undefined }
}

/** A stream whose first content has come, and been read. */
export async function begun(model = 'one') {
  const fed = feed()
  const at = await asked(model, fed.script)
  fed.push(text('Hel'))
  const reply = await at.pending
  const read = reading(reply)
  expect(await read.next()).toBe(text('Hel'))
  return { ...at, fed, reply, read }
}

/** A stream whose 200 went out before there was anything to say. */
export async function deferred(model: string, ...scripts: Script[]) {
  const at = await asked(model, ...scripts)
  await at.clock.advance(5000)
  const reply = await at.pending
  const read = reading(reply)
  expect(await read.next()).toBe(KEEP_ALIVE)
  return { ...at, reply, read }
}
