/** Roll-ups of usage by day, model, key and status: what they hold, how rows add up, how they are shown. No I/O. */

/** A question to the roll-ups: half-open range of instants (RFC 3339), and what to group by. */
export interface RollupQuery {
  readonly from?: string | undefined
  readonly to?: string | undefined
  readonly by: readonly ('model' | 'key' | 'day')[]
}

/** Half of the answer's shape: median and 95th percentile, ms; null when nothing was measured. */
export interface Percentiles {
  readonly p50: number | null
  readonly p95: number | null
}

/** One group, as `GET /admin/tenants/{id}/usage` shows it. */
export interface RollupRow {
  readonly key?: string
  /** Null: refused before the model was known. */
  readonly model?: string | null
  readonly day?: string
  readonly requests: number
  readonly inputTokens: number
  readonly cachedInputTokens: number
  readonly cacheWriteTokens: number
  readonly outputTokens: number
  readonly reasoningTokens: number
  readonly costMicroUsd: number | null
  readonly unpricedRequests: number
  readonly cacheHits: number
  readonly errors: number
  readonly cancelled: number
  readonly refused: number
  readonly firstTokenMs: Percentiles
  readonly totalMs: Percentiles
}
