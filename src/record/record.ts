/** The last stage: one usage row per request, in every outcome, on its way in batches. */

import type { Config } from '../core/config.ts'
import { USAGE_FLUSH_MS } from '../core/limits.ts'
import { costMicroUsd } from '../core/money.ts'
import type { Target } from '../core/snapshot.ts'
import { type Caller, placeOf, type TenantPlace } from '../core/tenant.ts'
import type { Usage } from '../core/usage.ts'
import type { UsageBuffer } from '../core/usage-buffer.ts'
import type { OutcomeName, UsageRecord } from '../core/usage-record.ts'
import { type Clock, sleep } from '../lib/clock.ts'
import type { TenantStore } from '../stores/types.ts'

/** What the record stage stands on. */
export interface RecordServices {
  readonly clock: Clock
  readonly usageBuffer: UsageBuffer
  readonly tenants: Pick<TenantStore, 'record'>
  readonly background: (work: Promise<unknown>) => void
  readonly log: (line: Readonly<Record<string, unknown>>) => void
}

/** Everything a row says that the stages before have found out. */
export interface Ending {
  readonly requestId: string
  readonly startedAtMs: number
  readonly alias: string | null
  readonly outcome: OutcomeName
  readonly status: number
  readonly target: Target | null
  readonly attempts: number
  readonly usage: Usage | null
  readonly firstTokenMs: number | null
  /** Code of the refusal or of the error frame; null for a good end. Logged, not stored. */
  readonly code: string | null
}

/** Which requests write a line to the log. */
export type LogPolicy = Config['log']

/** Writes the row (and, by policy, the line) of a request that has ended. */
export function record(services: RecordServices, caller: Caller, policy: LogPolicy, ending: Ending): UsageRecord {
  const now = services.clock.now()
  const row: UsageRecord = {
    requestId: ending.requestId,
    at: new Date(ending.startedAtMs).toISOString(),
    key: caller.key.id,
    model: ending.alias,
    target: ending.target?.id ?? null,
    outcome: ending.outcome,
    status: ending.status,
    cache: 'bypass',
    attempts: ending.attempts,
    usage: ending.usage,
    costMicroUsd: costMicroUsd(ending.usage, ending.target?.price),
    firstTokenMs: ending.firstTokenMs,
    totalMs: Math.max(0, now - ending.startedAtMs),
  }
  const owner = placeOf(caller)
  if (services.usageBuffer.add(owner, row, now)) services.background(flushSoon(services, owner))
  if (policy === 'all' || (policy === 'errors' && row.outcome !== 'finished' && row.outcome !== 'cancelled'))
    log(services, caller, row, ending.code)
  return row
}

/** Owned by the request that armed it, so it runs under that request's `waitUntil`, whatever becomes of its client. */
async function flushSoon(services: RecordServices, owner: TenantPlace): Promise<void> {
  await sleep(services.clock, USAGE_FLUSH_MS)
  await flush(services, owner)
  // Somebody else's arming request may have died: whoever is awake sees to its rows.
  for (const orphan of services.usageBuffer.orphans(services.clock.now())) await flush(services, orphan)
}

async function flush({ usageBuffer, tenants, log: write }: RecordServices, owner: TenantPlace): Promise<void> {
  for (let rows = usageBuffer.take(owner); rows.length > 0; rows = usageBuffer.take(owner)) {
    try {
      await tenants.record(owner, rows)
    } catch {
      usageBuffer.putBack(owner, rows)
      write({ level: 'error', event: 'usage-flush-failed', tenant: owner.id, rows: rows.length })
      return
    }
  }
}

function log({ log: write }: RecordServices, caller: Caller, row: UsageRecord, code: string | null): void {
  write({
    level: row.outcome === 'failed' || row.outcome === 'broken' ? 'error' : 'info',
    event: 'request',
    'x-request-id': row.requestId,
    tenant: caller.tenantId,
    key: row.key,
    model: row.model,
    target: row.target,
    outcome: row.outcome,
    status: row.status,
    code,
    attempts: row.attempts,
    costMicroUsd: row.costMicroUsd,
    firstTokenMs: row.firstTokenMs,
    totalMs: row.totalMs,
  })
}
