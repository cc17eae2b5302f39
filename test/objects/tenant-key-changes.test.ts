/** Changes of a tenant's keys: what each makes of the rows, what it tells the audit log, and when there is none. */
import { env, runInDurableObject } from 'cloudflare:test'
import { describe, expect, it } from 'vitest'
import type { AuditEntry } from '../../src/core/control.ts'
import { TIMERS_SCHEMA, Timers } from '../../src/objects/alarms.ts'
import { migrate } from '../../src/objects/sql.ts'
import { TenantChanges } from '../../src/objects/tenant-changes.ts'
import { TenantKeyChanges } from '../../src/objects/tenant-key-changes.ts'
import { TENANT_SCHEMA, TenantRecords } from '../../src/objects/tenant-records.ts'
import { digestOf, keyOf, tenantOf } from '../support/control-plane.ts'

const ID = 'key00001'
const NEXT = { id: 'key00002', digest: digestOf(2), createdAt: '2026-11-21T00:00:00.000Z' }
const PAST = '2020-01-01T00:00:00.000Z'
const FUTURE = '2999-01-01T00:00:00.000Z'

interface World {
  readonly keys: TenantKeyChanges
  readonly records: TenantRecords
  /** What the Directory was told. */
  readonly told: AuditEntry[]
  /** How often a revocation was told, and the epochs that it was told in. */
  readonly revoked: number[]
}

let count = 0
const withKeys = (use: (world: World) => Promise<void>): Promise<void> =>
  runInDurableObject(env.TENANT.get(env.TENANT.idFromName(`tenant-key-changes-${++count}`)), async (_, { storage }) => {
    migrate(storage, [`${TIMERS_SCHEMA}; ${TENANT_SCHEMA}`])
    const records = new TenantRecords(storage.sql)
    records.insertPolicy('g1', tenantOf('acme'))
    const told: AuditEntry[] = []
    const stub = { deliver: async (_: unknown, entries: AuditEntry[]) => void told.push(...entries) }
    const changes = new TenantChanges({
      storage,
      records,
      timers: new Timers(storage),
      timer: 'deliver',
      directory: { idFromName: () => 'id', get: () => stub } as unknown as Env['DIRECTORY'],
      isErased: () => false,
    })
    const revoked: number[] = []
    const keys = new TenantKeyChanges(records, changes, () => void revoked.push(records.policy()?.epoch ?? 0))
    await use({ keys, records, told, revoked })
  })

const subject = (id: string) => `tenants/acme/keys/${id}`

it('a key is made once, and shown without its digest', () =>
  withKeys(async ({ keys, records, told }) => {
    const key = keyOf(ID, { models: ['chat-*'] })
    expect(await keys.create(key, 'ops')).toBe(true)
    expect(records.key(ID)).toEqual(key)
    expect(await keys.create(keyOf(ID, { digest: digestOf(9) }), 'ops')).toBe(false)
    expect(records.key(ID)?.digest).toBe(key.digest)
    expect(told).toMatchObject([
      { actor: 'ops', action: 'key.create', subject: subject(ID), after: { id: ID, models: ['chat-*'] } },
    ])
    expect(JSON.stringify(told)).not.toContain(key.digest)
    expect(records.policy()?.epoch).toBe(2)
  }))

it('a change tells both sides of what it changes; one that changes nothing is none', () =>
  withKeys(async ({ keys, records, told }) => {
    await keys.create(keyOf(ID), 'ops')
    expect(await keys.patch(ID, { name: 'new', debug: true }, 'ops')).toMatchObject({
      id: ID,
      name: 'new',
      debug: true,
    })
    expect(records.key(ID)).toMatchObject({ name: 'new', debug: true, digest: digestOf(1) })
    expect(await keys.patch(ID, { name: 'new' }, 'ops')).toMatchObject({ name: 'new' })
    expect(await keys.patch('nobody', { name: 'x' }, 'ops')).toBeNull()
    expect(told.slice(1)).toMatchObject([
      {
        action: 'key.update',
        subject: subject(ID),
        before: { name: `key ${ID}` },
        after: { name: 'new', debug: true },
      },
    ])
  }))

it('a key is revoked once, and that is told where it happens', () =>
  withKeys(async ({ keys, records, told, revoked }) => {
    await keys.create(keyOf(ID), 'ops')
    expect(await keys.revoke('nobody', PAST, 'ops')).toBe(false)
    expect(await keys.revoke(ID, PAST, 'ops')).toBe(true)
    expect(await keys.revoke(ID, FUTURE, 'ops')).toBe(false)
    expect(records.key(ID)?.revokedAt).toBe(PAST)
    expect(revoked).toHaveLength(1)
    expect(told.map(({ action }) => action)).toEqual(['key.create', 'key.revoke'])
  }))

describe('a successor', () => {
  it('has what the key had, which lives on until its overlap ends', () =>
    withKeys(async ({ keys, records, told }) => {
      await keys.create(keyOf(ID, { models: ['a'], expiresAt: FUTURE, debug: true, lastUsedOn: '2026-11-20' }), 'ops')
      expect(await keys.rotate(ID, NEXT, FUTURE, 'ops')).toBe(true)
      expect(records.key(NEXT.id)).toMatchObject({
        ...NEXT,
        name: `key ${ID}`,
        models: ['a'],
        expiresAt: FUTURE,
        debug: true,
        overlapUntil: null,
        lastUsedOn: null,
      })
      expect(records.key(ID)).toMatchObject({ digest: digestOf(1), overlapUntil: FUTURE, revokedAt: null })
      expect(told[1]).toMatchObject({ action: 'key.rotate', after: { successor: NEXT.id, overlapUntil: FUTURE } })
    }))

  it.each([
    ['is of no key that there is not', null],
    ['is of none that has expired', { expiresAt: PAST }],
    ['is of none that was revoked', { revokedAt: PAST }],
    ['is of none whose overlap has ended', { overlapUntil: PAST }],
  ])('%s, and neither is a change', (_, fields) =>
    withKeys(async ({ keys, records, told }) => {
      if (fields !== null) records.insertKey(keyOf(ID, fields))
      expect(await keys.rotate(ID, NEXT, FUTURE, 'ops')).toBe(false)
      expect(await keys.patch(ID, { name: 'x' }, 'ops')).toBeNull()
      expect([records.key(NEXT.id), told]).toEqual([undefined, []])
    }),
  )

  it('takes no id that is taken', () =>
    withKeys(async ({ keys, records }) => {
      for (const id of [ID, NEXT.id]) records.insertKey(keyOf(id))
      expect(await keys.rotate(ID, NEXT, FUTURE, 'ops')).toBe(false)
      expect(records.key(ID)?.overlapUntil).toBeNull()
      expect(records.key(NEXT.id)?.digest).toBe(digestOf(1))
    }))
})
