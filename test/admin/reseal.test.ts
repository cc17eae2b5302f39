/** Reseal: every record moves to the current master key, and what cannot move is counted. */
import { env } from 'cloudflare:test'
import { expect, it } from 'vitest'
import { recordsUnderOldKey, resealAll } from '../../src/admin/reseal.ts'
import { OPERATOR, PEPPER_NAME, webhookSecretName } from '../../src/core/sealed.ts'
import type { TenantPlace } from '../../src/core/tenant.ts'
import { systemClock } from '../../src/lib/clock.ts'
import type { Services } from '../../src/services.ts'
import { createDirectory, createDirectoryAdmin } from '../../src/stores/embedded/directory.ts'
import { createTenantAdmin, createTenants } from '../../src/stores/embedded/tenants.ts'
import { createApiKeys } from '../../src/vault/api-keys.ts'
import { createCacheKeys } from '../../src/vault/cache-keys.ts'
import type { Vault } from '../../src/vault/types.ts'
import { createVault } from '../../src/vault/vault.ts'
import { tenantOf } from '../support/control-plane.ts'

const keyOf = (seed: number): string => Buffer.alloc(32, seed).toString('base64')
const tools = { clock: systemClock, random: Math.random, background: () => {} }
const directory = createDirectory(env.DIRECTORY, tools)
const directoryAdmin = createDirectoryAdmin(env.DIRECTORY, tools)
const tenantAdmin = (place: TenantPlace) => createTenantAdmin(env.TENANT, place, tools)
const vaultWith = (masterKey: string, previous?: string) => createVault({ masterKey, previous, clock: systemClock })
const servicesWith = (masterKey: string, previous?: string) =>
  ({ directoryAdmin, tenantAdmin, vault: vaultWith(masterKey, previous) }) as unknown as Services

it('moves the operator’s records, the pepper and every tenant’s; then the old key may go', async () => {
  const old = vaultWith(keyOf(1))
  await directory.ensurePepper(await createApiKeys(old).newPepper())
  await directoryAdmin.putCredential('main', await old.seal(OPERATOR, 'main', 1, 'operators-value'), 'admin')
  const places: TenantPlace[] = []
  for (const id of Array.from({ length: 10 }, (_, index) => `reseal-${index}`)) {
    const place = await directoryAdmin.createTenant(tenantOf(id), 'admin')
    if (place === 'exists') throw new Error(id)
    places.push(place)
    const record = await old.seal(id, 'own', 1, `value-of-${id}`)
    await tenantAdmin(place).putCredential('own', { record, fallbackToOperator: true }, 'admin')
  }
  const during = servicesWith(keyOf(2), keyOf(1))
  expect(await recordsUnderOldKey(during)).toBe(12)
  // Without the old key nothing moves, and nothing is lost.
  expect(await resealAll(servicesWith(keyOf(2)))).toEqual({ resealed: 0, remaining: 12 })
  expect(await resealAll(during)).toEqual({ resealed: 12, remaining: 0 })
  expect(await resealAll(during)).toEqual({ resealed: 0, remaining: 0 })
  expect(await recordsUnderOldKey(during)).toBe(0)

  const after = vaultWith(keyOf(2))
  const records = await directoryAdmin.sealedRecords()
  expect(records.map(({ name }) => name).sort()).toEqual([PEPPER_NAME, 'main'])
  for (const { name, record } of records) {
    expect(await after.use(OPERATOR, name, record, (value) => value.length)).toBeGreaterThan(10)
  }
  for (const place of places) {
    const [own] = await tenantAdmin(place).credentials()
    if (own === undefined) throw new Error('no credential')
    expect(own.credential.fallbackToOperator).toBe(true)
    expect(await after.use(place.id, 'own', own.credential.record, (value) => value)).toBe(`value-of-${place.id}`)
  }
})

it('leaves what tenants’ caches hold as it is: values of before still open, and keep their keys', async () => {
  const place = await directoryAdmin.createTenant(tenantOf('reseal-cache'), 'admin')
  if (place === 'exists') throw new Error('the id is fresh')
  const tenants = createTenants(env.TENANT, tools)
  const keysUnder = async (vault: Vault) => {
    const cacheSecret = await tenants.ensureCacheSecret(place, await vault.seal(place.id, 'cache_secret', 1, 'unused'))
    return createCacheKeys(vault, { tenants, clock: systemClock }).keysOf({ cacheSecret }, place)
  }
  const before = await createCacheKeys(vaultWith(keyOf(1)), { tenants, clock: systemClock }).keysOf(
    { cacheSecret: null },
    place,
  )
  const sealed = await before.seal('key', 'kept')
  const during = servicesWith(keyOf(2), keyOf(1))
  expect(await recordsUnderOldKey(during)).toBe(1)
  expect(await resealAll(during)).toEqual({ resealed: 1, remaining: 0 })
  expect(await recordsUnderOldKey(during)).toBe(0)
  const after = await keysUnder(vaultWith(keyOf(2)))
  expect(after.fingerprint('a question')).toBe(before.fingerprint('a question'))
  expect(await after.open('key', sealed)).toBe('kept')
  await expect(keysUnder(vaultWith(keyOf(1)))).rejects.toThrow('master key')
})

it('leaves a record that changed meanwhile to whoever changed it', async () => {
  const record = await vaultWith(keyOf(1)).seal(OPERATOR, 'busy', 1, 'some-value')
  const services = {
    vault: vaultWith(keyOf(2), keyOf(1)),
    directoryAdmin: {
      sealedRecords: async () => [{ name: 'busy', record }],
      replaceSealed: async () => false,
      tenants: async () => ({ data: [], hasMore: false }),
    },
  } as unknown as Services
  expect(await resealAll(services)).toEqual({ resealed: 0, remaining: 1 })
})

it('moves both secrets of a webhook during a rotation, and each still signs', async () => {
  const place = await directoryAdmin.createTenant(tenantOf('reseal-webhook'), 'admin')
  if (place === 'exists') throw new Error('the id is fresh')
  const old = vaultWith(keyOf(1))
  const sealed = (version: number) => old.seal(place.id, webhookSecretName(version), version, `whsec_${version}`)
  const object = tenantAdmin(place)
  await object.changeWebhook({ kind: 'create', url: null, secret: await sealed(1) }, 'admin')
  const previousUntil = new Date(Date.now() + 60_000).toISOString()
  await object.changeWebhook({ kind: 'rotate', secret: await sealed(2), previousUntil }, 'admin')
  const during = servicesWith(keyOf(2), keyOf(1))
  expect(await recordsUnderOldKey(during)).toBe(2)
  expect(await resealAll(during)).toEqual({ resealed: 2, remaining: 0 })
  const webhook = (await object.webhook())?.webhook
  const opened = [webhook?.secret, webhook?.previous?.secret].map((record) => {
    if (record === undefined) throw new Error('no secret')
    return vaultWith(keyOf(2)).use(place.id, webhookSecretName(record.version), record, (value) => value)
  })
  expect(await Promise.all(opened)).toEqual(['whsec_2', 'whsec_1'])
})
