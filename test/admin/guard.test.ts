/** The guard: tokens, and what wrong ones lead to. */
import { Hono } from 'hono'
import { expect, it } from 'vitest'
import { onError } from '../../src/admin/errors.ts'
import { guard } from '../../src/admin/guard.ts'
import type { AdminEnv } from '../../src/admin/routing.ts'

const CURRENT = 'current-token-0123456789-0123456789'
const PREVIOUS = 'previous-token-0123456789-012345678'

function guarded(tokens = [CURRENT, PREVIOUS]) {
  let now = 1_000_000
  const app = new Hono<AdminEnv>()
  app.onError(onError)
  app.use(async (c, next) => {
    const services = { adminTokens: tokens, clock: { now: () => now }, log: () => {} }
    c.set('services', services as unknown as AdminEnv['Variables']['services'])
    await next()
  })
  app.use(guard())
  app.get('/', (c) => c.text(c.get('actor')))
  const call = (authorization?: string, address?: string) =>
    app.request('/', {
      headers: {
        ...(authorization === undefined ? {} : { authorization }),
        ...(address === undefined ? {} : { 'cf-connecting-ip': address }),
      },
    })
  return { call, pass: (ms: number) => (now += ms) }
}

it('knows the bearer of either token by name', async () => {
  const { call } = guarded()
  expect(await (await call(`Bearer ${CURRENT}`)).text()).toBe('admin/current')
  expect(await (await call(`bearer  ${PREVIOUS}`)).text()).toBe('admin/previous')
})

it('refuses everything else in the shape of the admin API', async () => {
  const { call } = guarded()
  const wrong = [undefined, '', 'Bearer', `Bearer ${CURRENT}x`, `Bearer ${CURRENT.slice(0, -1)}`, `Basic ${CURRENT}`]
  for (const authorization of wrong) {
    const reply = await call(authorization)
    expect(reply.status, authorization).toBe(401)
    expect(reply.headers.get('www-authenticate')).toBe('Bearer')
    expect(await reply.json()).toEqual({
      error: {
        message: expect.stringContaining('admin token'),
        type: 'authentication_error',
        param: null,
        code: 'invalid_api_key',
        faults: [],
      },
    })
  }
})

it('lets nobody in by an empty token', async () => {
  const { call } = guarded([''])
  expect((await call('Bearer ')).status).toBe(401)
  expect((await call()).status).toBe(401)
})

it('answers 429 after ten failures a minute from one address, and to that one only', async () => {
  const { call, pass } = guarded()
  for (let failure = 0; failure < 10; failure++) {
    expect((await call('Bearer no', '192.0.2.1')).status).toBe(401)
    pass(1000)
  }
  const refused = await call('Bearer no', '192.0.2.1')
  expect(refused.status).toBe(429)
  expect(refused.headers.get('retry-after')).toBe('50')
  expect(await refused.json()).toMatchObject({ error: { code: 'rate_limit_exceeded', type: 'rate_limit_error' } })
  expect((await call('Bearer no', '192.0.2.2')).status).toBe(401)
  pass(50_000)
  expect((await call('Bearer no', '192.0.2.1')).status).toBe(401)
})

it('never locks the operator out by the failures of others at the same address', async () => {
  const { call } = guarded()
  for (const address of ['192.0.2.1', undefined]) {
    for (let failure = 0; failure < 10; failure++) await call('Bearer no', address)
    expect((await call(`Bearer ${CURRENT}`, address)).status).toBe(200)
    expect((await call('Bearer no', address)).status).toBe(429)
  }
})

it('does not count success', async () => {
  const { call } = guarded()
  for (let index = 0; index < 20; index++) await call(`Bearer ${CURRENT}`, '192.0.2.1')
  expect((await call('Bearer no', '192.0.2.1')).status).toBe(401)
})
