/** Long silences: the deferred status, the comments that keep a connection alive, and clients who left meanwhile. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ScriptedOrigin, silent } from '../support/scripted-origin.ts'
import { streamOf } from '../support/scripts.ts'
import { DONE, events, finish, role, text, usage, whole } from '../support/wire.ts'
import { type Cases, patientSluice } from './patient.ts'

/** Deferred status, then one interval of keep-alives, then some slack. */
const SECOND_KEEP_ALIVE_MS = 5000 + 10_000 + 2000

let origin: ScriptedOrigin
let cases: Cases

beforeAll(async () => {
  origin = await ScriptedOrigin.start()
  cases = await patientSluice(origin, ['fin-silent', 'deferred-retry', 'deferred-failure', 'keep-alives', 'slow-whole'])
})

afterAll(async () => {
  await cases?.sluice.stop()
  await origin?.close()
})

describe.concurrent('a long silence', () => {
  test('a client that closes politely is noticed at the second keep-alive', async () => {
    origin.on('fin-silent', silent)
    const arriving = origin.next('fin-silent')
    const exchange = cases.begin('fin-silent', true)
    const call = await arriving
    const beganAtMs = Date.now()
    await exchange.close()
    const ending = await call.ended
    expect(ending.atMs - beganAtMs).toBeLessThan(SECOND_KEEP_ALIVE_MS)
    expect(await cases.onlyRow('fin-silent')).toMatchObject({ outcome: 'cancelled' })
  })

  test('before the first content: 200 at 5 s, then retries, then target and attempts in a comment', async () => {
    const name = 'deferred-retry'
    const { promise: deferred, resolve: afterDeferred } = Promise.withResolvers<void>()
    origin.on(name, async (call) => {
      if (call.index > 0)
        return await call.reply(200, role() + text('late') + finish() + usage() + DONE, {
          'content-type': 'text/event-stream',
        })
      await deferred
      await call.reply(500, '{}')
    })
    const beganAtMs = Date.now()
    const exchange = cases.begin(name, true)
    const head = await exchange.head
    expect(Date.now() - beganAtMs).toBeGreaterThan(4500)
    expect(Date.now() - beganAtMs).toBeLessThan(7000)
    expect(head.status).toBe(200)
    expect(head.headers).toMatchObject({
      'x-sluice-deferred': '1',
      'x-sluice-model': name,
      'content-type': expect.stringMatching(/^text\/event-stream/),
      'x-request-id': expect.any(String),
    })
    for (const absent of ['x-sluice-target', 'x-sluice-attempts', 'x-sluice-cost-usd']) {
      expect(head.headers[absent]).toBeUndefined()
    }
    expect(Object.keys(head.headers).filter((header) => /ratelimit/.test(header))).toEqual([])
    await exchange.until(': keep-alive')
    afterDeferred()
    const reply = await exchange.reply
    expect(reply.complete).toBe(true)
    expect(events(reply.body)).toEqual([
      ': keep-alive',
      `: sluice target=${name}/m attempts=2`,
      ...events(role() + text('late') + finish() + DONE),
    ])
    expect(await cases.onlyRow(name)).toMatchObject({
      outcome: 'finished',
      attempts: 2,
      requestId: head.headers['x-request-id'],
    })
  })

  test('that ends in failure: one error frame, no [DONE]', async () => {
    const name = 'deferred-failure'
    const { promise: deferred, resolve: afterDeferred } = Promise.withResolvers<void>()
    origin.on(name, async (call) => {
      await deferred
      await call.reply(401, '{}')
    })
    const exchange = cases.begin(name, true)
    await exchange.until(': keep-alive')
    afterDeferred()
    const reply = await exchange.reply
    expect(reply.complete).toBe(true)
    const frames = events(reply.body).filter((part) => !part.startsWith(':'))
    expect(frames).toHaveLength(1)
    expect(JSON.parse((frames[0] ?? '').slice(6))).toMatchObject({ error: { code: 'upstream_failed', status: 502 } })
    expect(['failed', 'broken']).toContain((await cases.onlyRow(name)).outcome)
  })

  test('after the first content: a comment every 10 s, between events only', async () => {
    const name = 'keep-alives'
    const { promise: heard, resolve: afterComment } = Promise.withResolvers<void>()
    origin.on(name, async (call) => {
      await streamOf(role(), text('one '))(call)
      await heard
      await call.end(text('two') + finish() + usage() + DONE)
    })
    const exchange = cases.begin(name, true)
    await exchange.until('one ')
    const quietFromMs = Date.now()
    await exchange.until(': keep-alive')
    const silenceMs = Date.now() - quietFromMs
    afterComment()
    const reply = await exchange.reply
    expect(silenceMs).toBeGreaterThan(9000)
    expect(silenceMs).toBeLessThan(12_000)
    expect(reply.headers['x-sluice-deferred']).toBeUndefined()
    expect(events(reply.body)).toEqual([
      ...events(role() + text('one ')),
      ': keep-alive',
      ...events(text('two') + finish() + DONE),
    ])
  })

  test('of a whole reply goes out as it is: no early status', async () => {
    const name = 'slow-whole'
    origin.on(name, async (call) => {
      await sleep(6000)
      await call.reply(200, whole('slow'))
    })
    const reply = await cases.begin(name, false).reply
    expect(reply.status).toBe(200)
    expect(reply.headers['x-sluice-deferred']).toBeUndefined()
    expect(reply.headers['x-sluice-target']).toBe(`${name}/m`)
    expect(reply.body).toBe(whole('slow'))
  })
})
