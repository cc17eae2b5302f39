/** Changes of a tenant's policy: with their audit entry or not at all, and told to the Directory in the end. */

import { env, runInDurableObject } from 'cloudflare:test'
import { expect, it } from 'vitest'
import type { AuditEntry } from '../../src/core/control.ts'
import { OUTBOX_BATCH_MAX } from '../../src/core/limits.ts'
import { TIMERS_SCHEMA, Timers } from '../../src/objects/alarms.ts'
import { migrate } from '../../src/objects/sql.ts'
import { TenantChanges } from '../../src/objects/tenant-changes.ts'
import { TENANT_SCHEMA, TenantRecords } from '../../src/objects/tenant-records.ts'
import { tenantOf } from '../support/control-plane.ts'

/** The changes of `acme`, and a Directory in the test's hand. */
interface World {
  readonly changes: TenantChanges
  readonly records: TenantRecords
  /** What the Directory was told, a list per call. */
  readonly told: AuditEntry[][]
  readonly directory: { deliver: () => Promise<void> }
  isErased: boolean
  alarm(): Promise<number | null>
}

let count = 0
const withChanges = (use: (world: World) => Promise<void>): Promise<void> =>
  runInDurableObject(env.TENANT.get(env.TENANT.idFromName(`tenant-changes-${++count}`)), async (_, { storage }) => {
    migrate(storage, [`${TIMERS_SCHEMA}; ${TENANT_SCHEMA}`])
    const records = new TenantRecords(storage.sql)
    records.insertPolicy('g1', tenantOf('acme'))
    const told: AuditEntry[][] = []
    const directory = { deliver: () => Promise.resolve() }
    const stub = {
      deliver(_: unknown, entries: AuditEntry[]) {
        told.push(entries)
        return directory.deliver()
      },
    }
    const changes = new TenantChanges({
      storage,
      records,
      timers: new Timers(storage),
      timer: 'deliver',
      directory: { idFromName: () => 'id', get: () => stub } as unknown as Env['DIRECTORY'],
      isErased: () => world.isErased,
    })
    const world: World = { changes, records, told, directory, isErased: false, alarm: () => storage.getAlarm() }
    await use(world)
    await storage.deleteAlarm()
  })

const HEAD = { actor: 'ops', action: 'key.create', where: '/keys/key00001' }
const entry = (id: string): AuditEntry => ({ id, at: '2026-11-20T00:00:00Z', actor: 'a', action: 'x.y', subject: 's' })

it('makes a change, counts the epoch up, and tells the Directory at once', () =>
  withChanges(async ({ changes, records, told, alarm }) => {
    await changes.make(HEAD, { after: { id: 'key00001' } }, () =>
      records.replaceTenant(tenantOf('acme', { name: 'A' })),
    )
    expect(records.policy()).toMatchObject({ epoch: 2, tenant: { name: 'A' } })
    expect(told).toMatchObject([
      [{ actor: 'ops', action: 'key.create', subject: 'tenants/acme/keys/key00001', after: { id: 'key00001' } }],
    ])
    expect(records.outbox(1)).toEqual([])
    expect(await alarm()).toBeNull()
  }))

it('changes nothing and audits nothing when the change fails', () =>
  withChanges(async ({ changes, records, told, alarm }) => {
    const failing = changes.make(HEAD, {}, () => {
      records.replaceTenant(tenantOf('acme', { name: 'never' }))
      throw new Error('no')
    })
    await expect(failing).rejects.toThrow('no')
    expect(records.policy()).toMatchObject({ epoch: 1, tenant: { name: 'acme' } })
    expect([records.outbox(1), told, await alarm()]).toEqual([[], [], null])
  }))

it('keeps the entry, and an alarm for it, while the Directory is out of reach', () =>
  withChanges(async ({ changes, records, directory, told, alarm }) => {
    directory.deliver = () => Promise.reject(new Error('out of reach'))
    await changes.make(HEAD, {}, () => {})
    expect(records.policy()).toMatchObject({ epoch: 2 })
    expect(records.outbox(10)).toHaveLength(1)
    expect(await alarm()).toBeGreaterThan(0)
    directory.deliver = () => Promise.resolve()
    expect(await changes.deliver()).toBe(false)
    expect(records.outbox(10)).toEqual([])
    expect(told[1]).toEqual(told[0])
  }))

it('delivers in batches, oldest first, and says when more are left', () =>
  withChanges(async ({ changes, records, told }) => {
    for (let index = 0; index <= OUTBOX_BATCH_MAX; index += 1) records.enqueue(entry(`e${index}`))
    expect(await changes.deliver()).toBe(true)
    expect(await changes.deliver()).toBe(false)
    expect(told.map((entries) => [entries.length, entries[0]?.id])).toEqual([
      [OUTBOX_BATCH_MAX, 'e0'],
      [1, `e${OUTBOX_BATCH_MAX}`],
    ])
    expect(await changes.deliver()).toBe(false)
    expect(told).toHaveLength(2)
  }))

it('touches nothing any more when all was erased while it delivered', () =>
  withChanges(async (world) => {
    const { changes, records, directory } = world
    records.enqueue(entry('e'))
    directory.deliver = async () => {
      world.isErased = true
    }
    expect(await changes.deliver()).toBe(false)
    expect(records.outbox(1)).toHaveLength(1)
  }))

it('makes none for a tenant that is being erased', () =>
  withChanges(async ({ changes, records, told }) => {
    records.dropPolicy()
    await changes.make(HEAD, {}, () => {
      throw new Error('is not called')
    })
    expect(told).toEqual([])
  }))
