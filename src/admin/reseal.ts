/** Every sealed record of the deployment: counting those under an old master key, and moving them to the current one. */
import { ADMIN_PAGE_MAX, TENANTS_AT_ONCE_MAX } from '../core/limits.ts'
import { OPERATOR, type SealedRecord, VaultError } from '../core/sealed.ts'
import type { Services } from '../services.ts'

/** The records of one owner, and how one of them is replaced. */
interface Drawer {
  readonly owner: string
  readonly records: readonly { name: string; record: SealedRecord }[]
  replace(name: string, before: SealedRecord, after: SealedRecord): Promise<boolean>
}

/**
 * Moves every record to the current master key. One that changes meanwhile is left to its writer, one that neither key
 * opens stays as it is: both count as remaining, and calling again does what is left.
 */
export async function resealAll(services: Services): Promise<{ resealed: number; remaining: number }> {
  const counts = await acrossDrawers(services, async (drawer) => {
    let resealed = 0
    let remaining = 0
    for (const { name, record } of drawer.records) {
      if (services.vault.isCurrent(record)) continue
      if (await resealOne(services, drawer, name, record)) resealed++
      else remaining++
    }
    return { resealed, remaining }
  })
  return {
    resealed: counts.reduce((sum, count) => sum + count.resealed, 0),
    remaining: counts.reduce((sum, count) => sum + count.remaining, 0),
  }
}

/** How many records the current master key does not open. */
export async function recordsUnderOldKey(services: Services): Promise<number> {
  const counts = await acrossDrawers(
    services,
    async ({ records }) => records.filter(({ record }) => !services.vault.isCurrent(record)).length,
  )
  return counts.reduce((sum, count) => sum + count, 0)
}

async function resealOne({ vault }: Services, drawer: Drawer, name: string, record: SealedRecord): Promise<boolean> {
  try {
    const after = await vault.reseal(drawer.owner, name, record)
    return after === null || (await drawer.replace(name, record, after))
  } catch (error) {
    if (error instanceof VaultError) return false
    throw error
  }
}

/** The operator's drawer, then every tenant's, a few tenants at a time. */
async function acrossDrawers<T>(services: Services, visit: (drawer: Drawer) => Promise<T>): Promise<T[]> {
  const { directoryAdmin } = services
  const found = [
    await visit({
      owner: OPERATOR,
      records: await directoryAdmin.sealedRecords(),
      replace: (name, before, after) => directoryAdmin.replaceSealed(name, before, after),
    }),
  ]
  let after: string | undefined
  for (;;) {
    const { data, hasMore } = await directoryAdmin.tenants(after, ADMIN_PAGE_MAX)
    for (let index = 0; index < data.length; index += TENANTS_AT_ONCE_MAX) {
      const some = data.slice(index, index + TENANTS_AT_ONCE_MAX)
      const drawers = await Promise.all(some.map(({ id }) => drawerOf(services, id)))
      found.push(...(await Promise.all(drawers.filter((drawer) => drawer !== null).map(visit))))
    }
    after = data.at(-1)?.id
    if (!hasMore || after === undefined) return found
  }
}

/** Null for a tenant that was deleted meanwhile. */
async function drawerOf({ directoryAdmin, tenantAdmin }: Services, id: string): Promise<Drawer | null> {
  const place = await directoryAdmin.place(id)
  if (place === null) return null
  const object = tenantAdmin(place)
  return {
    owner: id,
    records: await object.sealedRecords(),
    replace: (name, before, after) => object.replaceSealed(name, before, after),
  }
}
