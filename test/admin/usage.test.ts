/** Usage over HTTP, of rows put straight into the tenant's object. */
import { env } from 'cloudflare:test'
import { expect, it } from 'vitest'
import type { UsageRecord } from '../../src/core/usage-record.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { createDirectory } from '../../src/stores/embedded/directory.ts'
import { createTenants } from '../../src/stores/embedded/tenants.ts'
import { admin, newTenant } from '../support/admin.ts'
import { recordOf } from '../support/control-plane.ts'

const tools = { clock: systemClock, random: Math.random, background: () => {} }
const DAY = Date.UTC(2026, 10, 19)

async function tenantWith(rows: readonly UsageRecord[]): Promise<string> {
  const id = await newTenant()
  const place = await createDirectory(env.DIRECTORY, tools).place(id)
  if (place === null) throw new Error('no place')
  await createTenants(env.TENANT, tools).record(place, { rows, charges: {}, slices: [] })
  return id
}

it('sums by what it is asked for', async () => {
  const id = await tenantWith([
    recordOf('r1', DAY, { model: 'a' }),
    recordOf('r2', DAY + 1000, { model: 'b', costMicroUsd: null }),
    recordOf('r3', DAY + 86_400_000, {
      model: 'a',
      outcome: 'refused',
      status: 429,
      usage: null,
      costMicroUsd: null,
      target: null,
      attempts: 0,
    }),
  ])
  const total = await admin(`GET /tenants/${id}/usage`)
  expect(Object.keys(total.body)).toEqual(['data'])
  expect(total.body.data).toMatchObject([
    { requests: 2, inputTokens: 20, costMicroUsd: null, unpricedRequests: 1, refused: 1 },
  ])
  const by = await admin(`GET /tenants/${id}/usage?by=model,day`)
  expect(by.body.data).toHaveLength(3)
  expect(by.body.data).toContainEqual(
    expect.objectContaining({ model: 'a', day: '2026-11-19', requests: 1, costMicroUsd: 7 }),
  )
  const range = await admin(`GET /tenants/${id}/usage?from=2026-11-20T01:00:00%2B01:00&to=2026-11-21T00:00:00Z&by=day`)
  expect(range.body.data).toMatchObject([{ day: '2026-11-20', requests: 0, refused: 1 }])
})

it('lists single requests, newest first, page by page', async () => {
  const id = await tenantWith([recordOf('r1', DAY), recordOf('r2', DAY + 1000), recordOf('r3', DAY + 2000)])
  const first = await admin(`GET /tenants/${id}/usage/requests?limit=2`)
  expect(first.body.data.map(({ requestId }: UsageRecord) => requestId)).toEqual(['r3', 'r2'])
  expect(first.body.has_more).toBe(true)
  expect(first.body.data[0]).toEqual(recordOf('r3', DAY + 2000))
  const rest = await admin(`GET /tenants/${id}/usage/requests?limit=2&after=${encodeURIComponent(first.body.last)}`)
  expect(rest.body.data.map(({ requestId }: UsageRecord) => requestId)).toEqual(['r1'])
  expect(rest.body.has_more).toBe(false)
})

it.each([
  ['from=yesterday', '/from'],
  ['by=colour', '/by/0'],
  ['from=2026-11-20T00:00:00Z&to=2026-11-20T00:00:00Z', '/to'],
  ['form=2026-11-20T00:00:00Z', '/form'],
])('refuses ?%s', async (query, path) => {
  const refused = await admin(`GET /tenants/any/usage?${query}`)
  expect(refused.status).toBe(400)
  expect(refused.body.error.faults.map((fault: { path: string }) => fault.path)).toEqual([path])
})

it('knows no usage of a tenant that is not there', async () => {
  expect((await admin('GET /tenants/nobody/usage')).status).toBe(404)
  expect((await admin('GET /tenants/nobody/usage/requests')).status).toBe(404)
})
