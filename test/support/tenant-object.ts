/** A tenant's object in workerd, as the tests of it reach it: by the Directory, by its stores, and by its tables. */
import { env, runInDurableObject } from 'cloudflare:test'
import type { TenantPlace } from '../../src/core/tenant.ts'
import type { UsageBatch, UsageRecord } from '../../src/core/usage-record.ts'
import { systemClock } from '../../src/lib/clock.ts'
import type { TenantObject } from '../../src/objects/tenant.ts'
import { createDirectoryAdmin } from '../../src/stores/embedded/directory.ts'
import { createTenants } from '../../src/stores/embedded/tenants.ts'
import { tenantOf } from './control-plane.ts'

export const tools = { clock: systemClock, random: () => 0 }
export const directory = createDirectoryAdmin(env.DIRECTORY, tools)
export const tenants = createTenants(env.TENANT, tools)

let count = 0

/** Makes a tenant of its own for a test. */
export async function freshPlace(): Promise<TenantPlace> {
  count += 1
  const made = await directory.createTenant(tenantOf(`t${count}`), 'admin')
  if (made === 'exists') throw new Error('the id is fresh')
  return made
}

/** A batch of requests that no limit counted. */
export const batchOf = (...rows: UsageRecord[]): UsageBatch => ({ rows, charges: {}, slices: [] })

/** Entries of the audit log about one tenant. */
export async function auditOf(id: string) {
  const { data } = await directory.audit(undefined, 10_000)
  return data.filter(({ subject }) => subject === `tenants/${id}` || subject.startsWith(`tenants/${id}/`))
}

/** Names of the tables that an object has made. */
export const tables = (object: DurableObjectStub<TenantObject>) =>
  runInDurableObject(object, (_, state) =>
    state.storage.sql
      .exec<{ name: string }>(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf\\_%' ESCAPE '\\'",
      )
      .toArray()
      .map(({ name }) => name),
  )
