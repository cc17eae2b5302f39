/** Recall from outside: what is served again, to whom, in which form, and what the caller and the operator are told of it. */
import { setTimeout as sleep } from 'node:timers/promises'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { pick, type Reply } from '../support/http-client.ts'
import type { ScriptedOrigin } from '../support/scripted-origin.ts'
import { eventually, type MadeKey, setUp, type TestSluice } from '../support/sluice.ts'
import { DONE, event } from '../support/wire.ts'
import { asking, cacheOf, configOf, RECALLABLE_MS, startOrigin, type Wanted } from './recall-setup.ts'

const IN_FORCE_MS = 10_000

let origin: ScriptedOrigin
let sluice: TestSluice
const ask = asking(() => sluice)
const acme = (): MadeKey => sluice.keyOf('acme')
const calls = (script = 'chat'): number => origin.calls(script).length
const recallable = (): Promise<void> => sleep(RECALLABLE_MS)
const textOf = (reply: Reply): unknown => pick(reply.json, 'choices', 0, 'message', 'content')

beforeAll(async () => {
  origin = await startOrigin()
  sluice = await setUp({
    isolates: 2,
    config: configOf(origin, {
      plain: ['chat', undefined],
      exact: ['chat', { exact: true }],
      off: ['chat', { exact: false }],
      keyed: ['chat', { exact: true, sharing: 'key' }],
      users: ['chat', { exact: true, sharing: 'user' }],
      text: ['text', { exact: true }],
      vectors: ['embed', { exact: true }],
      odd: ['odd', { exact: true }],
    }),
    tenants: [{ id: 'acme' }, { id: 'other' }],
  })
})

afterAll(async () => {
  await sluice?.stop()
  await origin?.close()
})

/** Asks twice, a second apart; the number of upstream calls that took. */
async function twice(model: string, said: string, first: Wanted = {}, second: Wanted = first) {
  const before = calls()
  const one = await ask(acme(), model, said, first)
  await recallable()
  const two = await ask(acme(), model, said, second)
  return { one, two, calls: calls() - before }
}

describe('a reply that was given before', () => {
  test('is served by every isolate a second later, with an id and a time of its own', async () => {
    const before = calls()
    const first = await ask(acme(), 'exact', 'the same question')
    expect(cacheOf(first)).toBe('200 miss')
    await recallable()
    for (const isolate of [1, 0, 1]) {
      const again = await ask(acme(), 'exact', 'the same question', { isolate })
      expect(cacheOf(again)).toBe('200 hit')
      expect(again.headers).toMatchObject({
        'x-sluice-attempts': '0',
        'x-sluice-cost-usd': '0',
        'x-sluice-target': 'chat/m',
        'x-sluice-model': 'exact',
      })
      expect(Number(again.headers.age)).toBeGreaterThanOrEqual(1)
      const [{ id, created, ...said }, { id: oldId, created: _, ...was }] = [again.json, first.json] as Record<
        string,
        unknown
      >[] as [Record<string, unknown>, Record<string, unknown>]
      expect(said).toEqual(was)
      expect(id).not.toBe(oldId)
      expect(id).toMatch(/^chatcmpl-/)
      expect(Math.abs(Number(created) - Date.now() / 1000)).toBeLessThan(5)
    }
    expect(calls() - before).toBe(1)
  })

  test('leaves a row of its own that costs nothing', async () => {
    const { one, two } = await twice('exact', 'what it costs')
    expect(await sluice.row('acme', one.headers['x-request-id'])).toMatchObject({ cache: 'miss', attempts: 1 })
    expect(await sluice.row('acme', two.headers['x-request-id'])).toMatchObject({
      cache: 'hit',
      attempts: 0,
      target: 'chat/m',
      outcome: 'finished',
      status: 200,
      costMicroUsd: 0,
      usage: null,
    })
  })

  test('is the same request however it is written, and whatever changes nothing', async () => {
    const messages = [{ role: 'user', content: 'however written' }]
    const body = { model: 'exact', messages, temperature: 0, seed: 7 }
    await ask(acme(), 'exact', '', body)
    await recallable()
    const post = (text: string) => sluice.post(acme().key, '/v1/chat/completions', text)
    const again = `{ "seed": 7,\n "temperature": 0.0, "n": 1, "user": "u", "metadata": {"a":"b"}, "store": true,
      "service_tier": "auto", "messages": [ {"content":"however written","role":"user"} ], "model":"exact"}`
    expect(cacheOf(await post(again))).toBe('200 hit')
    for (const other of [{ seed: 8 }, { temperature: 0.1 }, { top_p: 0.5 }, { max_tokens: 9 }, { unheard_of: 1 }])
      expect([other, cacheOf(await ask(acme(), 'exact', '', { ...body, ...other }))]).toEqual([other, '200 miss'])
  })

  test('replays as a stream what came whole, and whole what was streamed', async () => {
    const whole = await twice('exact', 'came whole', {}, { stream: true, stream_options: { include_usage: true } })
    expect(cacheOf(whole.two)).toBe('200 hit')
    expect(whole.two.headers['content-type']).toMatch(/^text\/event-stream/)
    expect(whole.two.body).toMatch(/data: \[DONE\]\n\n$/)
    const streamed = await twice('exact', 'came streamed', { stream: true }, {})
    expect(cacheOf(streamed.two)).toBe('200 hit')
    expect(textOf(streamed.two)).toBe('You said: came streamed')
    expect(pick(streamed.two.json, 'usage', 'prompt_tokens')).toEqual(
      pick((await ask(acme(), 'plain', 'x')).json, 'usage', 'prompt_tokens'),
    )
    expect(whole.calls + streamed.calls).toBe(2)
  })

  test('of completions and embeddings, too', async () => {
    for (const [model, path, script] of [
      ['text', '/v1/completions', 'text'],
      ['vectors', '/v1/embeddings', 'embed'],
    ] as const) {
      const before = calls(script)
      const first = await ask(acme(), model, 'once', { path })
      await recallable()
      const again = await ask(acme(), model, 'once', { path })
      expect([cacheOf(first), cacheOf(again), calls(script) - before]).toEqual(['200 miss', '200 hit', 1])
      expect(pick(again.json, model === 'text' ? 'choices' : 'data')).toEqual(
        pick(first.json, model === 'text' ? 'choices' : 'data'),
      )
    }
  })
})

describe('the official SDK', () => {
  const client = (): OpenAI => new OpenAI({ baseURL: `${sluice.url}/v1`, apiKey: acme().key, maxRetries: 0 })
  const tools = ['get_weather', 'get_time'].map((name) => ({
    type: 'function' as const,
    function: { name, parameters: { type: 'object', properties: { city: { type: 'string' } } } },
  }))

  test('sees a normal stream, with tool calls of the same ids and arguments', async () => {
    const request = {
      model: 'exact',
      messages: [{ role: 'user' as const, content: 'with tools' }],
      tools,
      temperature: 0,
    }
    const first = await client().chat.completions.create(request)
    await recallable()
    const streamed = client().chat.completions.stream(request)
    const final = await streamed.finalChatCompletion()
    expect(final.choices[0]?.finish_reason).toBe('tool_calls')
    const callsOf = (message: OpenAI.ChatCompletionMessage | undefined) =>
      message?.tool_calls?.map((call) => [call.id, call.type === 'function' ? call.function : null])
    expect(callsOf(final.choices[0]?.message)).toMatchObject(callsOf(first.choices[0]?.message) ?? [])
    expect(final.choices[0]?.message.tool_calls).toHaveLength(2)
  })

  test('sees text and usage as recorded', async () => {
    const request = { model: 'exact', messages: [{ role: 'user' as const, content: 'for the SDK' }] }
    const first = await client().chat.completions.create(request)
    await recallable()
    const stream = await client().chat.completions.create({
      ...request,
      stream: true,
      stream_options: { include_usage: true },
    })
    let text = ''
    let usage: unknown
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? ''
      usage = chunk.usage ?? usage
    }
    expect(text).toBe(first.choices[0]?.message.content)
    expect(usage).toEqual(first.usage)
  })
})

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
    const { one, two, calls: made } = await twice(model, `nothing ${what}`, fields)
    expect([cacheOf(one), cacheOf(two), made]).toEqual(['200 bypass', '200 bypass', 2])
    const told = await ask(acme(), model, `nothing ${what}`, {
      ...fields,
      headers: { ...(fields as { headers?: object }).headers, 'x-sluice-debug': '1' },
    })
    expect(told.headers['x-sluice-cache-reason']).toMatch(/^[a-z-]+$/)
  })

  test('but an explicit auto waives the rule on temperature', async () => {
    const { two } = await twice('exact', 'warm', { temperature: 1.5, headers: { 'x-sluice-cache': 'auto' } })
    expect(cacheOf(two)).toBe('200 hit')
  })

  test('refresh writes and does not read, no-store reads and does not write', async () => {
    const refresh = { headers: { 'x-sluice-cache': 'refresh' } }
    const noStore = { headers: { 'x-sluice-cache': 'no-store' } }
    const unwritten = await twice('exact', 'modes 1', noStore)
    expect([cacheOf(unwritten.one), cacheOf(unwritten.two)]).toEqual(['200 miss', '200 miss'])
    const written = await twice('exact', 'modes 2', refresh)
    expect([cacheOf(written.one), cacheOf(written.two), written.calls]).toEqual(['200 miss', '200 miss', 2])
    await recallable()
    expect(cacheOf(await ask(acme(), 'exact', 'modes 2', noStore))).toBe('200 hit')
  })

  test('beyond the time that the caller gives it', async () => {
    const { two } = await twice('exact', 'for a second', { headers: { 'x-sluice-cache-ttl': '2' } })
    expect(cacheOf(two)).toBe('200 hit')
    await sleep(1100)
    expect(cacheOf(await ask(acme(), 'exact', 'for a second'))).toBe('200 miss')
  })
})

describe('nobody is answered with what is not theirs', () => {
  test('tenants never share', async () => {
    await ask(acme(), 'exact', 'between tenants')
    await recallable()
    expect(cacheOf(await ask(sluice.keyOf('other'), 'exact', 'between tenants'))).toBe('200 miss')
    expect(cacheOf(await ask(acme(), 'exact', 'between tenants'))).toBe('200 hit')
  })

  test('nor do keys where sharing is by key, nor end users where it is by user', async () => {
    const second = await sluice.makeKey('acme')
    await ask(acme(), 'keyed', 'between keys')
    const user = (name: string) => ({ headers: { 'x-sluice-user': name } })
    await ask(acme(), 'users', 'between users', user('ann'))
    await recallable()
    expect(cacheOf(await ask(second, 'keyed', 'between keys'))).toBe('200 miss')
    expect(cacheOf(await ask(acme(), 'keyed', 'between keys'))).toBe('200 hit')
    expect(cacheOf(await ask(second, 'exact', 'the same question'))).toBe('200 hit')
    expect(cacheOf(await ask(acme(), 'users', 'between users', user('bob')))).toBe('200 miss')
    expect(cacheOf(await ask(second, 'users', 'between users', user('ann')))).toBe('200 hit')
  })
})

describe('what is no complete answer is never kept', () => {
  const piece = (content: string, finish: string | null = null) =>
    event({ object: 'chat.completion.chunk', choices: [{ index: 0, delta: { content }, finish_reason: finish }] })

  test('ended by length, whole and streamed', async () => {
    const choice = { index: 0, message: { role: 'assistant', content: 'too lo' }, finish_reason: 'length' }
    origin.on('odd', (call) =>
      call.json.stream === true
        ? call.head(200).then(() => call.end(piece('too lo') + piece('', 'length') + DONE))
        : call.reply(200, JSON.stringify({ object: 'chat.completion', choices: [choice] })),
    )
    for (const stream of [false, true]) {
      const { two } = await twice('odd', `length ${stream}`, { stream })
      expect(cacheOf(two)).toBe('200 miss')
    }
  })

  test('cut by the upstream after its first content', async () => {
    origin.on('odd', async (call) => {
      await call.head(200)
      await call.write(piece('half an ans'))
      call.hangUp()
    })
    const { one, two } = await twice('odd', 'cut', { stream: true })
    expect(one.body).toContain('"error"')
    expect(cacheOf(two)).toBe('200 miss')
  })

  test('left by the client', async () => {
    origin.on('odd', async (call) => {
      await call.head(200)
      await call.write(piece('half an ans'))
      await call.ended
    })
    const body = { model: 'odd', messages: [{ role: 'user', content: 'left' }], stream: true }
    const exchange = sluice.begin(acme().key, '/v1/chat/completions', body)
    await exchange.until('half an ans')
    await exchange.reset()
    await recallable()
    origin.on('odd', async (call) => {
      await call.head(200)
      await call.end(piece('a whole answer') + piece('', 'stop') + DONE)
    })
    const again = await ask(acme(), 'odd', 'left', { stream: true })
    expect(cacheOf(again)).toBe('200 miss')
    expect(again.body).toContain('a whole answer')
  })

  test('refused or failed', async () => {
    origin.on('odd', (call) => call.reply(400, '{"error":{"message":"no","type":"invalid_request_error"}}'))
    expect(cacheOf((await twice('odd', 'refused')).two)).toBe('400 miss')
    origin.on('odd', (call) => call.reply(500, '{}'))
    expect(cacheOf((await twice('odd', 'failed')).two)).toBe('502 miss')
  })
})

describe('the operator', () => {
  const cache = async (id: string): Promise<unknown> => sluice.done('GET', `/admin/tenants/${id}/cache`)

  test('sees what a cache holds and has saved', async () => {
    await sluice.makeTenant('seen')
    const key = sluice.keyOf('seen')
    const first = await ask(key, 'exact', 'seen')
    await recallable()
    for (let hit = 0; hit < 3; hit += 1) await ask(key, 'exact', 'seen')
    const tokens = Number(pick(first.json, 'usage', 'total_tokens'))
    await eventually('three hits', 2000, async () =>
      pick(await cache('seen'), 'hits', 'exact') === 3 ? true : undefined,
    )
    const shown = (await cache('seen')) as Record<string, number>
    expect(shown).toMatchObject({ entries: 1, corrupt: 0, savedTokens: 3 * tokens })
    expect(shown.bytes).toBeGreaterThan(100)
    expect(shown.savedMicroUsd).toBe(Math.round(3e6 * Number(first.headers['x-sluice-cost-usd'])))
  })

  test('purges by model and by age, in force everywhere within 10 s', async () => {
    await sluice.makeTenant('purged')
    const key = sluice.keyOf('purged')
    for (const said of ['one', 'two']) await ask(key, 'exact', said)
    await ask(key, 'keyed', 'three')
    await recallable()
    for (const isolate of [0, 1]) expect(cacheOf(await ask(key, 'exact', 'one', { isolate }))).toBe('200 hit')
    const remove = (query: string) => sluice.done('DELETE', `/admin/tenants/purged/cache${query}`)
    expect(await remove('?before=2020-01-01T00:00:00Z')).toEqual({ removed: 0 })
    expect(await remove('?model=exact')).toEqual({ removed: 2 })
    for (const isolate of [0, 1])
      await eventually(`nothing of it in isolate ${isolate}`, IN_FORCE_MS, async () =>
        cacheOf(await ask(key, 'exact', 'one', { isolate, headers: { 'x-sluice-cache': 'no-store' } })) === '200 miss'
          ? true
          : undefined,
      )
    expect(cacheOf(await ask(key, 'keyed', 'three'))).toBe('200 hit')
    expect(await remove('')).toEqual({ removed: 1 })
    expect((await sluice.admin('DELETE', '/admin/tenants/purged/cache?before=yesterday')).status).toBe(400)
  })

  test('finds nothing of an old tenant under a new one of the same id', async () => {
    await sluice.makeTenant('again')
    await ask(sluice.keyOf('again'), 'exact', 'of before')
    await recallable()
    await sluice.done('DELETE', '/admin/tenants/again')
    await sluice.makeTenant('again')
    const reply = await eventually('the new key works', IN_FORCE_MS, async () => {
      const one = await ask(sluice.keyOf('again'), 'exact', 'of before')
      return one.status === 200 ? one : undefined
    })
    expect(cacheOf(reply)).toBe('200 miss')
    expect(await cache('again')).toMatchObject({ hits: { exact: 0 } })
  })
})

describe('limits', () => {
  test('a hit counts as a request, and never as tokens or money', async () => {
    const limits = [
      { name: 'rpm', of: 'requests', amount: 4, perSeconds: 3600 },
      { name: 'tpm', of: 'tokens', amount: 1_000_000, perSeconds: 3600 },
      { name: 'month', of: 'usd', amount: 1000, per: 'month' },
    ]
    await sluice.makeTenant('counted', { limits })
    const key = sluice.keyOf('counted')
    const used = async (): Promise<number[]> => {
      const { data } = (await sluice.done('GET', '/admin/tenants/counted/limits')) as { data: { used: number }[] }
      return data.map((view) => view.used)
    }
    const first = await ask(key, 'exact', 'counted', { max_tokens: 50 })
    const tokens = Number(pick(first.json, 'usage', 'total_tokens'))
    await eventually('the first is settled', 2000, async () => ((await used())[1] === tokens ? true : undefined))
    const before = await used()
    await recallable()
    for (let hit = 0; hit < 3; hit += 1)
      expect(cacheOf(await ask(key, 'exact', 'counted', { max_tokens: 50 }))).toBe('200 hit')
    const [requests = 0, ...others] = before
    await eventually('hits are settled', 2000, async () =>
      JSON.stringify(await used()) === JSON.stringify([requests + 3, ...others]) ? true : undefined,
    )
    expect((await ask(key, 'exact', 'counted', { max_tokens: 50 })).json).toMatchObject({
      error: { code: 'rate_limit_exceeded' },
    })
  })

  test('whose tokens and budget are used up is still served what was answered before', async () => {
    const key = { id: '', key: '' }
    await sluice.makeTenant('spent')
    Object.assign(key, sluice.keyOf('spent'))
    await ask(key, 'exact', 'spent')
    await recallable()
    const limits = [
      { name: 'rpm', of: 'requests', amount: 3, perSeconds: 3600 },
      { name: 'none', of: 'usd', amount: 0, per: 'day' },
      { name: 'few', of: 'tokens', amount: 1, perSeconds: 60, hard: true },
    ]
    await sluice.done('PATCH', '/admin/tenants/spent', { limits })
    const refused = await eventually('the limits are in force', IN_FORCE_MS, async () => {
      const reply = await ask(key, 'plain', 'spent')
      return reply.status === 429 ? reply : undefined
    })
    expect(['none', 'few']).toContain(refused.headers['x-sluice-limited-by'])
    const codes: string[] = []
    for (let asked = 0; asked < 5; asked += 1) codes.push(cacheOf(await ask(key, 'exact', 'spent')))
    const hits = codes.filter((code) => code === '200 hit').length
    // Exactly what the limit on requests leaves, whoever asked before it was in force.
    expect(hits).toBeGreaterThan(0)
    expect(hits).toBeLessThanOrEqual(3)
    expect(codes.slice(hits).every((code) => code.startsWith('429'))).toBe(true)
  })
})
