/** The usage row: what is kept of one request, in every outcome. No I/O. */
import type { Charge, SliceReport } from './ledger/types.ts'
import type { OwnedThing } from './owned.ts'
import type { Usage } from './usage.ts'

/** How a request ended. `failed`: answered with 5xx before the commit point; `broken`: after it. */
export type OutcomeName = 'finished' | 'cancelled' | 'broken' | 'refused' | 'failed'

/** One request, as `GET /admin/tenants/{id}/usage/requests` lists it. */
export interface UsageRecord {
  /** UUID, primary key: a row that arrives twice is kept once. */
  readonly requestId: string
  /** Start, RFC 3339 with milliseconds, UTC. */
  readonly at: string
  /** Id of the API key. */
  readonly key: string
  /** Alias asked for; null when the request was refused before it was known. */
  readonly model: string | null
  /** `provider/model` that answered or was tried last; null when none was. */
  readonly target: string | null
  readonly outcome: OutcomeName
  /** HTTP status sent (200 for a stream that broke later; 499 is never sent but stands for a client that left before). */
  readonly status: number
  readonly cache: 'hit' | 'semantic' | 'coalesced' | 'miss' | 'bypass'
  /** Upstream calls begun. */
  readonly attempts: number
  readonly usage: Usage | null
  readonly costMicroUsd: number | null
  readonly firstTokenMs: number | null
  readonly totalMs: number
}

/** Was it answered from what was kept? A hit counts as a request, never as tokens or money. */
export const isHit = (cache: UsageRecord['cache']): boolean => cache !== 'miss' && cache !== 'bypass'

/** Usage rows of one tenant on their way to its object, with what the ledger must know beside them. */
export interface UsageBatch {
  readonly rows: readonly UsageRecord[]
  /** By request id; only of requests that have no reservation of their own. */
  readonly charges: Readonly<Record<string, Charge>>
  /** Slices that the isolate is done with. */
  readonly slices: readonly SliceReport[]
  /** Objects that were made for the tenant's callers, to be erased with it. */
  readonly owned?: readonly OwnedThing[]
}
