/** Rows of the Directory: versions kept and dropped, erasures called off or begun. */

import { env, runInDurableObject } from 'cloudflare:test'
import { expect, it } from 'vitest'
import { CONFIG_VERSIONS_MAX } from '../../src/core/limits.ts'
import { DIRECTORY_SCHEMA, DirectoryRecords } from '../../src/objects/directory-records.ts'
import { migrate } from '../../src/objects/sql.ts'
import { tenantOf } from '../support/control-plane.ts'

let count = 0
const withRecords = (use: (records: DirectoryRecords) => void): Promise<void> =>
  runInDurableObject(env.TENANT.get(env.TENANT.idFromName(`directory-records-${++count}`)), (_, { storage }) => {
    migrate(storage, [DIRECTORY_SCHEMA])
    use(new DirectoryRecords(storage.sql))
  })

it('keeps so many versions of the config, the newest in force', () =>
  withRecords((records) => {
    for (const version of [1, 2, CONFIG_VERSIONS_MAX + 1]) {
      records.insertConfig({ version, document: { log: 'all' } }, '2026-11-20T00:00:00Z', 'ops', null)
    }
    expect(records.config().version).toBe(CONFIG_VERSIONS_MAX + 1)
    expect(records.configAt(1)).toBeNull()
    expect(records.configAt(2)).toEqual({ version: 2, document: { log: 'all' } })
  }))

it('calls an erasure off only before it has begun', () =>
  withRecords((records) => {
    const place = (generation: string) => ({ id: 'acme', generation, region: 'weur' })
    records.insertErasure(place('early'), 100, false)
    records.insertErasure(place('late'), 200, false)
    records.insertErasure(place('off'), 100, false)
    expect(records.callOff('off')).toBe(true)
    expect(records.callOff('off')).toBe(false)
    expect(records.beginErasures(150, 10)).toEqual([place('early')])
    expect(records.callOff('early')).toBe(false)
    expect(records.nextErasureMs()).toBe(100)
    records.erased('early')
    expect(records.nextErasureMs()).toBe(200)
    expect(records.callOff('late')).toBe(true)
    expect(records.nextErasureMs()).toBeNull()
  }))

it('begins no more erasures at once than asked for, the oldest first', () =>
  withRecords((records) => {
    for (const index of [3, 1, 2]) records.insertErasure({ id: 't', generation: `g${index}` }, index, true)
    expect(records.beginErasures(10, 2).map(({ generation }) => generation)).toEqual(['g1', 'g2'])
  }))

it('places a tenant by its document', () =>
  withRecords((records) => {
    expect(records.place('acme')).toBeNull()
    records.insertTenant('g1', tenantOf('acme', { region: 'weur', jurisdiction: 'eu' }))
    expect(records.place('acme')).toEqual({ id: 'acme', generation: 'g1', region: 'weur', jurisdiction: 'eu' })
    records.updateTenant('g2', 9, tenantOf('acme', { name: 'other generation' }))
    expect(records.tenants(undefined, 5)).toMatchObject({ data: [{ name: 'acme' }], hasMore: false })
    records.dropTenant('acme')
    expect(records.place('acme')).toBeNull()
  }))
