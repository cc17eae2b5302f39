/** A tenant's ledger in its object, as its tests reach it: over the stub, by its tables, and after its loss. */
import { env, evictDurableObject, runInDurableObject } from 'cloudflare:test'
import type { Ask, Counter, LedgerView } from '../../src/core/ledger/types.ts'
import type { TenantPlace } from '../../src/core/tenant.ts'
import type { UsageRecord } from '../../src/core/usage-record.ts'
import { tenantStub } from '../../src/lib/object-places.ts'
import type { TenantObject } from '../../src/objects/tenant.ts'
import { createTenantAdmin } from '../../src/stores/embedded/tenants.ts'
import { askOf } from './ledger.ts'
import { batchOf, tenants, tools } from './tenant-object.ts'

const DEADLINE_MS = 5000

/** One tenant's ledger. */
export function ledgerAt(place: TenantPlace) {
  const stub = () => tenantStub<TenantObject>(env.TENANT, place)
  const admin = createTenantAdmin(env.TENANT, place, tools)
  const view = (...counters: Counter[]): Promise<LedgerView> => admin.ledger(counters)
  const sql = <R extends Record<string, SqlStorageValue>>(text: string): Promise<R[]> =>
    runInDurableObject(stub(), (_, state) => state.storage.sql.exec<R>(text).toArray())
  return {
    stub,
    view,
    sql,
    ask: (id: string, counters: readonly Counter[], changes: Partial<Ask> = {}) =>
      tenants.admit(place, askOf(id, counters, { startedAtMs: Date.now(), ...changes }), DEADLINE_MS),
    turn: (id: string) => tenants.turn(place, id, DEADLINE_MS),
    withdraw: (id: string) => tenants.withdraw(place, id),
    renew: (...ids: string[]) => tenants.renew(place, ids),
    record: (...rows: UsageRecord[]) => tenants.record(place, batchOf(...rows)),
    /** Units that count of a counter. */
    used: async (...counters: Counter[]): Promise<number[]> => {
      const { counters: levels } = await view(...counters)
      return counters.map(({ id }) => levels.find(({ counter }) => counter.id === id)?.used ?? 0)
    },
    /** Ids in the usage log, newest first. */
    recorded: async (): Promise<string[]> =>
      (await admin.requests(undefined, 1000)).data.map(({ requestId }) => requestId),
    rows: async () => (await admin.requests(undefined, 1000)).data,
    /** Has the object forget what it has in memory. */
    evict: () => evictDurableObject(stub()),
    alarmAtMs: () => runInDurableObject(stub(), (_, state) => state.storage.getAlarm()),
    /** Has every reservation be overdue, and every timer due. */
    expire: async () => {
      await sql("UPDATE reservations SET document = json_set(document, '$.untilMs', 1)")
      await sql('UPDATE timers SET at_ms = 1')
      await evictDurableObject(stub())
    },
  }
}

/** One tenant's ledger, in a test's hand. */
export type LedgerAt = ReturnType<typeof ledgerAt>
