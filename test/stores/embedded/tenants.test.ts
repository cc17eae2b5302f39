/** The embedded tenants: every method of the interfaces reaches the object's method of the same meaning. */

import { env } from 'cloudflare:test'
import { expect, it } from 'vitest'
import { systemClock } from '../../../src/lib/clock.ts'
import { createDirectoryAdmin } from '../../../src/stores/embedded/directory.ts'
import { createTenantAdmin, createTenants } from '../../../src/stores/embedded/tenants.ts'
import { digestOf, keyOf, recordOf, sealedOf, tenantOf } from '../../support/control-plane.ts'

const tools = { clock: systemClock, random: () => 0 }
const directory = createDirectoryAdmin(env.DIRECTORY, tools)
const store = createTenants(env.TENANT, tools)

async function made(id: string, more = {}) {
  const place = await directory.createTenant(tenantOf(id, more), 'ops')
  if (place === 'exists') throw new Error('the id is fresh')
  return { place, admin: createTenantAdmin(env.TENANT, place, tools) }
}

it('changes and shows a tenant', async () => {
  const { place, admin } = await made('acme')
  expect(await admin.tenant()).toEqual(tenantOf('acme'))
  expect(await admin.patch({ name: 'Acme' }, 'ops')).toMatchObject({ name: 'Acme' })
  expect(await admin.createKey(keyOf('key00001'), 'ops')).toBe(true)
  const successor = { id: 'key00002', digest: digestOf(2), createdAt: '2026-11-20T00:00:00Z' }
  expect(await admin.rotateKey('key00001', successor, '2099-01-01T00:00:00Z', 'ops')).toBe(true)
  expect(await admin.revokeKey('key00001', new Date().toISOString(), 'ops')).toBe(true)
  expect((await admin.keys(undefined, 10)).data.map(({ id }) => id)).toEqual(['key00001', 'key00002'])
  expect(await admin.nextCredentialVersion('own')).toBe(1)
  const credential = { record: sealedOf(1), fallbackToOperator: false }
  expect(await admin.putCredential('own', credential, 'ops')).toEqual({ created: true })
  expect(await admin.replaceSealed('own', sealedOf(1), sealedOf(1, { iv: 'new' }))).toBe(true)
  expect(await admin.credentials()).toMatchObject([{ name: 'own', credential: { record: { iv: 'new' } } }])
  expect(await store.lookUp(place, 'key00002', digestOf(2))).toMatchObject({ kind: 'known', tenant: { name: 'Acme' } })
  expect(await admin.deleteCredential('own', 'ops')).toBe(true)
})

it('records usage and answers with it', async () => {
  const { place, admin } = await made('usage')
  await store.record(place, [recordOf('r1', Date.now())])
  expect(await admin.usage({ by: ['key'] })).toMatchObject([{ key: 'key00001', requests: 1 }])
  expect(await admin.requests(undefined, 10)).toMatchObject({ data: [{ requestId: 'r1' }], hasMore: false })
})

it('keeps tenants apart, with a jurisdiction too', async () => {
  const [one, two] = [await made('one', { jurisdiction: 'eu', region: 'weur' }), await made('two')]
  await one.admin.createKey(keyOf('key00001'), 'ops')
  expect(await store.lookUp(one.place, 'key00001', digestOf(1))).toMatchObject({ kind: 'known' })
  expect(await store.lookUp(two.place, 'key00001', digestOf(1))).toEqual({ kind: 'unknown' })
})
