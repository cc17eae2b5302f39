/** Streamed replies while nothing comes: keep-alive, and clients that leave. */
import { describe, expect, it } from 'vitest'
import { DONE, finish, text } from '../support/wire.ts'
import { feed, late, reading, silence, upstream } from '../support/worker.ts'
import { asked, begun, deferred, KEEP_ALIVE } from '../support/worker-streams.ts'

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
