/** The limits of the calling key. */
import { expect, it } from 'vitest'
import type { Limit } from '../../src/core/config.ts'
import type { Counter } from '../../src/core/ledger/types.ts'
import type { Services } from '../../src/services.ts'
import { isolate } from '../support/worker.ts'

const target = { targets: [{ provider: 'up', model: 'm' }] }
const config = (...limits: Limit[]) => ({
  providers: { up: { protocol: 'openai', baseUrl: 'https://up.test/v1' } },
  models: { open: target, secret: target },
  limits,
})
const rpm: Limit = { name: 'rpm', of: 'requests', amount: 600, perSeconds: 60 }
type At = Awaited<ReturnType<typeof isolate>>

const rows = async (at: At, headers: Record<string, string> = {}) => {
  const reply = await at.get('/v1/limits', { 'x-request-id': 'mine', ...headers })
  expect(reply.status).toBe(200)
  expect(reply.headers.get('x-client-request-id')).toBe('mine')
  return ((await reply.json()) as { data: Record<string, unknown>[] }).data
}

/** A ledger that has counted `used` on every counter, named or not, and says what it was asked. */
function counted(used: number, others: Counter[] = []) {
  const asked: string[][] = []
  const tenantAdmin = () => ({
    ledger: async (counters: Counter[]) => {
      asked.push(counters.map(({ limit, subject }) => `${limit} ${subject}`))
      const level = { remaining: 0, resetMs: 1000 }
      const of = (counter: Counter) => ({ counter, used, level, waiting: 0, nextFreeMs: 0 })
      return { counters: [...counters, ...others].map(of), reservations: 0, slices: 0, waiting: 0 }
    },
  })
  return { asked, services: { tenantAdmin: tenantAdmin as unknown as Services['tenantAdmin'] } }
}

it('shows the key’s own, those of its tenant, and the deployment’s, by name', async () => {
  const at = await isolate({
    config: config(rpm, { ...rpm, name: 'shared', amount: 9 }, { ...rpm, name: 'gone' }),
    tenant: {
      limits: [
        { ...rpm, amount: 60 },
        { name: 'gone', amount: null },
      ],
    },
    key: { limits: [{ ...rpm, amount: 6 }] },
  })
  expect(await rows(at)).toEqual([
    expect.objectContaining({ name: 'rpm', amount: 6, scope: 'key', subject: at.keyId, used: 0, remaining: 6 }),
    expect.objectContaining({ name: 'shared', amount: 9, scope: 'tenant', subject: null, used: 0, remaining: 9 }),
  ])
  expect(await rows(await isolate())).toEqual([])
})

it('asks for nobody but the key, what it may call, and the end user that the request names', async () => {
  const limits = (['key', 'model', 'user', 'tenant'] as const).map((scope): Limit => ({ ...rpm, name: scope, scope }))
  const stranger: Counter = {
    id: 'user requests sliding 60000 user stranger',
    limit: 'user',
    of: 'requests',
    window: { kind: 'sliding', perMs: 60_000 },
    amount: 600,
    hard: false,
    scope: 'user',
    subject: 'stranger',
  }
  const { asked, services } = counted(4, [stranger])
  const at = await isolate({ config: config(...limits), key: { models: ['open'] }, services })
  expect(await rows(at)).toMatchObject([
    { name: 'key', subject: at.keyId, used: 4, remaining: 596 },
    { name: 'model', subject: 'open', used: 4 },
    { name: 'user', subject: null, used: 0 },
    { name: 'tenant', subject: null, used: 4 },
  ])
  expect(await rows(at, { 'x-sluice-user': 'ann' })).toMatchObject([{}, {}, { subject: 'ann', used: 4 }, {}])
  expect(asked).toEqual([
    [`key ${at.keyId}`, 'model open', 'tenant null'],
    [`key ${at.keyId}`, 'model open', 'user ann', 'tenant null'],
  ])
})

it('wants a key, and well-formed headers', async () => {
  const at = await isolate()
  const stranger = await at.fetch('/v1/limits', { headers: { 'x-request-id': 'mine' } })
  expect(stranger.status).toBe(401)
  expect(stranger.headers.get('x-client-request-id')).toBe('mine')
  const malformed = await at.get('/v1/limits', { 'x-sluice-user': 'a b' })
  expect(malformed.status).toBe(400)
  expect(await malformed.json()).toMatchObject({ error: { param: 'x-sluice-user' } })
})

it('says when it cannot be looked up, and records no question', async () => {
  const tenantAdmin = () => ({ ledger: () => Promise.reject(new Error('canary')) })
  const at = await isolate({ services: { tenantAdmin: tenantAdmin as unknown as Services['tenantAdmin'] } })
  const reply = await at.get('/v1/limits')
  expect(reply.status).toBe(503)
  expect(await reply.json()).toMatchObject({ error: { code: 'overloaded' } })
  expect(await at.rows()).toEqual([])
})
