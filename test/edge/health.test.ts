/** Alive, and ready: what each looks at, and how the second says what is wrong. */
import { expect, it } from 'vitest'
import { systemClock } from '../../src/lib/clock.ts'
import { VERSION } from '../../src/lib/version.ts'
import type { Services } from '../../src/services.ts'
import { createVault } from '../../src/vault/vault.ts'
import { isolate } from '../support/worker.ts'

const CONFIG = {
  providers: {
    gpu: {
      protocol: 'openai',
      pool: {
        replicas: [
          { id: 'a', url: 'http://10.0.0.1/v1', binding: 'GPU_VPC' },
          { id: 'b', url: 'http://10.0.0.2/v1', binding: 'GPU_VPC' },
          { id: 'c', url: 'http://10.0.0.3/v1', binding: 'OTHER_VPC' },
          { id: 'd', url: 'https://gpu.example.com/v1' },
        ],
      },
    },
    up: { protocol: 'openai', baseUrl: 'https://up.test/v1' },
  },
}
const fetcher = { fetch: async () => new Response() }
/** This Worker has these bindings. */
const having = (...names: string[]): Partial<Services> => ({
  binding: (name) => (names.includes(name) ? fetcher : undefined),
})

it('is alive without a look at any store', async () => {
  const down = { snapshot: () => Promise.reject(new Error('down')) } as unknown as Services['directory']
  const at = await isolate({ services: { directory: down } })
  const reply = await at.fetch('/health', { headers: { 'x-request-id': 'mine' } })
  expect(reply.status).toBe(200)
  expect(reply.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  expect(reply.headers.get('x-client-request-id')).toBe('mine')
  expect(await reply.json()).toEqual({ status: 'ok', version: VERSION })
})

it('is ready when the Directory answers and every binding is there', async () => {
  const at = await isolate({ config: CONFIG, services: having('GPU_VPC', 'OTHER_VPC') })
  const reply = await at.fetch('/ready')
  expect(reply.status).toBe(200)
  expect(reply.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  expect(await reply.json()).toEqual({ status: 'ready', checks: { directory: 'ok' } })
  expect(at.clock.timers).toBe(0)
})

it('names each missing binding once, from the first request of an isolate on', async () => {
  const at = await isolate({ config: CONFIG, services: having('OTHER_VPC') })
  for (let times = 0; times < 2; times += 1) {
    const reply = await at.fetch('/ready')
    expect(reply.status).toBe(503)
    expect(await reply.json()).toEqual({
      status: 'degraded',
      checks: { directory: 'ok', 'binding:GPU_VPC': 'missing' },
    })
    await at.get('/v1/models')
  }
  const none = await isolate({ config: CONFIG, services: having() })
  expect(await (await none.fetch('/ready')).json()).toMatchObject({
    checks: { 'binding:GPU_VPC': 'missing', 'binding:OTHER_VPC': 'missing' },
  })
})

it('warns of targets without a price, and is ready all the same', async () => {
  const price = { input: 1, output: 2 }
  const at = await isolate({
    config: {
      providers: { up: { protocol: 'openai', baseUrl: 'https://up.test/v1' } },
      models: {
        priced: { targets: [{ provider: 'up', model: 'm', price }] },
        mixed: {
          targets: [
            { provider: 'up', model: 'a' },
            { provider: 'up', model: 'b', price },
            { provider: 'up', model: 'c' },
          ],
        },
      },
    },
  })
  const reply = await at.fetch('/ready')
  expect(reply.status).toBe(200)
  expect(await reply.json()).toEqual({
    status: 'ready',
    checks: { directory: 'ok' },
    warnings: { 'price:mixed': 'missing for up/a, up/c' },
  })
})

it('warns of a guard that has no store to count with', async () => {
  const config = { guard: { requests: 10, perSeconds: 60 } }
  const rateLimiter = { limit: async () => ({ allowed: true as const }) }
  const lacking = await (await isolate({ config, services: { rateLimiter: undefined } })).fetch('/ready')
  expect(lacking.status).toBe(200)
  expect(await lacking.json()).toMatchObject({ warnings: { guard: expect.stringContaining('RATE_LIMITER') } })
  const having = await (await isolate({ config, services: { rateLimiter } })).fetch('/ready')
  expect(await having.json()).toEqual({ status: 'ready', checks: { directory: 'ok' } })
})

it('says that the store of a cache is down, and that nothing is recalled by meaning; it is ready all the same', async () => {
  const replyCache = { lookUp: () => Promise.reject(new Error('down')) } as unknown as Services['replyCache']
  const cache = { exact: true, semantic: { enabled: true } }
  const config = {
    providers: { up: { protocol: 'openai', baseUrl: 'https://up.test/v1' } },
    models: { chat: { targets: [{ provider: 'up', model: 'm', price: { input: 1, output: 2 } }], cache } },
  }
  const reply = await (await isolate({ config, services: { replyCache } })).fetch('/ready')
  expect(reply.status).toBe(200)
  expect(await reply.json()).toEqual({
    status: 'ready',
    checks: { directory: 'ok', cache: 'down' },
    warnings: { semantic: 'semantic caching is off for chat: the config has no embedder' },
  })
})

it('says that the Directory is down, though a snapshot still serves', async () => {
  const { directory: real } = (await isolate()).services
  let isDown = false
  const directory: Services['directory'] = {
    ...real,
    snapshot: (known) => (isDown ? Promise.reject(new Error('down')) : real.snapshot(known)),
  }
  const other = await isolate({ config: CONFIG, services: { directory, ...having('GPU_VPC', 'OTHER_VPC') } })
  expect((await other.fetch('/ready')).status).toBe(200)
  expect((await other.get('/v1/models')).status).toBe(200)
  isDown = true
  const reply = await other.fetch('/ready')
  expect(reply.status).toBe(503)
  expect(await reply.json()).toEqual({ status: 'degraded', checks: { directory: 'down' } })
  expect((await other.get('/v1/models')).status).toBe(200)

  const down = { snapshot: () => Promise.reject(new Error('down')) } as unknown as Services['directory']
  const both = await isolate({ config: CONFIG, services: { directory: down, ...having('GPU_VPC') } })
  await both.services.deployment.get()
  expect(await (await both.fetch('/ready')).json()).toMatchObject({
    checks: { directory: 'down', 'binding:OTHER_VPC': 'missing' },
  })
})

it('waits two seconds for the Directory, and no longer', async () => {
  const directory = { snapshot: () => new Promise(() => {}) } as unknown as Services['directory']
  const at = await isolate({ services: { directory } })
  let isThere = false
  const pending = at.fetch('/ready').finally(() => {
    isThere = true
  })
  await at.clock.advance(1999)
  expect(isThere).toBe(false)
  await at.clock.advance(1)
  expect((await pending).status).toBe(503)
})

it('asks with the revision it has', async () => {
  const asked: number[] = []
  const directory = {
    async snapshot(known: number) {
      asked.push(known)
      return null
    },
  } as unknown as Services['directory']
  const at = await isolate({ services: { directory } })
  await at.fetch('/ready')
  const { revision } = await at.services.deployment.get()
  await at.fetch('/ready')
  expect(asked).toEqual([-1, revision])
})

it('is not ready with a master key that does not open what is stored', async () => {
  const wrong = createVault({ masterKey: btoa('w'.repeat(32)), clock: systemClock })
  const at = await isolate({ services: { vault: wrong } })
  const reply = await at.fetch('/ready')
  expect(reply.status).toBe(503)
  expect(await reply.json()).toMatchObject({
    status: 'degraded',
    checks: { directory: 'ok', vault: expect.any(String) },
  })
})
