/** Streamed replies: when the status goes out, and how a failure after it is told. */
import { describe, expect, it } from 'vitest'
import { DONE, events, finish, providerError, role, text, usage } from '../support/wire.ts'
import { feed, late, reading, silence, upstream } from '../support/worker.ts'
import { asked, begun, deferred, KEEP_ALIVE } from '../support/worker-streams.ts'

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
