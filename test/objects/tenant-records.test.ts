/** Rows of a tenant's object: what is kept parsed is never stale, and what is taken from the outbox stays taken. */

import { env, runInDurableObject } from 'cloudflare:test'
import { expect, it } from 'vitest'
import { migrate } from '../../src/objects/sql.ts'
import { SECRETS_SCHEMA, TENANT_SCHEMA, TenantRecords, WEBHOOK_SCHEMA } from '../../src/objects/tenant-records.ts'
import { keyOf, sealedOf, tenantOf } from '../support/control-plane.ts'

let count = 0
const withRecords = (use: (records: TenantRecords, storage: DurableObjectStorage) => void): Promise<void> =>
  runInDurableObject(env.TENANT.get(env.TENANT.idFromName(`tenant-records-${++count}`)), (_, { storage }) => {
    migrate(storage, [TENANT_SCHEMA, SECRETS_SCHEMA])
    use(new TenantRecords(storage.sql), storage)
  })

it('has a policy from its insertion to its removal', () =>
  withRecords((records) => {
    expect(records.policy()).toBeNull()
    records.insertPolicy('g1', tenantOf('acme'))
    expect(records.policy()).toEqual({
      generation: 'g1',
      epoch: 1,
      document: expect.any(String),
      tenant: tenantOf('acme'),
    })
    records.bumpEpoch()
    records.replaceTenant(tenantOf('acme', { name: 'Acme' }))
    expect(records.policy()).toMatchObject({ epoch: 2, tenant: { name: 'Acme' } })
    records.dropPolicy()
    expect(records.policy()).toBeNull()
  }))

it('forgets what a rolled-back transaction had written', () =>
  withRecords((records, storage) => {
    records.insertPolicy('g1', tenantOf('acme'))
    const failing = () =>
      storage.transactionSync(() => {
        records.replaceTenant(tenantOf('acme', { name: 'never' }))
        expect(records.policy()).toMatchObject({ tenant: { name: 'never' } })
        throw new Error('no')
      })
    expect(failing).toThrow('no')
    records.forget()
    expect(records.policy()).toMatchObject({ tenant: { name: 'acme' } })
  }))

it('keeps keys with what changes of them beside their document', () =>
  withRecords((records) => {
    const key = keyOf('key00001', { models: ['a'] })
    records.insertKey(key)
    records.touchKey('key00001', '2026-11-20')
    records.replaceKey({ ...key, revokedAt: '2026-11-20T00:00:00.000Z' })
    expect(records.key('key00001')).toEqual({
      ...key,
      revokedAt: '2026-11-20T00:00:00.000Z',
      lastUsedOn: '2026-11-20',
    })
    expect(records.key('other')).toBeUndefined()
    expect(records.hasRevokedKeys()).toBe(true)
    records.dropKeysRevokedBefore('2026-11-20T00:00:00.000Z')
    expect(records.hasRevokedKeys()).toBe(true)
    records.dropKeysRevokedBefore('2026-11-20T00:00:00.001Z')
    expect(records.hasRevokedKeys()).toBe(false)
  }))

it('keeps the version of a credential that is gone', () =>
  withRecords((records) => {
    expect(records.credentialVersion('a')).toBe(0)
    records.putCredential('a', 1, { record: sealedOf(1), fallbackToOperator: true })
    expect(records.credentials()).toEqual({ a: { record: sealedOf(1), fallbackToOperator: true } })
    records.putCredential('a', 1, null)
    expect(records.credentials()).toEqual({})
    expect(records.credentialVersion('a')).toBe(1)
  }))

it('keeps secrets apart from credentials, and replaces the record that was read', () =>
  withRecords((records) => {
    expect(records.secret('cache_secret')).toBeNull()
    records.putSecret('cache_secret', sealedOf(1))
    records.putCredential('own', 1, { record: sealedOf(1), fallbackToOperator: true })
    expect(records.secret('cache_secret')).toEqual(sealedOf(1))
    expect([...records.secrets().keys()]).toEqual(['cache_secret'])
    expect(records.credentials()).not.toHaveProperty('cache_secret')
    const resealed = sealedOf(1, { kekVersion: 'ffeeddccbbaa9988', iv: 'other' })
    for (const name of ['cache_secret', 'own']) {
      expect(records.replaceSealed(name, sealedOf(1, { iv: 'stale' }), resealed)).toBe(false)
      expect(records.replaceSealed(name, sealedOf(1), resealed)).toBe(true)
    }
    expect(records.replaceSealed('other', sealedOf(1), resealed)).toBe(false)
    expect(records.secret('cache_secret')).toEqual(resealed)
    expect(records.credentials()).toEqual({ own: { record: resealed, fallbackToOperator: true } })
  }))

it('hands out the outbox in order, until it is delivered', () =>
  withRecords((records) => {
    const entry = (id: string) => ({ id, at: '', actor: '', action: '', subject: '' })
    for (const id of ['a', 'b', 'c']) records.enqueue(entry(id))
    const [first, second] = records.outbox(2)
    expect([first?.entry, second?.entry]).toEqual([entry('a'), entry('b')])
    records.delivered(second?.seq ?? 0)
    expect(records.outbox(2).map((row) => row.entry.id)).toEqual(['c'])
  }))

it('has a webhook from its first version on, and the version after it is gone', () =>
  withRecords((records, storage) => {
    storage.sql.exec(WEBHOOK_SCHEMA)
    expect(records.webhook()).toBeNull()
    records.putWebhook(1, { url: null, previousUntil: null })
    expect(records.webhook()).toEqual({ version: 1, document: { url: null, previousUntil: null } })
    records.putWebhook(2, null)
    expect(records.webhook()).toEqual({ version: 2, document: null })
    records.putSecret('one', sealedOf(1))
    records.dropSecret('one')
    records.dropSecret('one')
    expect(records.secret('one')).toBeNull()
  }))
