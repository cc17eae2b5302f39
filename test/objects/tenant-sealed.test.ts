/** What a tenant's object keeps sealed: a secret is made once, is no change that anybody made, and every record is listed. */
import { env, evictDurableObject } from 'cloudflare:test'
import { beforeEach, expect, it } from 'vitest'
import type { KeyVerdict, TenantPlace } from '../../src/core/tenant.ts'
import { tenantStub } from '../../src/lib/object-places.ts'
import type { TenantObject } from '../../src/objects/tenant.ts'
import { createTenantAdmin } from '../../src/stores/embedded/tenants.ts'
import { digestOf, keyOf, sealedOf } from '../support/control-plane.ts'
import { auditOf, directory, freshPlace, tenants, tools } from '../support/tenant-object.ts'

let place: TenantPlace
const admin = () => createTenantAdmin(env.TENANT, place, tools)
const known = async (): Promise<KeyVerdict & { kind: 'known' }> => {
  const verdict = await tenants.lookUp(place, 'key00001', digestOf(1))
  if (verdict.kind !== 'known') throw new Error(verdict.kind)
  return verdict
}

beforeEach(async () => {
  place = await freshPlace()
  await admin().createKey(keyOf('key00001'), 'admin')
})

it('keeps the first cache secret it is given, and tells every key of it', async () => {
  const before = await known()
  expect(before.cacheSecret).toBeNull()
  expect(await tenants.ensureCacheSecret(place, sealedOf(1, { iv: 'first' }))).toEqual(sealedOf(1, { iv: 'first' }))
  expect(await tenants.ensureCacheSecret(place, sealedOf(1, { iv: 'late' }))).toEqual(sealedOf(1, { iv: 'first' }))
  await evictDurableObject(tenantStub<TenantObject>(env.TENANT, place))
  const after = await known()
  expect(after.cacheSecret).toEqual(sealedOf(1, { iv: 'first' }))
  expect(after.epoch).toBe(before.epoch)
  expect((await auditOf(place.id)).map(({ action }) => action)).toEqual(['tenant.create', 'key.create'])
})

it('lists every record for reseal, and moves each', async () => {
  await admin().putCredential('own', { record: sealedOf(1), fallbackToOperator: true }, 'admin')
  await admin().putCredential('old', { record: sealedOf(1), fallbackToOperator: true }, 'admin')
  await admin().deleteCredential('old', 'admin')
  await tenants.ensureCacheSecret(place, sealedOf(1))
  const moved = sealedOf(1, { kekVersion: 'ffeeddccbbaa9988', iv: 'moved' })
  for (const { name, record } of await admin().sealedRecords()) {
    expect(await admin().replaceSealed(name, record, moved)).toBe(true)
    expect(await admin().replaceSealed(name, record, moved)).toBe(false)
  }
  expect(await admin().sealedRecords()).toEqual([
    { name: 'own', record: moved },
    { name: 'cache_secret', record: moved },
  ])
  expect(await known()).toMatchObject({ cacheSecret: moved, credentials: { own: { record: moved } } })
})

it('lists neither the secret nor its name among the credentials', async () => {
  await tenants.ensureCacheSecret(place, sealedOf(1))
  expect(await admin().credentials()).toEqual([])
  expect(await admin().deleteCredential('cache_secret', 'admin')).toBe(false)
})

it('of a deleted tenant is gone with it', async () => {
  await tenants.ensureCacheSecret(place, sealedOf(1))
  await directory.deleteTenant(place.id, 'admin')
  expect(await tenants.ensureCacheSecret(place, sealedOf(1))).toBeNull()
  expect(await admin().sealedRecords()).toEqual([])
})
