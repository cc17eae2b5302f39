/** What a tenant's object does by itself: when it looks again, and when there is nothing left to look at. */
import { env, runInDurableObject } from 'cloudflare:test'
import { describe, expect, it } from 'vitest'
import { OWNED_MARGIN_MS, REVOKED_KEY_MS, USAGE_PRUNE_MS, USAGE_ROLLUP_MS } from '../../src/core/limits.ts'
import { migrate } from '../../src/objects/sql.ts'
import { LEDGER_SCHEMA, TenantLedger } from '../../src/objects/tenant-ledger.ts'
import { OWNED_SCHEMA, TenantOwned } from '../../src/objects/tenant-owned.ts'
import { TENANT_SCHEMA, TenantRecords } from '../../src/objects/tenant-records.ts'
import { prune, reap } from '../../src/objects/tenant-upkeep.ts'
import { USAGE_SCHEMA, UsageLog } from '../../src/objects/usage-log.ts'
import { keyOf, recordOf, tenantOf } from '../support/control-plane.ts'
import { askOf, budgetOf } from '../support/ledger.ts'

const DAY = 86_400_000

interface World {
  readonly records: TenantRecords
  readonly usage: UsageLog
  readonly ledger: TenantLedger
  readonly owned: TenantOwned
  own(id: string, untilMs: number): void
  ownedRows(): number
}

let count = 0
const withAll = (use: (world: World) => void): Promise<void> =>
  runInDurableObject(env.TENANT.get(env.TENANT.idFromName(`tenant-upkeep-${++count}`)), (_, { storage }) => {
    migrate(storage, [`${TENANT_SCHEMA} ${USAGE_SCHEMA} ${LEDGER_SCHEMA} ${OWNED_SCHEMA}`])
    const records = new TenantRecords(storage.sql)
    records.insertPolicy('g1', tenantOf('acme'))
    const owned = new TenantOwned(storage.sql, env, () => {})
    use({
      records,
      usage: new UsageLog(storage),
      ledger: new TenantLedger(storage, () => {}),
      owned,
      own: (id, untilMs) => void owned.add(records.policy(), [{ kind: 'response', id, untilMs }]),
      ownedRows: () => storage.sql.exec<{ n: number }>('SELECT count(*) AS n FROM owned').one().n,
    })
  })

describe('what is past its time is dropped', () => {
  it('and where there is nothing, nobody looks again', () =>
    withAll((world) => expect(prune(world, Date.now())).toBeNull()))

  it('of keys, those that were revoked for long', () =>
    withAll((world) => {
      const nowMs = Date.now()
      const at = (ms: number) => new Date(ms).toISOString()
      world.records.insertKey(keyOf('living'))
      world.records.insertKey(keyOf('lately', { revokedAt: at(nowMs - REVOKED_KEY_MS + DAY) }))
      world.records.insertKey(keyOf('long-ago', { revokedAt: at(nowMs - REVOKED_KEY_MS - DAY) }))
      expect(prune(world, nowMs)).toBe(nowMs + USAGE_PRUNE_MS)
      expect(world.records.keys(undefined, 10).data.map(({ id }) => id)).toEqual(['living', 'lately'])
      expect(prune(world, nowMs + 2 * DAY)).toBeNull()
      expect(world.records.keys(undefined, 10).data.map(({ id }) => id)).toEqual(['living'])
    }))

  it('of what callers have made, what has forgotten everything itself', () =>
    withAll((world) => {
      const nowMs = Date.now()
      world.own('resp_old', nowMs - OWNED_MARGIN_MS - 1)
      world.own('resp_new', nowMs)
      expect(prune(world, nowMs)).toBe(nowMs + USAGE_PRUNE_MS)
      expect(world.ownedRows()).toBe(1)
      expect(prune(world, nowMs + OWNED_MARGIN_MS + 1)).toBeNull()
      expect(world.ownedRows()).toBe(0)
    }))

  it('of usage, what was summed up for long', () =>
    withAll((world) => {
      const nowMs = Date.now()
      world.usage.record([recordOf('a', nowMs)], nowMs)
      expect(prune(world, nowMs)).toBe(nowMs + USAGE_PRUNE_MS)
      expect(prune(world, nowMs + USAGE_ROLLUP_MS + 2 * DAY)).toBeNull()
      expect(world.usage.requests(undefined, 10).data).toEqual([])
    }))
})

describe('what nobody settled', () => {
  const budget = budgetOf(1000)

  it('is settled at its estimate when it is overdue, with a row, once', () =>
    withAll((world) => {
      const { ledger, usage } = world
      const ask = (id: string, lifeMs: number) => ledger.ask(askOf(id, [budget], { startedAtMs: Date.now(), lifeMs }))
      expect([ask('dead', -1).kind, ask('alive', DAY).kind]).toEqual(['granted', 'granted'])
      const nextMs = reap(world)
      expect(nextMs).toBeGreaterThan(Date.now() + DAY - 60_000)
      expect(usage.requests(undefined, 10).data).toMatchObject([
        { requestId: 'dead', outcome: 'broken', usage: { source: 'reaped' }, costMicroUsd: 200 },
      ])
      expect(ledger.view([budget])).toMatchObject({ reservations: 1, counters: [{ used: 500 }] })
      expect(reap(world)).toBe(nextMs)
      expect(usage.requests(undefined, 10).data).toHaveLength(1)
    }))

  it('stays so where its row cannot be kept, for the next time', () =>
    withAll((world) => {
      const { ledger, usage } = world
      ledger.ask(askOf('dead', [budget], { startedAtMs: Date.now(), lifeMs: -1 }))
      const full = {
        record: () => {
          throw new Error('full')
        },
      } as unknown as UsageLog
      expect(() => reap({ ledger, usage: full })).toThrow('full')
      expect(ledger.view([budget])).toMatchObject({ reservations: 1, counters: [{ used: 300 }] })
      expect(reap(world)).toBeNull()
      expect(usage.requests(undefined, 10).data).toMatchObject([{ requestId: 'dead' }])
    }))

  it('is nothing where all is settled', () => withAll((world) => expect(reap(world)).toBeNull()))
})
