/** The last stage: one usage row per request, in every outcome, on its way in batches. */

import type { Config } from '../core/config.ts'
import type { Slices } from '../core/ledger/slices.ts'
import type { Charge } from '../core/ledger/types.ts'
import { USAGE_FLUSH_MS, USAGE_RETRIES_MAX, USAGE_RETRY_MS } from '../core/limits.ts'
import { costMicroUsd } from '../core/money.ts'
import type { Answerer } from '../core/snapshot.ts'
import { type Caller, ownerOf, placeOf, type TenantPlace } from '../core/tenant.ts'
import type { Usage } from '../core/usage.ts'
import type { UsageBuffer } from '../core/usage-buffer.ts'
import { isHit, type OutcomeName, type UsageRecord } from '../core/usage-record.ts'
import { type Clock, sleep } from '../lib/clock.ts'
import type { TenantStore } from '../stores/types.ts'

/** What the record stage stands on. */
export interface RecordServices {
  readonly clock: Clock
  readonly usageBuffer: UsageBuffer
  readonly slices: Slices
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
  readonly cache: UsageRecord['cache']
  readonly status: number
  readonly target: Answerer | null
  readonly attempts: number
  readonly usage: Usage | null
  readonly firstTokenMs: number | null
  /** Code of the refusal or of the error frame; null for a good end. Logged, not stored. */
  readonly code: string | null
  /** How it was admitted where the ledger holds no reservation of it; null where it does, or nothing limits it. */
  readonly charge: Charge | null
  /** Somebody may be waiting for the slot that it held: its row is urgent. */
  readonly isHeld: boolean
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
    cache: ending.cache,
    attempts: ending.attempts,
    usage: ending.usage,
    // What was answered before costs nothing, whatever the price: that is known.
    costMicroUsd: isHit(ending.cache) ? 0 : costMicroUsd(ending.usage, ending.target?.price),
    firstTokenMs: ending.firstTokenMs,
    totalMs: Math.max(0, now - ending.startedAtMs),
  }
  const owner = placeOf(caller)
  const isDue = services.usageBuffer.add(owner, row, ending.charge, now, isHit(ending.cache) && !ending.isHeld)
  if (ending.isHeld && services.usageBuffer.mayHurry(owner, now)) services.background(flushAfter(services, owner, 0))
  else if (isDue) services.background(flushAfter(services, owner, USAGE_FLUSH_MS))
  if (policy === 'all' || (policy === 'errors' && row.outcome !== 'finished' && row.outcome !== 'cancelled'))
    log(services, caller, row, ending.code)
  return row
}

/**
 * Owned by the request that armed it, so it runs under that request's `waitUntil`, whatever becomes of its client. What
 * fails stays with it for a while, for money and slots are held until the rows have arrived; then whoever comes next.
 */
export async function flushAfter(services: RecordServices, owner: TenantPlace, waitMs: number): Promise<void> {
  const { clock, usageBuffer } = services
  if (waitMs > 0) {
    await sleep(clock, waitMs)
    while (usageBuffer.mayWait(owner, clock.now())) await sleep(clock, USAGE_FLUSH_MS)
  }
  let retryMs = USAGE_RETRY_MS
  for (let retries = 0; !(await flush(services, owner, retryMs)) && retries < USAGE_RETRIES_MAX; retries += 1) {
    await sleep(clock, retryMs)
    retryMs *= 2
  }
  // Somebody else's arming request may have died: whoever is awake sees to its rows.
  for (const orphan of usageBuffer.orphans(clock.now())) await flush(services, orphan, USAGE_RETRY_MS)
}

/** Sends what there is; after a failure nothing is sent before `retryMs` have passed. */
async function flush(services: RecordServices, owner: TenantPlace, retryMs: number): Promise<boolean> {
  const { clock, usageBuffer, slices, tenants } = services
  const name = ownerOf(owner)
  for (let taken = usageBuffer.take(owner, clock.now()); taken; taken = usageBuffer.take(owner, clock.now())) {
    const reports = slices.reports(name, clock.now())
    try {
      await tenants.record(owner, { ...taken, slices: reports })
      slices.delivered(name, reports)
    } catch {
      usageBuffer.putBack(owner, taken, clock.now() + retryMs)
      slices.lost(name, reports)
      services.log({ level: 'error', event: 'usage-flush-failed', tenant: owner.id, rows: taken.rows.length })
      return false
    }
  }
  return true
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
    cache: row.cache,
    outcome: row.outcome,
    status: row.status,
    code,
    attempts: row.attempts,
    costMicroUsd: row.costMicroUsd,
    firstTokenMs: row.firstTokenMs,
    totalMs: row.totalMs,
  })
}
