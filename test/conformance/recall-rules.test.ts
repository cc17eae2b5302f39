/** Recall from outside: what is never recalled, to whom nothing is, and what is never kept. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DONE, event } from '../support/wire.ts'
import { cacheOf, startRecalling } from './recall-setup.ts'

let at: Awaited<ReturnType<typeof startRecalling>>

beforeAll(async () => {
  at = await startRecalling()
})

afterAll(() => at?.stop())

describe('nothing is recalled', () => {
  test.each([
    ['of a model without a cache', 'plain', {}],
    ['of a model whose cache is off', 'off', { temperature: 0 }],
    ['at a temperature', 'exact', { temperature: 0.31 }],
    ['where several answers are asked for', 'exact', { n: 2 }],
    [
      'where a tool is forced',
      'exact',
      { tool_choice: 'required', tools: [{ type: 'function', function: { name: 'f' } }] },
    ],
    ['where the caller wants none', 'exact', { headers: { 'x-sluice-cache': 'off' } }],
    ['of end users who are not named', 'users', {}],
  ])('%s', async (what, model, fields) => {
    const { one, two, calls: made } = await at.twice(model, `nothing ${what}`, fields)
    expect([cacheOf(one), cacheOf(two), made]).toEqual(['200 bypass', '200 bypass', 2])
    const told = await at.ask(at.acme, model, `nothing ${what}`, {
      ...fields,
      headers: { ...(fields as { headers?: object }).headers, 'x-sluice-debug': '1' },
    })
    expect(told.headers['x-sluice-cache-reason']).toMatch(/^[a-z-]+$/)
  })

  test('but an explicit auto waives the rule on temperature', async () => {
    const { two } = await at.twice('exact', 'warm', { temperature: 1.5, headers: { 'x-sluice-cache': 'auto' } })
    expect(cacheOf(two)).toBe('200 hit')
  })

  test('refresh writes and does not read, no-store reads and does not write', async () => {
    const refresh = { headers: { 'x-sluice-cache': 'refresh' } }
    const noStore = { headers: { 'x-sluice-cache': 'no-store' } }
    const unwritten = await at.twice('exact', 'modes 1', noStore)
    expect([cacheOf(unwritten.one), cacheOf(unwritten.two)]).toEqual(['200 miss', '200 miss'])
    const written = await at.twice('exact', 'modes 2', refresh)
    expect([cacheOf(written.one), cacheOf(written.two), written.calls]).toEqual(['200 miss', '200 miss', 2])
    await at.recallable()
    expect(cacheOf(await at.ask(at.acme, 'exact', 'modes 2', noStore))).toBe('200 hit')
  })

  test('beyond the time that the caller gives it', async () => {
    const { two } = await at.twice('exact', 'for a second', { headers: { 'x-sluice-cache-ttl': '2' } })
    expect(cacheOf(two)).toBe('200 hit')
    await sleep(1100)
    expect(cacheOf(await at.ask(at.acme, 'exact', 'for a second'))).toBe('200 miss')
  })
})

describe('nobody is answered with what is not theirs', () => {
  test('tenants never share', async () => {
    await at.ask(at.acme, 'exact', 'between tenants')
    await at.recallable()
    expect(cacheOf(await at.ask(at.sluice.keyOf('other'), 'exact', 'between tenants'))).toBe('200 miss')
    expect(cacheOf(await at.ask(at.acme, 'exact', 'between tenants'))).toBe('200 hit')
  })

  test('nor do keys where sharing is by key, nor end users where it is by user', async () => {
    const second = await at.sluice.makeKey('acme')
    await at.ask(at.acme, 'keyed', 'between keys')
    await at.ask(at.acme, 'exact', 'between keys')
    const user = (name: string) => ({ headers: { 'x-sluice-user': name } })
    await at.ask(at.acme, 'users', 'between users', user('ann'))
    await at.recallable()
    expect(cacheOf(await at.ask(second, 'keyed', 'between keys'))).toBe('200 miss')
    expect(cacheOf(await at.ask(at.acme, 'keyed', 'between keys'))).toBe('200 hit')
    expect(cacheOf(await at.ask(second, 'exact', 'between keys'))).toBe('200 hit')
    expect(cacheOf(await at.ask(at.acme, 'users', 'between users', user('bob')))).toBe('200 miss')
    expect(cacheOf(await at.ask(second, 'users', 'between users', user('ann')))).toBe('200 hit')
  })
})

describe('what is no complete answer is never kept', () => {
  const piece = (content: string, finish: string | null = null) =>
    event({ object: 'chat.completion.chunk', choices: [{ index: 0, delta: { content }, finish_reason: finish }] })

  test('ended by length, whole and streamed', async () => {
    const choice = { index: 0, message: { role: 'assistant', content: 'too lo' }, finish_reason: 'length' }
    at.origin.on('odd', (call) =>
      call.json.stream === true
        ? call.head(200).then(() => call.end(piece('too lo') + piece('', 'length') + DONE))
        : call.reply(200, JSON.stringify({ object: 'chat.completion', choices: [choice] })),
    )
    for (const stream of [false, true]) {
      const { two } = await at.twice('odd', `length ${stream}`, { stream })
      expect(cacheOf(two)).toBe('200 miss')
    }
  })

  test('cut by the upstream after its first content', async () => {
    at.origin.on('odd', async (call) => {
      await call.head(200)
      await call.write(piece('half an ans'))
      call.hangUp()
    })
    const { one, two } = await at.twice('odd', 'cut', { stream: true })
    expect(one.body).toContain('"error"')
    expect(cacheOf(two)).toBe('200 miss')
  })

  test('left by the client', async () => {
    at.origin.on('odd', async (call) => {
      await call.head(200)
      await call.write(piece('half an ans'))
      await call.ended
    })
    const body = { model: 'odd', messages: [{ role: 'user', content: 'left' }], stream: true }
    const exchange = at.sluice.begin(at.acme.key, '/v1/chat/completions', body)
    await exchange.until('half an ans')
    await exchange.reset()
    await at.recallable()
    at.origin.on('odd', async (call) => {
      await call.head(200)
      await call.end(piece('a whole answer') + piece('', 'stop') + DONE)
    })
    const again = await at.ask(at.acme, 'odd', 'left', { stream: true })
    expect(cacheOf(again)).toBe('200 miss')
    expect(again.body).toContain('a whole answer')
  })

  test('refused or failed', async () => {
    at.origin.on('odd', (call) => call.reply(400, '{"error":{"message":"no","type":"invalid_request_error"}}'))
    expect(cacheOf((await at.twice('odd', 'refused')).two)).toBe('400 miss')
    at.origin.on('odd', (call) => call.reply(500, '{}'))
    expect(cacheOf((await at.twice('odd', 'failed')).two)).toBe('502 miss')
  })
})
