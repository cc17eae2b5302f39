/** Canaries: planted as keys, prompts, answers and in upstream errors, they must turn up nowhere but where they belong. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { pick, type Reply, send } from '../support/http-client.ts'
import { ScriptedOrigin } from '../support/scripted-origin.ts'
import { eventually, ROW_MS, setUp, type TestSluice } from '../support/sluice.ts'
import { chat, event, role, stream, text, whole } from '../support/wire.ts'

const OPERATOR_KEY = 'sk-proj-canaryOperator7Qx2mZ9LfT4vB8nKcW1y'
const TENANT_KEY = 'sk-proj-canaryTenant5Hj3pR6sD0gYuE2aXwQ9o'
/** Short enough not to be taken for a token by its length alone. */
const ODD_KEY = 'canary-odd-key'
const PROMPT = 'canaryPrompt4Vb7'
const ANSWER = 'canaryAnswer6Tn3'
const DETAIL = 'canaryDetail9Ke1'
const CANARIES = { OPERATOR_KEY, TENANT_KEY, ODD_KEY, PROMPT, ANSWER, DETAIL }

/** An error that says all it knows: the key it was called with, the prompt, an address, a person, a token. */
const confession = (key: string): string =>
  JSON.stringify({
    error: {
      message: `Key ${key} of jane.doe@example.com may not say "${PROMPT}", see https://inside.example/k?key=${key} or eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N`,
      type: 'invalid_request_error',
      param: 'messages',
      code: `${DETAIL}-code`,
      details: { key, note: DETAIL },
    },
    key,
    debug: DETAIL,
    prompt: PROMPT,
  })
const keyIn = (authorization: string | undefined): string => (authorization ?? '').replace('Bearer ', '')

const STATUSES = [302, 400, 401, 404, 413, 422, 429, 500, 503]
const names = [
  'good',
  'embed',
  'odd',
  'in-200',
  'in-stream',
  'late',
  'cut',
  ...STATUSES.map((status) => `status-${status}`),
]

let origin: ScriptedOrigin
let sluice: TestSluice
/** Everything any caller or operator was told. */
const told: { readonly what: string; readonly reply: Reply }[] = []
const answers: Reply[] = []
let apiKeys: string[]

async function listen(what: string, reply: Promise<Reply>): Promise<Reply> {
  const heard = await reply
  told.push({ what, reply: heard })
  return heard
}

beforeAll(async () => {
  origin = await ScriptedOrigin.start()
  for (const status of STATUSES) {
    origin.on(`status-${status}`, (call) => {
      const key = keyIn(call.headers.authorization)
      return call.reply(status, confession(key), { location: `https://inside.example/?key=${key}` })
    })
  }
  origin.on('odd', (call) => call.reply(400, confession(keyIn(call.headers.authorization))))
  origin.on('in-200', (call) => call.reply(200, confession(keyIn(call.headers.authorization))))
  origin.on('in-stream', async (call) => {
    await call.head(200)
    await call.end(event(JSON.parse(confession(keyIn(call.headers.authorization)))))
  })
  origin.on('late', async (call) => {
    await call.head(200)
    await call.write(role() + text('begun'))
    await call.end(event(JSON.parse(confession(keyIn(call.headers.authorization)))))
  })
  origin.on('cut', (call) => call.reset())
  origin.on('embed', (call) =>
    call.json.input === undefined
      ? call.reply(400, confession(keyIn(call.headers.authorization)))
      : call.reply(200, JSON.stringify({ data: [{ index: 0, embedding: [3, 4] }] })),
  )
  origin.on('good', (call) =>
    call.json.stream === true
      ? call.reply(200, stream(ANSWER), { 'content-type': 'text/event-stream' })
      : call.reply(200, whole(ANSWER)),
  )
  sluice = await setUp({
    credentials: { upstream: OPERATOR_KEY, odd: ODD_KEY },
    config: {
      log: 'all',
      providers: Object.fromEntries(
        names.map((name) => {
          const credential = name === 'odd' ? 'odd' : 'upstream'
          return [name, { protocol: 'openai', baseUrl: origin.url(name), credential }] as const
        }),
      ),
      models: {
        ...Object.fromEntries(
          names.map((name) => [name, { targets: [{ provider: name, model: 'm' }], retries: 0 }] as const),
        ),
        kept: {
          targets: [{ provider: 'good', model: 'm' }],
          cache: { exact: true, semantic: { enabled: true } },
        },
        embed: { targets: [{ provider: 'embed', model: 'e' }] },
      },
      embedder: { model: 'embed' },
    },
    tenants: [{ id: 'operators' }, { id: 'own' }],
  })
  await listen('own credential', sluice.admin('PUT', '/admin/tenants/own/credentials/upstream', { value: TENANT_KEY }))
  apiKeys = ['operators', 'own'].map((tenant) => sluice.keyOf(tenant).key)
  // Until the tenant's own key is the one that arrives.
  await eventually('the own credential', 10_000, async () => {
    await sluice.post(sluice.keyOf('own').key, '/v1/chat/completions', chat('good', false))
    return origin.calls('good').at(-1)?.headers.authorization === `Bearer ${TENANT_KEY}` ? true : undefined
  })
  for (const tenant of ['operators', 'own']) {
    const { key } = sluice.keyOf(tenant)
    for (const name of names) {
      for (const isStream of [false, true]) {
        const body = chat(name, isStream, { messages: [{ role: 'user', content: PROMPT }], user: PROMPT })
        const asked = sluice.post(key, '/v1/chat/completions', body)
        if (name === 'good') answers.push(await asked)
        else await listen(`${tenant} ${name} ${isStream ? 'stream' : 'whole'}`, asked)
      }
    }
    const last = await eventually('all rows', ROW_MS, async () => {
      const rows = await sluice.rows(tenant)
      return rows.length >= names.length * 2 ? rows : undefined
    })
    expect(last.length).toBeGreaterThanOrEqual(names.length * 2)
  }
  // Kept by its words and by its meaning: neither the prompt nor the answer may be read where they are kept.
  const kept = chat('kept', false, { messages: [{ role: 'user', content: `${PROMPT} in Paris` }] })
  answers.push(await sluice.post(sluice.keyOf('own').key, '/v1/chat/completions', kept))
  await eventually('the reply and its vector', ROW_MS, async () => {
    const cache = await sluice.done('GET', '/admin/tenants/own/cache')
    return Number(pick(cache, 'entries')) >= 2 && Number(pick(cache, 'routes', 0, 'vectors')) === 1 ? true : undefined
  })
  for (const key of apiKeys) {
    await listen('wrong key', send(`${sluice.url}/v1/models`, { headers: { 'x-api-key': `${key.slice(0, -1)}_` } }))
    const bad = { messages: PROMPT, model: 5, [OPERATOR_KEY]: OPERATOR_KEY }
    await listen('bad body', sluice.post(key, '/v1/chat/completions', bad))
    await listen('no JSON', sluice.post(key, '/v1/chat/completions', `{"messages": ${PROMPT} ${OPERATOR_KEY}`))
  }
  for (const name of names) await listen(`check ${name}`, sluice.admin('POST', `/admin/providers/${name}/check`))
  for (const [method, path, body] of [
    ['PUT', '/admin/credentials/upstream', { value: OPERATOR_KEY, extra: OPERATOR_KEY }],
    ['PUT', '/admin/credentials/BAD_NAME', { value: OPERATOR_KEY }],
    ['PUT', '/admin/credentials/other', { value: { [OPERATOR_KEY]: OPERATOR_KEY } }],
    ['PUT', '/admin/credentials/other', `{"value": "${OPERATOR_KEY}`],
    ['GET', '/admin/credentials'],
    ['GET', '/admin/config'],
    ['GET', '/admin/audit'],
    ['GET', '/admin/status'],
    ['GET', '/admin/tenants'],
    ['GET', '/admin/tenants/own'],
    ['GET', '/admin/tenants/own/keys'],
    ['GET', '/admin/tenants/own/credentials'],
    ['GET', '/admin/tenants/own/credentials/upstream'],
    ['GET', '/admin/tenants/own/usage?by=model,key,day'],
    ['GET', '/admin/tenants/own/usage/requests'],
    ['GET', '/admin/tenants/own/cache'],
    ['POST', '/admin/credentials/reseal'],
  ] as const) {
    await listen(`${method} ${path}`, sluice.admin(method, path, body))
  }
})

afterAll(async () => {
  await sluice?.stop()
  await origin?.close()
})

/** Secrets and their halves: half a key is a key too many. */
const secretsOf = (): string[] => [
  ...[OPERATOR_KEY, TENANT_KEY].flatMap((key) => [key, key.slice(8, 24), key.slice(-16)]),
  ODD_KEY,
  DETAIL,
  ...apiKeys.map((key) => key.slice(-38, -6)),
]

function expectNone(where: string, content: string | Buffer, secrets: readonly string[]): void {
  for (const secret of secrets) {
    const at = content.indexOf(secret)
    if (at < 0) continue
    const around = content.slice(Math.max(0, at - 60), at + secret.length + 60).toString()
    expect.fail(`${secret} in ${where}: …${around}…`)
  }
}

describe('no canary', () => {
  test('in any reply or header', () => {
    expect(told.length).toBeGreaterThan(names.length * 4)
    for (const { what, reply } of told) expectNone(what, `${JSON.stringify(reply.headers)} ${reply.body}`, secretsOf())
    for (const reply of answers) {
      expect(reply.body).toContain(ANSWER)
      expectNone('an answer', `${JSON.stringify(reply.headers)} ${reply.body}`, [...secretsOf(), PROMPT])
    }
  })

  test('in any line of the log, whatever the log says', () => {
    const log = sluice.output()
    // One structured line a request, or this test would prove nothing.
    const ids = [...told.map(({ reply }) => reply), ...answers].map((reply) => reply.headers['x-request-id'] ?? '')
    expect(ids.filter((id) => id !== '' && log.includes(id)).length).toBeGreaterThan(names.length * 2)
    expectNone('the log', log, [...secretsOf(), PROMPT, ANSWER, 'jane.doe', 'inside.example'])
  })

  test('in any file of the state', () => {
    const files = readdirSync(sluice.state, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    expect(files.filter(({ name }) => name.endsWith('.sqlite')).length).toBeGreaterThanOrEqual(3)
    for (const { parentPath, name } of files) {
      const content = readFileSync(join(parentPath, name))
      expectNone(name, content, [...secretsOf(), PROMPT, ANSWER, sluice.adminToken])
    }
  })
})

describe('what is relayed of a provider’s refusal', () => {
  test.each(['status-400', 'status-413', 'status-422', 'odd'])('%s: its message, blanked', (name) => {
    const found = told.filter(({ what }) => what === `operators ${name} whole`)
    const [{ reply } = { reply: undefined }] = found
    const message = String(pick(reply?.json, 'error', 'message'))
    expect(message).toContain('may not say')
    for (const word of [
      'jane.doe',
      'inside.example',
      'https://',
      'eyJhbGci',
      ...Object.values({ OPERATOR_KEY, ODD_KEY }),
    ]) {
      expect(message).not.toContain(word)
    }
    expect(pick(reply?.json, 'error', 'code')).toBe('upstream_rejected')
    expect(pick(reply?.json, 'error', 'param')).toBe('messages')
  })
})

test('the upstream got the key and the prompt, and nothing of the other’s', () => {
  const calls = names.flatMap((name) => origin.calls(name))
  const seen = calls.map(({ headers, body }) => JSON.stringify(headers) + body)
  expect(calls.filter(({ body }) => body.includes(PROMPT)).length).toBeGreaterThan(names.length * 2)
  for (const key of apiKeys) expect(seen.filter((call) => call.includes(key))).toEqual([])
  expect(seen.filter((call) => call.includes(OPERATOR_KEY) && call.includes(TENANT_KEY))).toEqual([])
  expect(Object.keys(CANARIES)).toHaveLength(6)
})
