/** Webhooks as callers and operators meet them: who may name one, which URLs are refused, and where no secret turns up. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { pick, type Reply } from '../support/http-client.ts'
import { ScriptedOrigin } from '../support/scripted-origin.ts'
import { setUp, type TestSluice } from '../support/sluice.ts'
import { chat, whole } from '../support/wire.ts'

const TARGET = 'https://hooks.example.com/canaryWebhookPath7'
const PATHS = ['/v1/chat/completions', '/v1/messages', '/v1/responses'] as const

let origin: ScriptedOrigin
let sluice: TestSluice
/** Every secret that the operator was shown. */
const secrets: string[] = []
const told: Reply[] = []

async function listen(asked: Promise<Reply>): Promise<Reply> {
  const reply = await asked
  told.push(reply)
  return reply
}

const bodies = {
  '/v1/chat/completions': chat('chat', false),
  '/v1/messages': { model: 'chat', max_tokens: 10, messages: [{ role: 'user', content: 'hi' }] },
  '/v1/responses': { model: 'chat', input: 'hi' },
}
const ask = (tenant: string, path: (typeof PATHS)[number], webhook: string): Promise<Reply> =>
  listen(sluice.post(sluice.keyOf(tenant).key, path, bodies[path], { headers: { 'x-sluice-webhook': webhook } }))

beforeAll(async () => {
  origin = await ScriptedOrigin.start()
  origin.on('chat', (call) => call.reply(200, whole('hello')))
  sluice = await setUp({
    config: {
      log: 'all',
      providers: { one: { protocol: 'openai', baseUrl: origin.url('chat') } },
      models: { chat: { targets: [{ provider: 'one', model: 'm' }] } },
      webhooks: { ownHosts: ['gateway.example.com'] },
    },
    tenants: [{ id: 'bare' }, { id: 'told' }],
  })
  const at = '/admin/tenants/told/webhook'
  secrets.push(String(pick(await sluice.done('PUT', at, { url: TARGET }), 'secret')))
  secrets.push(String(pick(await sluice.done('POST', `${at}/rotate`), 'secret')))
  for (const [method, path] of [
    ['GET', at],
    ['PUT', at],
    ['GET', '/admin/audit'],
    ['GET', '/admin/tenants/told'],
    ['GET', '/admin/tenants/told/credentials'],
    ['POST', '/admin/credentials/reseal'],
  ] as const)
    await listen(sluice.admin(method, path, method === 'PUT' ? {} : undefined))
})

afterAll(async () => {
  await sluice?.stop()
  await origin?.close()
})

describe.each(PATHS)('%s', (path) => {
  test('without a secret of the tenant’s there is nothing to sign with', async () => {
    const before = origin.calls('chat').length
    const reply = await ask('bare', path, TARGET)
    expect(reply.status).toBe(400)
    expect(pick(reply.json, 'error', 'message')).toContain('Ask your operator')
    if (path !== '/v1/messages') {
      expect(pick(reply.json, 'error', 'code')).toBe('invalid_request')
      expect(pick(reply.json, 'error', 'param')).toBe('x-sluice-webhook')
    }
    expect(origin.calls('chat')).toHaveLength(before)
  })

  test.each([
    ['http://hooks.example.com/', 'https://'],
    ['https://2130706433/', 'IP address'],
    ['https://gateway.example.com/v1/responses', 'lead back here'],
    ['https://hooks.example.com:9000/', 'port 443 or 8443'],
    [`https://hooks.example.com/${'x'.repeat(2048)}`, '2048'],
  ])('%s is refused with the reason', async (webhook, reason) => {
    const reply = await ask('told', path, webhook)
    expect(reply.status).toBe(400)
    expect(pick(reply.json, 'error', 'message')).toContain(reason)
  })

  test('a good one does not change the answer', async () => {
    expect((await ask('told', path, TARGET)).status).toBe(200)
  })
})

test('a secret is shown where it is made, and in no other reply, header, line of the log or file of the state', () => {
  expect(secrets.map((secret) => /^whsec_[\w+/]{44}$/.test(secret))).toEqual([true, true])
  const files = readdirSync(sluice.state, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  expect(files.filter(({ name }) => name.endsWith('.sqlite')).length).toBeGreaterThanOrEqual(2)
  const places = [
    ...told.map((reply) => `${JSON.stringify(reply.headers)} ${reply.body}`),
    sluice.output(),
    ...files.map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'latin1')),
  ]
  for (const secret of secrets) {
    for (const place of places) expect(place.includes(secret.slice(6, 36))).toBe(false)
  }
  expect(sluice.output()).not.toContain('canaryWebhookPath7')
})
