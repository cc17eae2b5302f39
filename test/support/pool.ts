/** Requests, replicas and rules of a pool for tests, and prompts that share what their texts share. */
import type { Lease } from '../../src/core/pool/replica.ts'
import { Scheduler } from '../../src/core/pool/scheduler.ts'
import type { PoolReplica, PoolRequest, PoolRules } from '../../src/core/pool/types.ts'

export const RULES: PoolRules = {
  prefillTokensPerSecond: 10_000,
  kvTokens: 1_000_000,
  blockTokens: 100,
  maxInflightTokens: 1_000_000,
  maxQueue: 1000,
  maxWaitMs: 30_000,
  saturatedMs: 2000,
}

export const replicasOf = (...ids: string[]): PoolReplica[] => ids.map((id) => ({ id, state: 'active' }))

/** Blocks of a made-up prompt, one a character: two texts share the blocks of the beginning that they share. */
export function blocksOf(text: string): Float64Array {
  let hash = 1
  return Float64Array.from(text, (character) => {
    // Below 2 ** 53 all along, so that every step is exact.
    hash = ((hash % 2 ** 32) * 2_097_143 + (character.codePointAt(0) ?? 0)) % 9_007_199_254_740_881 || 1
    return hash
  })
}

/** A request of a hundred tokens a character of its prompt. */
export function requestOf(id: string, prompt: string, other: Partial<PoolRequest> = {}): PoolRequest {
  return {
    id,
    tenant: 'acme',
    priority: 'interactive',
    model: 'chat',
    blocks: blocksOf(prompt),
    promptTokens: 100 * prompt.length,
    outputTokens: 100,
    tellsFirst: true,
    tried: [],
    sinceMs: 0,
    maxWaitMs: 30_000,
    ...other,
  }
}

export function schedulerOf(replicas: readonly PoolReplica[], rules: Partial<PoolRules> = {}): Scheduler {
  return new Scheduler({ ...RULES, ...rules }, replicas, { random: () => 0.5, nowMs: 0 })
}

/** Where a request was bound to, or what became of it. */
export function placeOf(scheduler: Scheduler, request: PoolRequest, nowMs = 0): string {
  const turn = scheduler.acquire(request, nowMs)
  return turn.kind === 'bound' ? turn.replica : turn.kind === 'refused' ? turn.why : turn.kind
}

export function leaseOf(id: string, other: Partial<Lease> = {}): Lease {
  return {
    id,
    replica: 'a',
    tenant: 'acme',
    promptTokens: 1000,
    uncachedTokens: 1000,
    cost: 0,
    blocks: blocksOf('prompt'),
    matched: 0,
    tellsFirst: true,
    isCrowding: false,
    boundMs: 0,
    choice: null,
    ...other,
  }
}
