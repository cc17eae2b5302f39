/** The demo's set-up against a stand-in for the admin API: idempotent, careful with what is not its own. */
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { applyDemo, forgetDemo, useOrigin } from '../../../scripts/support/demo.ts'

/** What the stand-in knows, and what it was asked to change. */
const gateway = {
  version: 0,
  config: null as unknown,
  keys: [] as string[],
  tenants: 0,
  changes: [] as string[],
}
let server: Server
let url: string
let state: string

beforeEach(async () => {
  Object.assign(gateway, { version: 0, config: null, keys: [], tenants: 0, changes: [] })
  server = createServer(async (request, response) => {
    let text = ''
    for await (const chunk of request) text += chunk
    const { status, body } = answer(`${request.method} ${request.url}`, text, request.headers.authorization ?? '')
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  state = await mkdtemp(join(tmpdir(), 'sluice-demo-'))
})
afterEach(async () => {
  server.close()
  await rm(state, { recursive: true })
})

function answer(call: string, text: string, bearer: string): { status: number; body: unknown } {
  if (call === 'GET /v1/models') {
    if (!gateway.keys.includes(bearer.slice(7))) return { status: 401, body: {} }
    return { status: 200, body: { data: [{ id: 'embed-small' }, { id: 'demo' }] } }
  }
  if (bearer !== 'Bearer token') return { status: 401, body: {} }
  if (call === 'GET /admin/config') return { status: 200, body: { version: gateway.version, config: gateway.config } }
  gateway.changes.push(call)
  switch (call) {
    case 'PUT /admin/config':
      gateway.version += 1
      gateway.config = JSON.parse(text)
      return { status: 200, body: { version: gateway.version, changes: [] } }
    case 'POST /admin/tenants':
      gateway.tenants += 1
      return { status: gateway.tenants === 1 ? 201 : 409, body: {} }
    case 'POST /admin/tenants/demo/keys':
      gateway.keys.push(`slc_demo_${gateway.keys.length}`)
      return { status: 201, body: { key: gateway.keys.at(-1) } }
  }
  return { status: 404, body: {} }
}

const said: string[] = []
const apply = (document: unknown = { models: {} }, token = 'token') =>
  applyDemo({ url, token, state, upstream: { document }, say: (line) => said.push(line) })

test('config, tenant and key are made, and the key is kept for its owner alone', async () => {
  expect(await apply()).toEqual({ key: 'slc_demo_0', alias: 'demo' })
  expect(gateway.changes).toEqual(['PUT /admin/config', 'POST /admin/tenants', 'POST /admin/tenants/demo/keys'])
  const note = join(state, 'demo.json')
  expect((await stat(note)).mode & 0o777).toBe(0o600)
  expect(JSON.parse(await readFile(note, 'utf8'))).toEqual({ version: 1, key: 'slc_demo_0' })
})

test('the second time nothing changes', async () => {
  await apply()
  expect((await apply()).key).toBe('slc_demo_0')
  expect(gateway).toMatchObject({ version: 1, keys: ['slc_demo_0'] })
})

test('another upstream replaces the config of the last', async () => {
  await apply()
  await apply({ models: { other: {} } })
  expect(gateway).toMatchObject({ version: 2, config: { models: { other: {} } } })
})

test('a config that somebody else applied stays, and that is said', async () => {
  await apply()
  Object.assign(gateway, { version: 5, config: { models: { mine: {} } } })
  await apply({ models: { other: {} } })
  expect(gateway).toMatchObject({ version: 5, config: { models: { mine: {} } } })
  expect(said.at(-1)).toContain('version 5 is your own')
})

test('a key that is no longer known is replaced', async () => {
  await apply()
  gateway.keys = ['slc_demo_another']
  expect((await apply()).key).toBe('slc_demo_1')
})

test('forgotten with the rest of the state, all is made anew', async () => {
  await apply()
  await forgetDemo(state)
  Object.assign(gateway, { version: 0, config: null })
  expect((await apply()).key).toBe('slc_demo_1')
})

test('a refusal of the admin API is shown whole', async () => {
  await expect(apply({}, 'wrong')).rejects.toThrow('GET /admin/config answered 401')
})

test('of another server the first model is taken, or the one that is named', async () => {
  const model = (name: string) => ({
    providers: { gpu: { protocol: 'openai', baseUrl: `${url}/v1` } },
    models: { demo: { targets: [{ provider: 'gpu', model: name }] } },
  })
  await expect(useOrigin(`${url}/v1`, undefined)).rejects.toThrow('lists no model')
  expect((await useOrigin(`${url}/v1`, 'llama')).document).toMatchObject(model('llama'))
  // From now on it answers without a key.
  gateway.keys.push('')
  expect((await useOrigin(`${url}/v1`, undefined)).document).toMatchObject(model('embed-small'))
})
