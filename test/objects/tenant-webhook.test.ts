/** A tenant's webhook in its object: one secret, two during a rotation, none after a delete, and no path in the audit. */
import { env, evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { beforeEach, expect, it } from 'vitest'
import type { TenantPlace } from '../../src/core/tenant.ts'
import { tenantStub } from '../../src/lib/object-places.ts'
import type { TenantObject } from '../../src/objects/tenant.ts'
import { createTenantAdmin } from '../../src/stores/embedded/tenants.ts'
import { digestOf, keyOf, sealedOf } from '../support/control-plane.ts'
import { auditOf, directory, freshPlace, tables, tenants, tools } from '../support/tenant-object.ts'

const URL_OF = 'https://hooks.example.com/canary-path'
const soon = (): string => new Date(Date.now() + 3_600_000).toISOString()

let place: TenantPlace
const admin = () => createTenantAdmin(env.TENANT, place, tools)
const stub = () => tenantStub<TenantObject>(env.TENANT, place)
const create = (url: string | null = URL_OF, version = 1) =>
  admin().changeWebhook({ kind: 'create', url, secret: sealedOf(version) }, 'admin')
const rotate = (version: number, previousUntil = soon()) =>
  admin().changeWebhook({ kind: 'rotate', secret: sealedOf(version), previousUntil }, 'admin')
const names = async () => (await admin().sealedRecords()).map(({ name }) => name)
const told = async () => {
  const verdict = await tenants.lookUp(place, 'key00001', digestOf(1))
  return verdict.kind === 'known' ? verdict.webhook : verdict.kind
}

beforeEach(async () => {
  place = await freshPlace()
  await admin().createKey(keyOf('key00001'), 'admin')
})

it('is made once, pointed elsewhere, and told to every key without its secret', async () => {
  expect(await admin().webhook()).toEqual({ webhook: null, nextVersion: 1 })
  expect(await tenants.webhook(place)).toBeNull()
  expect(await told()).toBeNull()
  expect(await admin().changeWebhook({ kind: 'point', url: null }, 'admin')).toBe('unknown')
  expect(await create(URL_OF, 2)).toBe('stale')
  expect(await create()).toBe('changed')
  expect(await create(URL_OF, 2)).toBe('stale')
  const webhook = { url: URL_OF, secret: sealedOf(1), previous: null }
  await evictDurableObject(stub())
  expect(await admin().webhook()).toEqual({ webhook, nextVersion: 2 })
  expect(await tenants.webhook(place)).toEqual(webhook)
  expect(await told()).toEqual({ url: URL_OF })
  expect(await admin().changeWebhook({ kind: 'point', url: null }, 'admin')).toBe('changed')
  expect(await admin().changeWebhook({ kind: 'point', url: null }, 'admin')).toBe('changed')
  expect(await told()).toEqual({ url: null })
})

it('has two secrets from a rotation to its time, and never more', async () => {
  expect(await rotate(1)).toBe('unknown')
  await create()
  expect(await rotate(3)).toBe('stale')
  const until = soon()
  expect(await rotate(2, until)).toBe('changed')
  expect(await tenants.webhook(place)).toEqual({
    url: URL_OF,
    secret: sealedOf(2),
    previous: { secret: sealedOf(1), until },
  })
  expect(await rotate(3)).toBe('changed')
  expect(await names()).toEqual(['webhook_secret_2', 'webhook_secret_3'])
  const moved = sealedOf(2, { iv: 'moved', kekVersion: 'ffeeddccbbaa9988' })
  expect(await admin().replaceSealed('webhook_secret_2', sealedOf(2), moved)).toBe(true)
  expect(await tenants.webhook(place)).toMatchObject({ previous: { secret: moved } })

  await rotate(4, new Date(Date.now() - 1).toISOString())
  expect(await tenants.webhook(place)).toMatchObject({ secret: sealedOf(4), previous: null })
})

it('forgets the secret before when its time is over', async () => {
  await create()
  await rotate(2, new Date(Date.now() - 1).toISOString())
  await runInDurableObject(stub(), (_, state) => state.storage.setAlarm(Date.now() + 3_600_000))
  expect(await names()).toEqual(['webhook_secret_1', 'webhook_secret_2'])
  expect(await runDurableObjectAlarm(stub())).toBe(true)
  expect(await names()).toEqual(['webhook_secret_2'])
  await rotate(3)
  await runInDurableObject(stub(), (_, state) => void state.storage.sql.exec('UPDATE timers SET at_ms = 1'))
  expect(await runDurableObjectAlarm(stub())).toBe(true)
  expect(await names()).toEqual(['webhook_secret_2', 'webhook_secret_3'])
})

it('is deleted with both secrets, and made anew with another version', async () => {
  await create()
  await rotate(2)
  expect(await admin().changeWebhook({ kind: 'delete' }, 'admin')).toBe('changed')
  expect(await admin().changeWebhook({ kind: 'delete' }, 'admin')).toBe('unknown')
  expect(await names()).toEqual([])
  expect(await admin().webhook()).toEqual({ webhook: null, nextVersion: 3 })
  expect(await create(null, 1)).toBe('stale')
  expect(await create(null, 3)).toBe('changed')
})

it('has its changes in the audit log, with the host alone of where they lead', async () => {
  await create()
  await admin().changeWebhook({ kind: 'point', url: 'https://other.example.com:8443/canary-path' }, 'admin')
  const until = soon()
  await rotate(2, until)
  await admin().changeWebhook({ kind: 'delete' }, 'admin')
  const entries = (await auditOf(place.id)).filter(({ subject }) => subject.endsWith('/webhook'))
  expect(entries.map(({ action, before, after }) => [action, before, after])).toEqual([
    ['webhook.create', undefined, { host: 'hooks.example.com' }],
    ['webhook.update', { host: 'hooks.example.com' }, { host: 'other.example.com:8443' }],
    ['webhook.rotate', undefined, { version: 2, previousUntil: until }],
    ['webhook.delete', undefined, undefined],
  ])
  expect(JSON.stringify(entries)).not.toMatch(/canary|c2VhbGVk/)
})

it('of a deleted tenant is gone, and nobody’s object makes none', async () => {
  await create()
  await directory.deleteTenant(place.id, 'admin')
  expect(await tenants.webhook(place)).toBeNull()
  expect(await admin().webhook()).toBeNull()
  const nobody = { id: 'nobody', generation: 'g' }
  const none = createTenantAdmin(env.TENANT, nobody, tools)
  expect(await none.changeWebhook({ kind: 'create', url: null, secret: sealedOf(1) }, 'admin')).toBe('unknown')
  expect(await tenants.webhook(nobody)).toBeNull()
  expect(await tables(tenantStub<TenantObject>(env.TENANT, nobody))).toEqual([])
})
