/** How a tenant's limits stand, over HTTP, of asks put straight to the tenant's object. */
import { env } from 'cloudflare:test'
import { expect, it } from 'vitest'
import type { Ask, Counter } from '../../src/core/ledger/types.ts'
import { counterOf, limitsInForce, withSubject } from '../../src/core/limits-in-force.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { createDirectory } from '../../src/stores/embedded/directory.ts'
import { createTenants } from '../../src/stores/embedded/tenants.ts'
import { admin, newTenant } from '../support/admin.ts'

const tools = { clock: systemClock, random: Math.random, background: () => {} }
const LIMITS = [
  { name: 'rpm', of: 'requests', amount: 600, perSeconds: 60 },
  { name: 'each', of: 'requests', amount: 10, perSeconds: 3600, scope: 'key' },
  { name: 'flight', of: 'concurrency', amount: 2 },
  { name: 'month', of: 'usd', amount: 1.5, per: 'month' },
] as const

/** Grants one request that counts against these limits; `key` and `user` are the subjects of the narrower ones. */
async function granted(tenantId: string, limits: readonly object[], subjects: { key: string; user?: string }) {
  const place = await createDirectory(env.DIRECTORY, tools).place(tenantId)
  if (place === null) throw new Error('no place')
  const counters = limitsInForce({ limits: limits as never }, {}, null).map((limit): Counter => {
    const whole = counterOf(limit)
    if (limit.scope === 'key') return withSubject(whole, subjects.key)
    return limit.scope === 'user' ? withSubject(whole, subjects.user ?? '') : whole
  })
  const ask: Ask = {
    id: crypto.randomUUID(),
    isolate: 'test',
    startedAtMs: Date.now(),
    key: subjects.key,
    model: 'chat',
    counters,
    needs: { promptWeight: 40, promptTokensMax: 20, outputTokensMax: 10, worstMicroUsd: 250_000, price: null },
    maxWaitMs: 0,
    lifeMs: 60_000,
    slices: [],
  }
  const reply = await createTenants(env.TENANT, tools).admit(place, ask, 2000)
  expect(reply.kind).toBe('granted')
}

type Row = Record<string, unknown>
const limitsOf = async (
  id: string,
): Promise<{ data: Row[]; reservations: number; slices: number; waiting: number }> => {
  const { status, body } = await admin(`GET /tenants/${id}/limits`)
  expect(status).toBe(200)
  return body
}

it('lists what is in force, used or not', async () => {
  const id = await newTenant({ limits: LIMITS })
  const idle = await limitsOf(id)
  expect(idle).toMatchObject({ reservations: 0, slices: 0, waiting: 0 })
  expect(idle.data).toEqual([
    expect.objectContaining({ name: 'rpm', of: 'requests', amount: 600, perSeconds: 60, used: 0, remaining: 600 }),
    expect.objectContaining({ name: 'each', scope: 'key', subject: null, used: 0, remaining: 10 }),
    expect.objectContaining({ name: 'flight', of: 'concurrency', used: 0, remaining: 2, resetMs: null, nextFreeMs: 0 }),
    expect.objectContaining({ name: 'month', of: 'usd', amount: 1.5, per: 'month', timeZone: 'UTC', remaining: 1.5 }),
  ])

  const { body: key } = await admin(`POST /tenants/${id}/keys`, { name: 'k' })
  await granted(id, LIMITS, { key: key.id })
  await granted(id, LIMITS, { key: key.id })
  const used = await limitsOf(id)
  expect(used).toMatchObject({ reservations: 2, slices: 0, waiting: 0 })
  expect(used.data).toMatchObject([
    { name: 'rpm', used: 2, remaining: 598, nextFreeMs: 0, waiting: 0 },
    { name: 'each', subject: key.id, used: 2, remaining: 8 },
    { name: 'flight', used: 2, remaining: 0, resetMs: null },
    { name: 'month', used: 0.5, remaining: 1 },
  ])
  expect(used.data[0]?.resetMs).toBeGreaterThan(50_000)
  expect(used.data[2]?.nextFreeMs).toBeGreaterThan(0)
})

it('shows a change of the amount at once, and what was counted goes on', async () => {
  const id = await newTenant({ limits: LIMITS })
  await granted(id, LIMITS, { key: 'k' })
  await admin(`PATCH /tenants/${id}`, { limits: [{ ...LIMITS[0], amount: 5 }] })
  expect((await limitsOf(id)).data).toMatchObject([{ name: 'rpm', amount: 5, used: 1, remaining: 4 }])
  await admin(`PATCH /tenants/${id}`, { limits: null })
  expect((await limitsOf(id)).data).toEqual([])
})

it('shows what a key has of its own beside what all share, and no key that is revoked', async () => {
  const id = await newTenant({ limits: [LIMITS[0], LIMITS[1]] })
  const own = [{ name: 'each', of: 'requests', amount: 3, perSeconds: 3600 }]
  const { body: special } = await admin(`POST /tenants/${id}/keys`, { name: 'own', limits: own })
  const { body: plain } = await admin(`POST /tenants/${id}/keys`, { name: 'plain' })
  const { body: freed } = await admin(`POST /tenants/${id}/keys`, {
    name: 'f',
    limits: [{ name: 'each', amount: null }],
  })
  const each = async () => (await limitsOf(id)).data.filter(({ name }) => name === 'each')
  expect(await each()).toMatchObject([
    { subject: plain.id, amount: 10, used: 0 },
    { subject: special.id, amount: 3, scope: 'key', used: 0 },
  ])
  for (const key of [special, plain, freed]) await granted(id, [LIMITS[1]], { key: key.id })
  expect(await each()).toMatchObject([
    { subject: plain.id, amount: 10, used: 1 },
    { subject: special.id, amount: 3, used: 1, remaining: 2 },
  ])
  await admin(`DELETE /tenants/${id}/keys/${special.id}`)
  expect(await each()).toMatchObject([{ subject: plain.id }])
})

it('shows every end user who has used something', async () => {
  const limit = { name: 'user', of: 'requests', amount: 3, perSeconds: 60, scope: 'user' }
  const id = await newTenant({ limits: [limit] })
  expect((await limitsOf(id)).data).toMatchObject([{ subject: null, used: 0 }])
  await granted(id, [limit], { key: 'k', user: 'ann' })
  await granted(id, [limit], { key: 'k', user: 'bob' })
  expect((await limitsOf(id)).data).toMatchObject([
    { subject: 'ann', used: 1 },
    { subject: 'bob', used: 1 },
  ])
})

it('knows no limits of a tenant that is not there', async () => {
  expect((await admin('GET /tenants/nobody/limits')).status).toBe(404)
  expect((await admin('PUT /tenants/nobody/limits', {})).status).toBe(405)
})
