/** TenantObject over its life: its audit entries on their way, its usage, and what an erase leaves. */

import { env, evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { beforeEach, describe, expect, it } from 'vitest'
import type { TenantPlace } from '../../src/core/tenant.ts'
import { directoryStub, tenantStub } from '../../src/lib/object-places.ts'
import type { TenantObject } from '../../src/objects/tenant.ts'
import { createTenantAdmin } from '../../src/stores/embedded/tenants.ts'
import { digestOf, keyOf, recordOf, sealedOf, tenantOf } from '../support/control-plane.ts'
import { auditOf, batchOf, directory, freshPlace, tables, tenants, tools } from '../support/tenant-object.ts'

let place: TenantPlace
const admin = () => createTenantAdmin(env.TENANT, place, tools)
const stub = () => tenantStub<TenantObject>(env.TENANT, place)
const lookUp = (id: string, seed = 1) => tenants.lookUp(place, id, digestOf(seed))

beforeEach(async () => {
  place = await freshPlace()
})

describe('audit', () => {
  it('has every change, and nothing secret', async () => {
    await admin().createKey(keyOf('key00001'), 'admin')
    await admin().putCredential('own', { record: sealedOf(1), fallbackToOperator: true }, 'admin')
    await admin().deleteCredential('own', 'admin')
    await admin().revokeKey('key00001', new Date().toISOString(), 'admin')
    const entries = await auditOf(place.id)
    expect(entries.map(({ action, subject }) => [action, subject.slice(`tenants/${place.id}`.length)])).toEqual([
      ['tenant.create', ''],
      ['key.create', '/keys/key00001'],
      ['credential.create', '/credentials/own'],
      ['credential.delete', '/credentials/own'],
      ['key.revoke', '/keys/key00001'],
    ])
    expect(JSON.stringify(entries)).not.toMatch(/c2VhbGVk|AQEBAQEB/)
  })

  it('reaches the Directory by the alarm when it could not at once', async () => {
    const entry = {
      id: 'left-behind',
      at: '2026-11-20T00:00:00Z',
      actor: 'a',
      action: 'x.y',
      subject: `tenants/${place.id}`,
    }
    await runInDurableObject(stub(), (_, state) => {
      state.storage.sql.exec('INSERT INTO outbox (entry) VALUES (?)', JSON.stringify(entry))
      state.storage.sql.exec("INSERT INTO timers VALUES ('deliver', 1)")
      return state.storage.setAlarm(Date.now() + 3_600_000)
    })
    expect(await runDurableObjectAlarm(stub())).toBe(true)
    expect(await auditOf(place.id)).toContainEqual(entry)
    // Delivered again after a crash: known by its id.
    await directoryStub(env.DIRECTORY).deliver(null, [entry])
    expect((await auditOf(place.id)).filter(({ id }) => id === 'left-behind')).toHaveLength(1)
  })
})

describe('usage', () => {
  it('is kept, once per request, over an eviction too', async () => {
    const nowMs = Date.now()
    const rows = [recordOf('r1', nowMs), recordOf('r2', nowMs - 1), recordOf('r1', nowMs)]
    await tenants.record(place, batchOf(...rows))
    await tenants.record(place, batchOf(...rows))
    await evictDurableObject(stub())
    await tenants.record(place, batchOf(recordOf('r2', nowMs - 1), recordOf('r3', nowMs - 2)))
    expect((await admin().requests(undefined, 10)).data.map(({ requestId }) => requestId)).toEqual(['r1', 'r2', 'r3'])
    expect(await admin().usage({ by: ['model'] })).toMatchObject([{ model: 'chat', requests: 3, inputTokens: 30 }])
  })

  it('arms one prune timer', async () => {
    await tenants.record(place, batchOf(recordOf('r1', Date.now())))
    const alarm = await runInDurableObject(stub(), (_, state) => state.storage.getAlarm())
    await tenants.record(place, batchOf(recordOf('r2', Date.now())))
    expect(await runInDurableObject(stub(), (_, state) => state.storage.getAlarm())).toBe(alarm)
    expect(alarm).toBeGreaterThan(Date.now() + 3_500_000)
  })
})

describe('erase', () => {
  it('leaves no table and no alarm, and the old generation stays over', async () => {
    await admin().createKey(keyOf('key00001'), 'admin')
    await tenants.record(place, batchOf(recordOf('r1', Date.now())))
    await directory.deleteTenant(place.id, 'admin')
    expect(await lookUp('key00001')).toEqual({ kind: 'gone' })
    expect(await tables(stub())).toEqual([])
    expect(await runInDurableObject(stub(), (_, state) => state.storage.getAlarm())).toBeNull()
    await tenants.record(place, batchOf(recordOf('r2', Date.now())))
    expect(await admin().createKey(keyOf('key00002'), 'admin')).toBe(false)
    expect(await tables(stub())).toEqual([])
    expect((await auditOf(place.id)).map(({ action }) => action)).toEqual([
      'tenant.create',
      'key.create',
      'tenant.delete',
    ])
  })

  it('cannot be undone by a provision that comes late', async () => {
    await runInDurableObject(stub(), (_, state) => {
      state.storage.sql.exec('DELETE FROM policy')
    })
    await evictDurableObject(stub())
    expect(await stub().provision(place.generation, tenantOf(place.id))).toBe(false)
    expect(await lookUp('key00001')).toEqual({ kind: 'gone' })
  })
})
