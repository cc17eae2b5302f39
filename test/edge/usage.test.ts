/** What the calling key has used. */
import { expect, it } from 'vitest'
import type { Services } from '../../src/services.ts'
import { recordOf } from '../support/control-plane.ts'
import { chat, whole } from '../support/wire.ts'
import { isolate, upstream } from '../support/worker.ts'

const DAY = Date.UTC(2026, 10, 19)
type At = Awaited<ReturnType<typeof isolate>>

async function used(at: At, ...rows: ReturnType<typeof recordOf>[]) {
  await at.services.tenants.record(at.place, { rows, charges: {}, slices: [] })
}
const data = async (at: At, query = '') => {
  const reply = await at.get(`/v1/usage${query}`, { 'x-request-id': 'mine' })
  expect(reply.status).toBe(200)
  expect(reply.headers.get('x-client-request-id')).toBe('mine')
  return ((await reply.json()) as { data: Record<string, unknown>[] }).data
}

it('sums what this key has used, and never another’s', async () => {
  const at = await isolate()
  expect(await data(at)).toEqual([])
  await used(
    at,
    recordOf('1', DAY, { key: at.keyId, model: 'a' }),
    recordOf('2', DAY, { key: 'stranger', model: 'secret' }),
    recordOf('3', DAY + 86_400_000, { key: at.keyId, model: 'b', costMicroUsd: null }),
  )
  expect(await data(at)).toMatchObject([{ requests: 2, inputTokens: 20, costMicroUsd: null, unpricedRequests: 1 }])
  const by = await data(at, '?by=key,model,day')
  expect(by).toMatchObject([
    { key: at.keyId, model: 'a', day: '2026-11-19', requests: 1, costMicroUsd: 7 },
    { key: at.keyId, model: 'b', day: '2026-11-20', requests: 1 },
  ])
  expect(await data(at, '?from=2026-11-19T00:00:01Z&to=2026-11-21T00:00:00Z&by=model')).toMatchObject([
    { model: 'b', requests: 1 },
  ])
  expect(JSON.stringify(by)).not.toContain('stranger')
})

it('shows a request soon after its end, and records no question', async () => {
  const at = await isolate({ scripts: [upstream(whole('hi'))] })
  await at.post('/v1/chat/completions', chat('priced', false))
  await at.settle()
  expect(await data(at, '?by=model')).toMatchObject([{ model: 'priced', requests: 1, costMicroUsd: 92 }])
  expect(await at.rows()).toHaveLength(1)
})

it.each([
  ['from=yesterday', 'from'],
  ['by=colour', 'by[0]'],
  ['from=2026-11-20T00:00:00Z&to=2026-11-20T00:00:00Z', 'to'],
  ['key=stranger', 'key'],
])('refuses ?%s', async (query, param) => {
  const at = await isolate()
  const reply = await at.get(`/v1/usage?${query}`)
  expect(reply.status).toBe(400)
  expect(await reply.json()).toMatchObject({ error: { code: 'invalid_request', param } })
})

it('wants a key', async () => {
  const at = await isolate()
  const reply = await at.fetch('/v1/usage', { headers: { 'x-request-id': 'mine' } })
  expect(reply.status).toBe(401)
  expect(reply.headers.get('x-client-request-id')).toBe('mine')
})

it('says when it cannot be looked up', async () => {
  const asked: unknown[] = []
  const tenantAdmin = ((place: unknown) => {
    asked.push(place)
    return { usage: () => Promise.reject(new Error('canary')) }
  }) as unknown as Services['tenantAdmin']
  const at = await isolate({ services: { tenantAdmin } })
  const reply = await at.get('/v1/usage')
  expect(reply.status).toBe(503)
  expect(reply.headers.get('retry-after')).toBe('1')
  expect(await reply.text()).toContain('overloaded')
  expect(asked).toEqual([at.place])
})
