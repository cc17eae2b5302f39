/** Identical requests in flight share one stream: one asks, all read, and nobody depends on whoever came first. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Reply } from '../support/http-client.ts'
import type { Call, ScriptedOrigin } from '../support/scripted-origin.ts'
import { eventually, setUp, type TestSluice } from '../support/sluice.ts'
import { chat, DONE, finish, role, text, usage, whole } from '../support/wire.ts'
import { configOf, startOrigin } from './recall-setup.ts'

const CROWD = 100

let origin: ScriptedOrigin
let sluice: TestSluice
let held: Call[]
let key: string

beforeAll(async () => {
  held = []
  origin = await startOrigin()
  origin.on('held', (call) => void held.push(call))
  const config = configOf(origin, { live: ['held', { exact: true, coalesce: 'live' }] })
  sluice = await setUp({
    isolates: 2,
    config: {
      ...config,
      models: { live: { ...config.models?.live, targets: config.models?.live?.targets ?? [], retries: 1 } },
    },
    tenants: [{ id: 'acme' }, { id: 'other' }],
  })
  key = sluice.keyOf('acme').key
})

afterAll(async () => {
  await sluice?.stop()
  await origin?.close()
})

const question = (content: string, stream = true): Record<string, unknown> =>
  chat('live', stream, { messages: [{ role: 'user', content }] })
const ask = (content: string, index: number, stream = true, as = key) =>
  sluice.begin(as, '/v1/chat/completions', question(content, stream), { url: sluice.urls[index % 2] ?? sluice.url })
const next = async (): Promise<Call> => {
  const known = held.length
  await eventually('the call', 5000, async () => (held.length > known ? true : undefined))
  return held.at(-1) as Call
}
const how = (replies: readonly Reply[]): Record<string, number> =>
  Object.fromEntries(
    Object.entries(Object.groupBy(replies, ({ headers }) => headers['x-sluice-cache'] ?? '')).map(([name, some]) => [
      name,
      some?.length ?? 0,
    ]),
  )

describe('100 at once', () => {
  test('one upstream call, 100 equal answers, 99 of them coalesced, charged as hits', async () => {
    const before = held.length
    const called = next()
    const asked = Array.from({ length: CROWD }, (_, index) => ask('a hundred', index))
    const call = await called
    await call.head(200)
    await call.write(role() + text('for '))
    // Everybody has the beginning before there is an end: this is no reply that was waited for.
    await Promise.all(asked.map((one) => one.until('for ')))
    await call.end(text('all') + finish() + usage() + DONE)
    const replies = await Promise.all(asked.map(({ reply }) => reply))
    expect(new Set(replies.map(({ body }) => body)).size).toBe(1)
    expect(how(replies)).toEqual({ miss: 1, coalesced: CROWD - 1 })
    expect(held.length - before).toBe(1)
    const rows = await eventually('all rows', 5000, async () => {
      const found = (await sluice.rows('acme')).filter(({ model }) => model === 'live')
      return found.length === CROWD ? found : undefined
    })
    const followers = rows.filter(({ cache }) => cache === 'coalesced')
    expect(followers).toHaveLength(CROWD - 1)
    for (const row of followers)
      expect(row).toMatchObject({ outcome: 'finished', attempts: 0, usage: null, costMicroUsd: 0 })
    expect(rows.filter(({ usage: used }) => used !== null)).toHaveLength(1)
  })

  test('afterwards it is a hit, and another tenant asks for itself', async () => {
    await eventually('a hit', 5000, async () => {
      const reply = await ask('a hundred', 0).reply
      return reply.headers['x-sluice-cache'] === 'hit' ? true : undefined
    })
    const called = next()
    const foreign = ask('a hundred', 0, true, sluice.keyOf('other').key)
    await (await called).reply(200, role() + text('theirs') + finish() + usage() + DONE, {
      'content-type': 'text/event-stream',
    })
    expect((await foreign.reply).headers['x-sluice-cache']).toBe('miss')
  })
})

test('whoever came first leaves: the others read on', async () => {
  const called = next()
  const first = ask('leaving', 0)
  const call = await called
  await call.head(200)
  await call.write(role() + text('half '))
  await first.until('half ')
  const others = Array.from({ length: 5 }, (_, index) => ask('leaving', index))
  await Promise.all(others.map((one) => one.until('half ')))
  await first.reset()
  await call.end(text('and half') + finish() + usage() + DONE)
  for (const { body, headers } of await Promise.all(others.map(({ reply }) => reply))) {
    expect(body).toContain('and half')
    expect(headers['x-sluice-cache']).toBe('coalesced')
  }
})

test('all leave: so does the upstream', async () => {
  const called = next()
  const both = [ask('all leaving', 0), ask('all leaving', 1)]
  const call = await called
  await call.head(200)
  await call.write(role() + text('half '))
  await Promise.all(both.map((one) => one.until('half ')))
  for (const one of both) await one.reset()
  // The readers are noticed to have gone at the next event.
  const flowing = setInterval(() => void call.write(text('more ')).catch(() => {}), 50)
  expect((await call.ended).answered).toBe(false)
  clearInterval(flowing)
})

test('the upstream breaks before there is anything: one more call, for all', async () => {
  const before = held.length
  let called = next()
  const asked = Array.from({ length: 10 }, (_, index) => ask('breaking early', index))
  const broken = await called
  called = next()
  await broken.head(200)
  await broken.write(role())
  broken.reset()
  const call = await called
  await call.head(200)
  await call.end(role() + text('second') + finish() + usage() + DONE)
  for (const { body } of await Promise.all(asked.map(({ reply }) => reply))) expect(body).toContain('second')
  expect(held.length - before).toBe(2)
})

test('it breaks after: all get the error frame, and no end', async () => {
  const called = next()
  const asked = Array.from({ length: 10 }, (_, index) => ask('breaking late', index))
  const call = await called
  await call.head(200)
  await call.write(role() + text('half '))
  await Promise.all(asked.map((one) => one.until('half ')))
  call.reset()
  for (const { body, complete } of await Promise.all(asked.map(({ reply }) => reply))) {
    expect(complete).toBe(true)
    expect(body).toContain('upstream_failed')
    expect(body).not.toContain('[DONE]')
  }
})

test('answers in one piece are shared as well', async () => {
  const before = held.length
  const called = next()
  const asked = Array.from({ length: 10 }, (_, index) => ask('in one piece', index, false))
  const call = await called
  await new Promise((resolve) => setTimeout(resolve, 200))
  await call.reply(200, whole('whole'))
  const replies = await Promise.all(asked.map(({ reply }) => reply))
  expect(how(replies)).toEqual({ miss: 1, coalesced: 9 })
  expect(new Set(replies.map(({ body }) => body)).size).toBe(1)
  expect(held.length - before).toBe(1)
})
