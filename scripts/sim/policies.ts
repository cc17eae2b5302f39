/** Ways to keep requests within tokens a minute: as most gateways do it, and Sluice's own ledger, estimated and hard. No I/O. */
import { promptTokensMax, promptWeight, START, unitsOf } from '../../src/core/ledger/estimates.ts'
import type { Journal } from '../../src/core/ledger/journal.ts'
import { Ledger } from '../../src/core/ledger/ledger.ts'
import { Slices } from '../../src/core/ledger/slices.ts'
import { SlidingWindow } from '../../src/core/ledger/sliding-window.ts'
import type { Charge, Counter, Learned, Needs } from '../../src/core/ledger/types.ts'
import type { UsageRecord } from '../../src/core/usage-record.ts'
import type { SimulatedRequest } from './workload.ts'

/** Decides about requests one by one; is told when each that it let in is over. */
export interface Policy {
  readonly name: string
  admit(request: SimulatedRequest, nowMs: number): boolean
  end(request: SimulatedRequest, nowMs: number): void
}

/** A limit: so many tokens in any closed interval so long. */
export interface TokenLimit {
  readonly amount: number
  readonly perMs: number
}

/** What peers do: a request is let in while the counter is below the limit, and charged when it has ended. */
export function postCharging({ amount, perMs }: TokenLimit): Policy {
  const count = new SlidingWindow(perMs)
  return {
    name: 'post-charging',
    admit: (_, nowMs) => count.level(nowMs) < amount,
    end: ({ promptTokens, outputTokens }, nowMs) => count.charge(promptTokens + outputTokens, nowMs),
  }
}

/** The ledger itself, with one limit on tokens, asked by one isolate that has slices of it while it asks often. */
export function ledgerPolicy({ amount, perMs }: TokenLimit, hard: boolean): Policy {
  const ledger = new Ledger({ journal: forgetful(), newId: () => crypto.randomUUID(), onTurn: () => {} })
  const slices = new Slices()
  const charges = new Map<string, Charge>()
  const window = { kind: 'sliding', perMs } as const
  const counter: Counter = {
    id: 'tpm',
    limit: 'tpm',
    of: 'tokens',
    window,
    amount,
    hard,
    scope: 'tenant',
    subject: null,
  }
  return {
    name: hard ? 'hard' : 'estimated',
    admit(request, nowMs) {
      const { id } = request
      const needs = needsOf(request)
      const units = unitsOf(counter, needs, slices.learned(OWNER, MODEL) ?? START)
      const taken = slices.take(OWNER, counter.id, [units], nowMs)
      if (taken !== null) {
        charges.set(id, taken.charge)
        return true
      }
      const reports = slices.reports(OWNER, nowMs)
      const ask = { id, isolate: 'one', startedAtMs: nowMs, key: 'key', model: MODEL, counters: [counter], needs }
      const reply = ledger.ask({ ...ask, maxWaitMs: 0, lifeMs: LIFE_MS, slices: reports }, nowMs)
      slices.delivered(OWNER, reports)
      if (reply.kind !== 'granted') return false
      slices.learn(OWNER, MODEL, reply.learned)
      if (reply.slice !== null) slices.put(OWNER, counter.id, reply.slice, reply.levels, nowMs)
      return true
    },
    end(request, nowMs) {
      const charge = charges.get(request.id)
      charges.delete(request.id)
      const reports = slices.reports(OWNER, nowMs)
      ledger.settle([rowOf(request)], charge === undefined ? {} : { [request.id]: charge }, reports, nowMs)
      slices.delivered(OWNER, reports)
    },
  }
}

const OWNER = 'tenant'
const MODEL = 'chat'
/** Longer than any request of the simulation. */
const LIFE_MS = 3_600_000

const needsOf = ({ size, outputTokensMax }: SimulatedRequest): Needs => ({
  promptWeight: promptWeight(size),
  promptTokensMax: promptTokensMax(size),
  outputTokensMax,
  worstMicroUsd: 0,
  price: null,
})

/** One run is one life of the ledger: nothing is read again but what was learned. */
function forgetful(): Journal {
  const learned = new Map<string, Learned>()
  return {
    load: () => [],
    add: () => {},
    put: () => {},
    keep: () => {},
    drop: () => {},
    learned: (model) => learned.get(model),
    learn: (model, value) => void learned.set(model, value),
  }
}

function rowOf({ id, atMs, promptTokens, outputTokens, durationMs }: SimulatedRequest): UsageRecord {
  return {
    requestId: id,
    at: new Date(atMs).toISOString(),
    key: 'key',
    model: 'chat',
    target: 'gpu/chat',
    outcome: 'finished',
    status: 200,
    cache: 'bypass',
    attempts: 1,
    usage: {
      inputTokens: promptTokens,
      cachedInputTokens: 0,
      cacheWriteTokens: 0,
      outputTokens,
      reasoningTokens: 0,
      source: 'provider',
    },
    costMicroUsd: null,
    firstTokenMs: null,
    totalMs: durationMs,
  }
}
