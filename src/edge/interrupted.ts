/** The row of a run whose object died with its process: nobody saw its end, but what it had reserved must not stay so. */
import { costMicroUsd } from '../core/money.ts'
import type { StreamAbout } from '../core/streams/types.ts'
import { usageEstimated } from '../core/usage.ts'
import type { UsageRecord } from '../core/usage-record.ts'
import type { Services } from '../services.ts'

/** Records it: by the events that came, at the price of the first target. A row that is there already stays as it is. */
export async function settleInterrupted(
  { tenants, deployment, clock }: Pick<Services, 'tenants' | 'deployment' | 'clock'>,
  about: StreamAbout,
  events: number,
): Promise<void> {
  const { place, requestId, key, alias, startedAtMs, bodyChars } = about
  const models = (await deployment.get().catch(() => null))?.models
  const [target] = alias === null ? [] : (models?.get(alias)?.targets ?? [])
  const usage = usageEstimated(bodyChars, events)
  const row: UsageRecord = {
    requestId,
    at: new Date(startedAtMs).toISOString(),
    key,
    model: alias,
    target: target?.id ?? null,
    outcome: 'broken',
    status: 200,
    cache: 'bypass',
    attempts: 1,
    usage,
    costMicroUsd: costMicroUsd(usage, target?.price),
    firstTokenMs: null,
    totalMs: Math.max(0, clock.now() - startedAtMs),
  }
  await tenants.record(place, { rows: [row], charges: {}, slices: [] })
}
