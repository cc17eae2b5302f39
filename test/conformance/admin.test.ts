/** CONTRACT §5 over HTTP: statuses, shapes, faults by their path, versions, audit, and the usage that adds up. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { pick, type Reply, send } from '../support/http-client.ts'
import { ScriptedOrigin } from '../support/scripted-origin.ts'
import { eventually, ROW_MS, setUp, type TestSluice } from '../support/sluice.ts'
import { chat, providerError, role, text, whole } from '../support/wire.ts'

let origin: ScriptedOrigin
let sluice: TestSluice

const document = (more: Record<string, unknown> = {}) => ({
  providers: {
    plain: { protocol: 'openai', baseUrl: origin.url('plain'), credential: 'upstream' },
    fails: { protocol: 'openai', baseUrl: origin.url('fails') },
    breaks: { protocol: 'openai', baseUrl: origin.url('breaks') },
    rejects: { protocol: 'openai', baseUrl: origin.url('rejects') },
  },
  models: {
    plain: { targets: [{ provider: 'plain', model: 'm', price: { input: 2, output: 4 } }] },
    unpriced: { targets: [{ provider: 'plain', model: 'm' }] },
    fails: { targets: [{ provider: 'fails', model: 'm' }], retries: 0 },
    breaks: { targets: [{ provider: 'breaks', model: 'm' }], retries: 0 },
    rejects: { targets: [{ provider: 'rejects', model: 'm' }], retries: 0 },
  },
  ...more,
})

beforeAll(async () => {
  origin = await ScriptedOrigin.start()
  origin.on('plain', (call) => call.reply(200, whole('hello')))
  origin.on('fails', (call) => call.reply(500, '{}'))
  origin.on('rejects', (call) => call.reply(400, providerError('no')))
  origin.on('breaks', async (call) => {
    await call.head(200)
    await call.write(role() + text('begun'))
    call.reset()
  })
  sluice = await setUp({
    credentials: { upstream: 'sk-1234567890abcd' },
    config: document(),
    tenants: [{ id: 'main' }],
  })
})

afterAll(async () => {
  await sluice?.stop()
  await origin?.close()
})

function expectFaults(reply: Reply, status: number, paths?: readonly string[]): void {
  expect(reply.status, reply.body).toBe(status)
  const error = pick(reply.json, 'error') as { faults?: { path: string; message: string }[] }
  expect(Object.keys(error).sort()).toEqual(['code', 'faults', 'message', 'param', 'type'])
  if (paths !== undefined) expect(error.faults?.map(({ path }) => path).sort()).toEqual([...paths].sort())
  for (const fault of error.faults ?? []) expect(fault.message).not.toBe('')
}

test('the token: none, wrong, right', async () => {
  expect((await send(`${sluice.url}/admin/config`)).status).toBe(401)
  const headers = { authorization: `Bearer ${sluice.adminToken}x` }
  expectFaults(await send(`${sluice.url}/admin/config`, { headers }), 401)
  // A tenant's key opens nothing here, and the operator's token nothing there.
  const key = { authorization: `Bearer ${sluice.keyOf('main').key}` }
  expect((await send(`${sluice.url}/admin/config`, { headers: key })).status).toBe(401)
  const token = { authorization: `Bearer ${sluice.adminToken}` }
  expect((await send(`${sluice.url}/v1/models`, { headers: token })).status).toBe(401)
  expect((await sluice.admin('GET', '/admin/config')).status).toBe(200)
})

describe('the config document', () => {
  const version = async () => pick(await sluice.done('GET', '/admin/config'), 'version')

  test('a bad one changes nothing and lists all faults', async () => {
    const before = await sluice.done('GET', '/admin/config')
    const bad = {
      providers: {
        plain: { protocol: 'openai', baseUrl: 'ftp://host/v1', credential: 'missing' },
        Bad_Name: { protocol: 'openai' },
        far: { protocol: 'telepathy', baseUrl: 'https://user:pw@example.com/v1?x=1' },
      },
      models: {
        none: { targets: [] },
        dangling: { targets: [{ provider: 'nobody', model: 'm' }], retries: -1 },
        'a b': { targets: [{ provider: 'plain', model: 'm', weight: 'heavy' }] },
      },
      surprise: true,
    }
    const reply = await sluice.admin('PUT', '/admin/config', bad)
    expectFaults(reply, 400)
    const paths = (pick(reply.json, 'error', 'faults') as { path: string }[]).map(({ path }) => path)
    for (const wanted of [
      /^\/providers\/plain\/baseUrl$/,
      /^\/providers\/plain\/credential$/,
      /^\/providers\/Bad_Name/,
      /^\/providers\/far\/protocol$/,
      /^\/providers\/far\/baseUrl$/,
      /^\/models\/none\/targets$/,
      /^\/models\/dangling\/targets\/0\/provider$/,
      /^\/models\/dangling\/retries$/,
      /^\/models\/a b/,
      /^(\/surprise)?$/,
    ]) {
      expect(paths.filter((path) => wanted.test(path)).length, `${wanted} among ${paths.join(' ')}`).toBeGreaterThan(0)
    }
    expect(await sluice.done('GET', '/admin/config')).toEqual(before)
    for (const body of ['{', '[]', 'null', '"x"']) expectFaults(await sluice.admin('PUT', '/admin/config', body), 400)
    // A client that still writes may lose the refusal to the end of the connection: it asks again.
    const large = (): Promise<Reply> => sluice.admin('PUT', '/admin/config', ' '.repeat(1024 * 1024 + 1))
    expect(await eventually('a refusal', 10_000, () => large().catch(() => undefined))).toMatchObject({ status: 413 })
    expect(await sluice.done('GET', '/admin/config')).toEqual(before)
  })

  test('dry run, apply, versions, rollback', async () => {
    const before = (await version()) as number
    const changed = document({ log: 'all' })
    const change = { path: '/log', op: 'add', after: 'all' }
    const dry = await sluice.admin('PUT', '/admin/config?dryRun=true', changed)
    expect(dry.status).toBe(200)
    expect(pick(dry.json, 'changes')).toMatchObject([change])
    expect(await version()).toBe(before)

    const applied = await sluice.admin('PUT', '/admin/config', changed)
    expect(applied.status).toBe(200)
    expect(applied.json).toMatchObject({ version: before + 1, changes: [change] })
    expect(pick(await sluice.done('GET', '/admin/config'), 'config')).toEqual(changed)

    const back = await sluice.admin('POST', '/admin/config/rollback', { version: before })
    expect(back.status).toBe(200)
    expect(back.json).toMatchObject({ version: before + 2, changes: [{ path: '/log', op: 'remove', before: 'all' }] })
    expect(pick(await sluice.done('GET', '/admin/config'), 'config')).toEqual(document())
    expect((await sluice.admin('POST', '/admin/config/rollback', { version: 999 })).status).toBe(404)
    const versions = pick(await sluice.done('GET', '/admin/config/versions'), 'data') as { version: number }[]
    expect(versions.map((entry) => entry.version).sort()).toEqual(
      expect.arrayContaining([before, before + 1, before + 2]),
    )
  })

  test('its schema needs the token', async () => {
    expect((await send(`${sluice.url}/admin/config.schema.json`)).status).toBe(401)
    const schema = await sluice.done('GET', '/admin/config.schema.json')
    expect(pick(schema, 'properties', 'providers')).toBeDefined()
  })
})

describe('credentials, tenants, keys', () => {
  test('a credential comes and goes, and is never shown', async () => {
    const path = '/admin/credentials/passing'
    expect((await sluice.admin('PUT', path, { value: 'sk-secret-0001wxyz' })).status).toBe(201)
    expect((await sluice.admin('PUT', path, { value: 'sk-secret-0002wxyz' })).status).toBe(200)
    const listed = pick(await sluice.done('GET', '/admin/credentials'), 'data') as { name: string }[]
    expect(listed.find(({ name }) => name === 'passing')).toMatchObject({ version: 2, last4: 'wxyz', usedBy: [] })
    expect(listed.find(({ name }) => name === 'upstream')).toMatchObject({ usedBy: [expect.stringContaining('plain')] })
    expect(JSON.stringify(listed)).not.toContain('sk-secret')
    expect((await sluice.admin('DELETE', '/admin/credentials/upstream')).status).toBe(409)
    expect((await sluice.admin('DELETE', path)).status).toBe(204)
    expect((await sluice.admin('DELETE', path)).status).toBe(404)
    expectFaults(await sluice.admin('PUT', path, { value: '' }), 400)
    expectFaults(await sluice.admin('PUT', path, { value: 'x', more: 1 }), 400)
  })

  test('a tenant, its twin, its changes, its end', async () => {
    const made = await sluice.admin('POST', '/admin/tenants', {
      id: 'passing',
      name: 'Passing',
      metadata: { plan: 'free' },
    })
    expect(made.status).toBe(201)
    const twin = await sluice.admin('POST', '/admin/tenants', { id: 'passing', name: 'Twin' })
    expect(twin.status).toBe(409)
    expect(pick(twin.json, 'error', 'code')).toBe('conflict')
    expectFaults(await sluice.admin('POST', '/admin/tenants', { id: 'No Such Id', nme: 'x' }), 400)
    const patched = await sluice.admin('PATCH', '/admin/tenants/passing', { models: ['a*'], name: 'Passed' })
    expect(patched.status).toBe(200)
    const one = await sluice.done('GET', '/admin/tenants/passing')
    expect(one).toMatchObject({
      id: 'passing',
      name: 'Passed',
      state: 'active',
      models: ['a*'],
      metadata: { plan: 'free' },
    })
    const page = await sluice.done('GET', '/admin/tenants?limit=1')
    expect(page).toMatchObject({ data: [expect.anything()], has_more: true, last: expect.any(String) })
    const next = await sluice.done('GET', `/admin/tenants?limit=100&after=${pick(page, 'last')}`)
    const ids = [page, next].flatMap((part) => (pick(part, 'data') as { id: string }[]).map(({ id }) => id))
    expect(ids.sort()).toEqual(['main', 'passing'])
    expect((await sluice.admin('DELETE', '/admin/tenants/passing')).status).toBe(202)
    expect((await sluice.admin('GET', '/admin/tenants/passing')).status).toBe(404)
    expect((await sluice.admin('DELETE', '/admin/tenants/passing')).status).toBe(404)
    expect((await sluice.admin('POST', '/admin/tenants/passing/keys', { name: 'x' })).status).toBe(404)
  })

  test('a key is shown once', async () => {
    const made = await sluice.admin('POST', '/admin/tenants/main/keys', { name: 'app', models: ['plain'] })
    expect(made.status).toBe(201)
    const { id, key } = made.json as { id: string; key: string }
    expect(key).toMatch(new RegExp(`^slc_main_${id}_[0-9A-Za-z]{38}$`))
    expect(id).toMatch(/^[0-9A-Za-z]{8}$/)
    const keys = await sluice.done('GET', '/admin/tenants/main/keys')
    const entry = (pick(keys, 'data') as { id: string }[]).find((candidate) => candidate.id === id)
    expect(entry).toMatchObject({ name: 'app', state: 'active', expiresAt: null, lastUsedOn: null, models: ['plain'] })
    expect(JSON.stringify(keys)).not.toContain(key.slice(-38, -6))
    expectFaults(await sluice.admin('POST', '/admin/tenants/main/keys', { name: 'x', expiresAt: 'tomorrow' }), 400, [
      '/expiresAt',
    ])
    expectFaults(await sluice.admin('POST', `/admin/tenants/main/keys/${id}/rotate`, { overlapSeconds: -1 }), 400, [
      '/overlapSeconds',
    ])
    expect((await sluice.admin('POST', '/admin/tenants/main/keys/nonesuch/rotate', {})).status).toBe(404)
  })

  test('every change is in the audit, without secrets', async () => {
    const { data } = (await sluice.done('GET', '/admin/audit?limit=100')) as {
      data: { at: string; action: string; subject: string }[]
    }
    expect(data.length).toBeGreaterThan(3)
    for (const entry of data) {
      expect(Date.parse(entry.at)).not.toBeNaN()
      expect(entry).toMatchObject({
        actor: expect.any(String),
        action: expect.any(String),
        subject: expect.any(String),
      })
    }
    expect(JSON.stringify(data)).not.toContain('sk-')
    expect(JSON.stringify(data)).not.toContain(sluice.keyOf('main').key.slice(-38, -6))
  })

  test('a provider is checked', async () => {
    origin.on('plain', (call) =>
      call.method === 'GET'
        ? call.reply(200, JSON.stringify({ object: 'list', data: [{ id: 'm', object: 'model' }] }))
        : call.reply(200, whole('hello')),
    )
    const good = await sluice.done('POST', '/admin/providers/plain/check')
    expect(good).toMatchObject({ ok: true, latencyMs: expect.any(Number) })
    expect(await sluice.done('POST', '/admin/providers/fails/check')).toMatchObject({
      ok: false,
      error: expect.anything(),
    })
    expect((await sluice.admin('POST', '/admin/providers/nobody/check')).status).toBe(404)
  })
})

describe('usage', () => {
  test('adds up, by what it is asked by', async () => {
    await sluice.makeTenant('metered')
    const { id, key } = sluice.keyOf('metered')
    const post = (model: string, isStream = false) => sluice.post(key, '/v1/chat/completions', chat(model, isStream))
    const replies = [await post('plain'), await post('plain'), await post('unpriced'), await post('fails')]
    replies.push(await post('breaks', true), await post('rejects'), await post('none'))
    await sluice.post(key, '/v1/chat/completions', '{')
    const last = replies.at(-1)?.headers['x-request-id']
    await sluice.row('metered', last)
    const usage = async (query: string) =>
      pick(await sluice.done('GET', `/admin/tenants/metered/usage?${query}`), 'data') as Record<string, unknown>[]
    await eventually('all eight in the roll-up', ROW_MS, async () => {
      const [sum] = await usage('')
      return Number(sum?.requests) + Number(sum?.refused) === 8 ? sum : undefined
    })
    const [sum] = await usage('')
    // plain, plain, unpriced, fails, breaks went on; rejects, none and the broken JSON were refused.
    expect(sum).toMatchObject({ requests: 5, refused: 3, errors: 2, cancelled: 0, costMicroUsd: null })
    const byModel = await usage('by=model')
    const plain = byModel.find(({ model }) => model === 'plain')
    // 2 × (11 × 2 + 7 × 4) micro-dollars.
    expect(plain).toMatchObject({
      requests: 2,
      inputTokens: 22,
      outputTokens: 14,
      costMicroUsd: 100,
      unpricedRequests: 0,
    })
    expect(plain).toMatchObject({
      firstTokenMs: { p50: null, p95: null },
      totalMs: { p50: expect.any(Number), p95: expect.any(Number) },
    })
    expect(byModel.find(({ model }) => model === 'unpriced')).toMatchObject({
      requests: 1,
      costMicroUsd: null,
      unpricedRequests: 1,
    })
    // Only a stream has a first token.
    const broken = byModel.find(({ model }) => model === 'breaks')
    expect(broken).toMatchObject({ firstTokenMs: { p50: expect.any(Number), p95: expect.any(Number) } })
    const today = new Date().toISOString().slice(0, 10)
    const byAll = await usage('by=model,key,day')
    expect(byAll.every(({ key: keyId, day }) => keyId === id && day === today)).toBe(true)
    expect(await usage(`from=${new Date(Date.now() + 86_400_000).toISOString()}`)).toEqual([])
    const rows = await sluice.rows('metered')
    expect(rows).toHaveLength(8)
    expect(rows.map(({ at }) => at)).toEqual(
      rows
        .map(({ at }) => at)
        .toSorted()
        .toReversed(),
    )
    expect(rows.filter(({ outcome }) => outcome === 'refused')).toHaveLength(3)
  })
})
