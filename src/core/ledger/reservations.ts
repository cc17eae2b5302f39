/** What is charged and not settled yet, made from an ask; and the row of one whose end nobody told. No I/O. */
import { LEASE_MS } from '../limits.ts'
import { costMicroUsd } from '../money.ts'
import type { Usage } from '../usage.ts'
import type { UsageRecord } from '../usage-record.ts'
import type { Reservation } from './journal.ts'
import type { Claim } from './queue.ts'
import type { Ask } from './types.ts'

/** The reservation of a request that goes on now. */
export function reservationOf({ ask, units, learned }: Claim, nowMs: number): Reservation {
  const { promptWeight, outputTokensMax, price } = ask.needs
  const isHeld = ask.counters.some(({ window }) => window.kind === 'held')
  return {
    id: ask.id,
    isSlice: false,
    isolate: ask.isolate,
    key: ask.key,
    model: ask.model,
    startedAtMs: ask.startedAtMs,
    atMs: nowMs,
    untilMs: nowMs + ask.lifeMs,
    counters: ask.counters,
    units: [...units],
    leaseUntilMs: isHeld ? nowMs + LEASE_MS : null,
    promptWeight,
    estimate: {
      inputTokens: Math.ceil(promptWeight / learned.bytesPerToken),
      outputTokens: Math.ceil(Math.min(outputTokensMax ?? Number.POSITIVE_INFINITY, learned.outputTokens)),
      price,
    },
    isClosed: false,
  }
}

/** The reservation of a slice: it counts as of its last possible use, and waits for the rows of its last requests. */
export function sliceOf(id: string, ask: Ask, units: number[], nowMs: number, expiresAtMs: number): Reservation {
  return {
    id,
    isSlice: true,
    isolate: ask.isolate,
    key: ask.key,
    model: ask.model,
    startedAtMs: nowMs,
    atMs: expiresAtMs,
    untilMs: expiresAtMs + ask.lifeMs,
    counters: ask.counters,
    units,
    leaseUntilMs: null,
    promptWeight: 0,
    estimate: { inputTokens: 0, outputTokens: 0, price: null },
    isClosed: false,
  }
}

/** The row of a request whose isolate never told its end. */
export function reapedRow({ id, startedAtMs, key, model, untilMs, estimate }: Reservation): UsageRecord {
  const usage: Usage = {
    inputTokens: estimate.inputTokens,
    cachedInputTokens: 0,
    cacheWriteTokens: 0,
    outputTokens: estimate.outputTokens,
    reasoningTokens: 0,
    source: 'reaped',
  }
  return {
    requestId: id,
    at: new Date(startedAtMs).toISOString(),
    key,
    model,
    target: null,
    outcome: 'broken',
    status: 200,
    cache: 'bypass',
    attempts: 1,
    usage,
    costMicroUsd: costMicroUsd(usage, estimate.price ?? undefined),
    firstTokenMs: null,
    totalMs: Math.max(0, untilMs - startedAtMs),
  }
}
