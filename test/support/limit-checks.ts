/** What must be true of a tenant's limits, by the origin's own account and by the usage rows. Throws by `expect`. */
import { expect } from 'vitest'
import type { UsageRecord } from '../../src/core/usage-record.ts'
import { mostWithin } from './intervals.ts'
import type { Account, Arrival } from './metered-origin.ts'
import { eventually, ROW_MS, type TestSluice } from './sluice.ts'

/** The limits of a crowd's tenant; absent ones are not checked. */
export interface Limits {
  readonly perMs: number
  readonly requests?: number
  readonly tokens?: number
  readonly inFlight?: number
}

/** One micro-dollar a token, of whatever kind. */
export const PRICE = { input: 1, output: 1 }
/** An interval of several windows holds no more than that many amounts; the longer, the less a busy machine blurs it. */
const WINDOWS_MAX = 3

export const tokensOf = (arrival: Arrival): number => arrival.promptTokens + arrival.outputTokens

/** The most that some closed interval holds for certain: what was let through after it was sent and before it arrived. */
export function mostGranted({ arrivals }: Account, perMs: number, units: (arrival: Arrival) => number): number {
  return mostWithin(
    arrivals.map((arrival) => ({ notBeforeMs: arrival.sentMs, notAfterMs: arrival.atMs, units: units(arrival) })),
    perMs,
  )
}

/** Nothing that the origin saw was over a limit, in any closed interval. */
export function expectNeverOver(account: Account, limits: Limits): void {
  for (let windows = 1; windows <= WINDOWS_MAX; windows += 1) {
    const most = (units: (arrival: Arrival) => number): number => mostGranted(account, windows * limits.perMs, units)
    if (limits.requests !== undefined) expect(most(() => 1)).toBeLessThanOrEqual(windows * limits.requests)
    if (limits.tokens !== undefined) expect(most(tokensOf)).toBeLessThanOrEqual(windows * limits.tokens)
  }
  if (limits.inFlight !== undefined) expect(account.inFlightMost).toBeLessThanOrEqual(limits.inFlight)
}

/** Usage rows of what went on, once there is one for every arrival. */
export async function rowsOf(sluice: TestSluice, tenant: string, arrivals: number): Promise<UsageRecord[]> {
  return await eventually(`${arrivals} rows of ${tenant}`, ROW_MS, async () => {
    const rows = (await sluice.rows(tenant)).filter(({ attempts }) => attempts > 0)
    return rows.length >= arrivals ? rows : undefined
  })
}

export const microUsdOf = (rows: readonly UsageRecord[]): number =>
  rows.reduce((sum, { costMicroUsd }) => sum + (costMicroUsd ?? Number.NaN), 0)

export const sumOf = <T>(values: readonly T[], of: (value: T) => number): number =>
  values.reduce((sum, value) => sum + of(value), 0)
