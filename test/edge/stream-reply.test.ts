/** Streamed replies: when the status goes out, what is said in silence, and how failure is told. */
import { describe, expect, it } from 'vitest'
import { DONE, events, finish, providerError, role, text, usage } from '../support/wire.ts'
import { feed, isolate, late, reading, type Script, silence, upstream } from '../support/worker.ts'

const CHAT = '/v1/chat/completions'
const KEEP_ALIVE = ': keep-alive\n\n'
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
async function asked(model: string, ...scripts: Script[]) {
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
async function begun(model = 'one') {
  const fed = feed()
  const at = await asked(model, fed.script)
  fed.push(text('Hel'))
  const reply = await at.pending
  const read = reading(reply)
  expect(await read.next()).toBe(text('Hel'))
  return { ...at, fed, reply, read }
}

/** A stream whose 200 went out before there was anything to say. */
async function deferred(model: string, ...scripts: Script[]) {
  const at = await asked(model, ...scripts)
  await at.clock.advance(5000)
  const reply = await at.pending
  const read = reading(reply)
  expect(await read.next()).toBe(KEEP_ALIVE)
  return { ...at, reply, read }
}

/** What was still to come, which must end on one error frame that stands alone. */
function errorAtTheEnd(rest: string) {
  const all = events(rest)
  expect(rest.endsWith('\n\n')).toBe(true)
  expect(rest).not.toContain('[DONE]')
  expect(all.filter((part) => part.includes('"error"'))).toHaveLength(1)
  const { error } = JSON.parse((all.at(-1) ?? '').slice('data: '.length)) as { error: Record<string, unknown> }
  return { error, before: all.slice(0, -1) }
}

describe('the status', () => {
  it('is held until the first content, with all that is known then', async () => {
    const fed = feed()
    const at = await asked('one', fed.script)
    fed.push(role())
    await at.clock.advance(4999)
    expect(at.isAnswered()).toBe(false)
    fed.push(text('Hello'))
    const reply = await at.pending
    expect(reply.status).toBe(200)
    expect(reply.headers.get('x-sluice-target')).toBe('up/m')
    expect(reply.headers.has('x-sluice-deferred')).toBe(false)
    fed.push(finish() + usage() + DONE)
    fed.close()
    expect(await reading(reply).rest()).toBe(role() + text('Hello') + finish() + DONE)
    await at.settle()
    expect(at.clock.timers).toBe(0)
  })

  it('is the refusal’s own when that comes first', async () => {
    const at = await asked('one', late(3000, upstream(providerError('no such tool'), { status: 422 })))
    await at.clock.advance(3000)
    const reply = await at.pending
    expect(reply.status).toBe(422)
    expect(reply.headers.get('content-type')).toBe('application/json')
    expect(reply.headers.get('x-sluice-attempts')).toBe('1')
    expect(await reply.json()).toMatchObject({ error: { code: 'upstream_rejected', message: 'no such tool' } })
    await at.settle()
    expect(at.clock.timers, 'nothing waits for 5 s any more').toBe(0)
  })

  it('goes out at 5 s, with what is known then and nothing else', async () => {
    const at = await deferred('one', silence)
    expect(at.reply.status).toBe(200)
    expect(Object.fromEntries(at.reply.headers)).toEqual({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache',
      'x-request-id': expect.any(String),
      'x-client-request-id': 'mine',
      'x-sluice-model': 'one',
      'x-sluice-cache': 'bypass',
      'x-sluice-deferred': '1',
    })
    at.client.abort()
    await at.settle()
  })

  it('gone out early, target and attempts come as one comment before the first event', async () => {
    const fed = feed()
    const at = await deferred('one', fed.script)
    await at.clock.advance(1000)
    fed.push(role() + text('late'))
    expect(await at.read.next()).toBe(': sluice target=up/m attempts=1\n\n')
    expect(await at.read.next()).toBe(role() + text('late'))
    fed.push(finish() + usage() + DONE)
    fed.close()
    expect(await at.read.rest()).toBe(finish() + DONE)
    expect(await at.rows()).toMatchObject([{ outcome: 'finished', firstTokenMs: 6000, usage: { outputTokens: 7 } }])
    expect(at.clock.timers).toBe(0)
  })

  it('gone out early, retries and fallback go on', async () => {
    const failing = late(4000, upstream('', { status: 500 }))
    const fed = feed()
    fed.push(text('from the second'))
    const at = await asked('two', failing, failing, fed.script)
    const reply = await at.soon(at.pending)
    expect(reply.headers.get('x-sluice-deferred')).toBe('1')
    const read = reading(reply)
    expect(await read.next()).toBe(KEEP_ALIVE)
    expect(await at.soon(read.next())).toBe(': sluice target=spare/s attempts=3\n\n')
    expect(await read.next()).toBe(text('from the second'))
    fed.close()
    await read.rest()
    await at.settle()
  })
})

describe('a failure once 200 is out', () => {
  it('before any content, is one frame with the status it would have had', async () => {
    const busy = upstream(providerError('busy'), { status: 429, headers: { 'retry-after': '7' } })
    const at = await deferred('one', late(6000, busy))
    await at.clock.advance(1000)
    const { error, before } = errorAtTheEnd(await at.read.rest())
    expect(before).toEqual([])
    expect(error).toMatchObject({ code: 'upstream_rate_limited', status: 429, retry_after_ms: 7000, param: null })
    expect(await at.rows()).toMatchObject([{ outcome: 'failed', attempts: 1 }])
    expect(at.clock.timers).toBe(0)
  })

  it('between two events, is one frame', async () => {
    const at = await begun()
    at.fed.push(text('lo'))
    expect(await at.read.next()).toBe(text('lo'))
    at.fed.cut()
    const rest = await at.read.rest()
    expect(rest.startsWith('data: {"error"')).toBe(true)
    expect(errorAtTheEnd(rest)).toMatchObject({
      before: [],
      error: { code: 'upstream_failed', type: 'api_error', status: 502, param: null, retry_after_ms: null },
    })
    expect(await at.rows()).toMatchObject([{ outcome: 'broken', status: 200 }])
    expect(at.clock.timers).toBe(0)
  })

  it('inside an event, comes after a blank line that ends what is out', async () => {
    const at = await begun()
    const half = text('broken off').slice(0, -30)
    at.fed.push(half)
    expect(await at.read.next()).toBe(half)
    at.fed.cut()
    const rest = await at.read.rest()
    expect(rest.startsWith('\n\ndata: {"error"')).toBe(true)
    expect(errorAtTheEnd(rest).error).toMatchObject({ code: 'upstream_failed' })
    await at.settle()
  })

  it('of silence, is a timeout', async () => {
    const at = await begun('brisk')
    await at.clock.advance(10_000)
    expect(await at.read.next()).toBe(KEEP_ALIVE)
    await at.clock.advance(5000)
    expect(errorAtTheEnd(await at.read.rest()).error).toMatchObject({ code: 'upstream_timeout', status: 504 })
    expect(await at.rows()).toMatchObject([{ outcome: 'broken' }])
  })

  it('is told too where the upstream ends without [DONE]', async () => {
    const at = await begun()
    at.fed.push(finish())
    at.fed.close()
    const { error, before } = errorAtTheEnd(await at.read.rest())
    expect(before).toHaveLength(1)
    expect(error).toMatchObject({ code: 'upstream_failed' })
    await at.settle()
  })
})

describe('keep-alive', () => {
  it('goes out at 5 s and then every 10 s of silence', async () => {
    const at = await deferred('one', silence)
    for (let times = 0; times < 3; times += 1) {
      const next = at.read.next()
      let isThere = false
      next.then(() => {
        isThere = true
      })
      await at.clock.advance(9999)
      expect(isThere).toBe(false)
      await at.clock.advance(1)
      expect(await next).toBe(KEEP_ALIVE)
    }
    at.client.abort()
    await at.settle()
    expect(at.clock.timers).toBe(0)
  })

  it('counts silence from the last bytes, not from the last comment', async () => {
    const at = await begun()
    await at.clock.advance(6000)
    at.fed.push(text('lo'))
    expect(await at.read.next()).toBe(text('lo'))
    const next = at.read.next()
    await at.clock.advance(9999)
    at.fed.push(text('!'))
    expect(await next).toBe(text('!'))
    const silent = at.read.next()
    await at.clock.advance(10_000)
    expect(await silent).toBe(KEEP_ALIVE)
    at.client.abort()
    await at.settle()
  })

  it('never comes inside an event', async () => {
    const at = await begun()
    const event = text('in two parts')
    at.fed.push(event.slice(0, -20))
    expect(await at.read.next()).toBe(event.slice(0, -20))
    const next = at.read.next()
    await at.clock.advance(35_000)
    at.fed.push(event.slice(-20))
    expect(await next).toBe(event.slice(-20))
    const silent = at.read.next()
    await at.clock.advance(10_000)
    expect(await silent).toBe(KEEP_ALIVE)
    at.client.abort()
    await at.settle()
  })

  it('is not piled up for a client that does not read', async () => {
    const fed = feed()
    const at = await asked('one', fed.script)
    fed.push(text('a'))
    const reply = await at.pending
    await at.clock.advance(45_000)
    fed.push(finish() + DONE)
    fed.close()
    expect(await reading(reply).rest()).toBe(text('a') + finish() + DONE)
    await at.settle()
  })

  it('ends with the stream', async () => {
    const at = await begun()
    at.fed.push(finish() + DONE)
    at.fed.close()
    expect(await at.read.rest()).toBe(finish() + DONE)
    expect(at.clock.timers).toBeLessThanOrEqual(1)
    await at.settle()
    expect(at.clock.timers).toBe(0)
  })
})

describe('a client that leaves', () => {
  it('mid-stream, stops the upstream at the next write', async () => {
    const at = await begun()
    await at.read.leave()
    at.fed.push(text('to nobody'))
    at.fed.push(text('to nobody'))
    expect(await at.rows()).toMatchObject([{ outcome: 'cancelled', status: 200 }])
    expect(at.calls[0]?.signal.aborted).toBe(true)
    expect(at.clock.timers).toBe(0)
  })

  it('mid-stream, with a reset, stops it at once', async () => {
    const at = await begun()
    at.client.abort()
    await at.clock.advance(0)
    expect(at.calls[0]?.signal.aborted).toBe(true)
    await expect(at.read.rest()).rejects.toThrow()
    expect(await at.rows()).toMatchObject([{ outcome: 'cancelled', status: 200 }])
    expect(at.clock.timers).toBe(0)
  })

  it('in silence, is noticed by the keep-alive that fails', async () => {
    const at = await begun()
    await at.read.leave()
    await at.clock.advance(10_000)
    expect(at.calls[0]?.signal.aborted).toBe(true)
    expect(await at.rows()).toMatchObject([{ outcome: 'cancelled', status: 200 }])
    expect(at.clock.timers).toBe(0)
  })

  it('after an early 200, is noticed by the keep-alive that fails', async () => {
    const at = await deferred('one', silence)
    await at.read.leave()
    await at.clock.advance(10_000)
    expect(at.calls[0]?.signal.aborted).toBe(true)
    expect(await at.rows()).toMatchObject([{ outcome: 'cancelled', attempts: 1 }])
    expect(at.clock.timers).toBe(0)
  })

  it('before the early 200 could be read, is noticed too', async () => {
    const at = await asked('one', silence)
    await at.clock.advance(5000)
    const reply = await at.pending
    await reply.body?.cancel()
    await at.clock.advance(10_000)
    expect(at.calls[0]?.signal.aborted).toBe(true)
    expect(await at.rows()).toMatchObject([{ outcome: 'cancelled' }])
  })

  it('after an early 200, with a reset, stops it at once', async () => {
    const at = await deferred('one', silence)
    at.client.abort()
    await at.clock.advance(0)
    expect(at.calls[0]?.signal.aborted).toBe(true)
    await expect(at.read.rest()).rejects.toThrow()
    expect(await at.rows()).toMatchObject([{ outcome: 'cancelled' }])
    expect(at.clock.timers).toBe(0)
  })

  it('at the last moment, when the refusal is being told, hurts nobody', async () => {
    const at = await deferred('one', late(6000, upstream('', { status: 500 })))
    await at.read.leave()
    await at.clock.advance(1000)
    expect(await at.rows()).toMatchObject([{ outcome: 'failed', status: 502 }])
    expect(at.clock.timers).toBe(0)
  })
})
