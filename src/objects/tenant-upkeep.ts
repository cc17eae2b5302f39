/** What a tenant's object does by itself: what nobody settled is settled, and what is past its time is dropped. */
import { REVOKED_KEY_MS, USAGE_PRUNE_MS } from '../core/limits.ts'
import type { TenantLedger } from './tenant-ledger.ts'
import type { TenantOwned } from './tenant-owned.ts'
import type { TenantRecords } from './tenant-records.ts'
import type { UsageLog } from './usage-log.ts'

interface Kept {
  readonly records: TenantRecords
  readonly usage: UsageLog
  readonly ledger: TenantLedger
  readonly owned: TenantOwned
}

/** Requests whose isolate never told their end are settled at their estimate, and get a row. Answers when to look again. */
export function reap({ usage, ledger }: Pick<Kept, 'usage' | 'ledger'>): number | null {
  return ledger.transaction(() => {
    const { rows, nextMs } = ledger.reap()
    usage.record(rows, Date.now())
    return nextMs
  })
}

/** Drops what is past its time or bound; answers when to look again, null when there is nothing left to drop. */
export function prune({ records, usage, ledger, owned }: Kept, nowMs: number): number | null {
  ledger.prune(nowMs)
  records.dropKeysRevokedBefore(new Date(nowMs - REVOKED_KEY_MS).toISOString())
  const hasMore = [owned.prune(nowMs), records.hasRevokedKeys()].includes(true)
  return usage.prune(nowMs) ?? (hasMore ? nowMs + USAGE_PRUNE_MS : null)
}
