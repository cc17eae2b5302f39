/** A ledger for tests: a journal that stores what it is told as rows would, asks and usage rows, and a clock that walks. */
import type { Entry } from '../../src/core/ledger/count.ts'
import type { Journal, Reservation } from '../../src/core/ledger/journal.ts'
import { Ledger } from '../../src/core/ledger/ledger.ts'
import type {
  Ask,
  AskReply,
  Charge,
  Counter,
  Learned,
  Needs,
  SliceReport,
  Verdict,
} from '../../src/core/ledger/types.ts'
import type { UsageRecord } from '../../src/core/usage-record.ts'

/** Kept as text, as the object's rows are: what JSON cannot hold is not held here either. */
export class StoredJournal implements Journal {
  readonly #entries = new Map<string, Map<number, { entry: Entry; untilMs: number }>>()
  readonly #reservations = new Map<string, string>()
  readonly #learned = new Map<string, Learned>()

  load({ id }: Counter): Entry[] {
    const slots = [...(this.#entries.get(id)?.values() ?? [])]
    return slots.map(({ entry }) => entry).sort((one, other) => one.slot - other.slot)
  }

  add(counter: Counter, { slot, units, atMs }: Entry, untilMs: number): void {
    const slots = this.#slotsOf(counter)
    const known = slots.get(slot)
    slots.set(slot, {
      entry: {
        slot,
        units: (known?.entry.units ?? 0) + units,
        atMs: Math.max(known?.entry.atMs ?? atMs, atMs),
      },
      untilMs: Math.max(known?.untilMs ?? untilMs, untilMs),
    })
  }

  put(counter: Counter, entry: Entry, untilMs: number): void {
    this.#slotsOf(counter).set(entry.slot, { entry, untilMs })
  }

  keep(reservation: Reservation): void {
    this.#reservations.set(reservation.id, JSON.stringify(reservation))
  }

  drop(id: string): void {
    this.#reservations.delete(id)
  }

  learned(model: string): Learned | undefined {
    return this.#learned.get(model)
  }

  learn(model: string, learned: Learned): void {
    this.#learned.set(model, learned)
  }

  /** What is outstanding, read anew. */
  reservations(): Reservation[] {
    return [...this.#reservations.values()].map((text): Reservation => JSON.parse(text))
  }

  /** Forgets rows whose time is over, as the object's pruning does. */
  prune(nowMs: number): void {
    for (const slots of this.#entries.values()) {
      for (const [slot, { untilMs }] of slots) if (untilMs < nowMs) slots.delete(slot)
    }
  }

  #slotsOf({ id }: Counter): Map<number, { entry: Entry; untilMs: number }> {
    const slots = this.#entries.get(id) ?? new Map()
    this.#entries.set(id, slots)
    return slots
  }
}

/** A ledger with its own clock and timer, as the object gives it: after every change whoever can go now goes. */
export class ClockedLedger {
  readonly journal = new StoredJournal()
  /** What those who waited were told, by request id, and when. */
  readonly turns = new Map<string, { readonly verdict: Verdict; readonly atMs: number }>()
  nowMs: number
  #ledger: Ledger
  #againMs = Number.POSITIVE_INFINITY
  #slices = 0

  constructor(nowMs = 0) {
    this.nowMs = nowMs
    this.#ledger = this.#started()
  }

  get ledger(): Ledger {
    return this.#ledger
  }

  ask(ask: Ask): AskReply {
    return this.#then(this.#ledger.ask(ask, this.nowMs))
  }

  withdraw(id: string): void {
    this.#then(this.#ledger.withdraw(id, this.nowMs))
  }

  renew(...ids: string[]): void {
    this.#ledger.renew(ids, this.nowMs)
  }

  settle(
    rows: readonly UsageRecord[],
    charges: Record<string, Charge> = {},
    slices: readonly SliceReport[] = [],
  ): void {
    this.#then(this.#ledger.settle(rows, charges, slices, this.nowMs))
  }

  reap(): UsageRecord[] {
    return this.#then(this.#ledger.reap(this.nowMs))
  }

  /** Lets time pass, and whoever waits go when told. */
  pass(ms: number): void {
    const untilMs = this.nowMs + ms
    while (this.#againMs <= untilMs) {
      this.nowMs = Math.max(this.nowMs, Math.ceil(this.#againMs))
      this.#walk()
    }
    this.nowMs = untilMs
  }

  /** The object is lost, with everybody who waits, and made again from what is stored. */
  restart(): void {
    this.journal.prune(this.nowMs)
    this.#ledger = this.#started()
    this.#againMs = Number.POSITIVE_INFINITY
  }

  /** Units that count now of these counters. */
  used(...counters: Counter[]): number[] {
    const { counters: levels } = this.#ledger.view(counters, this.nowMs)
    return counters.map(({ id }) => levels.find(({ counter }) => counter.id === id)?.used ?? 0)
  }

  /** When it is to be walked through next. */
  get againMs(): number {
    return this.#againMs
  }

  #started(): Ledger {
    return new Ledger(
      {
        journal: this.journal,
        newId: () => `slice-${++this.#slices}`,
        onTurn: (id, verdict) => this.turns.set(id, { verdict, atMs: this.nowMs }),
      },
      this.journal.reservations(),
      this.nowMs,
    )
  }

  #then<T>(result: T): T {
    this.#walk()
    return result
  }

  #walk(): void {
    this.#againMs = this.#ledger.walk(this.nowMs)
  }
}

/** A limit on requests over a sliding window, unless told otherwise. */
export function counterOf(changes: Partial<Counter> = {}): Counter {
  const { limit = 'rpm', of = 'requests' } = changes
  return {
    id: `${limit} ${of}`,
    limit,
    of,
    window: { kind: 'sliding', perMs: 60_000 },
    amount: 10,
    hard: of === 'usd',
    scope: 'tenant',
    subject: null,
    ...changes,
  }
}

/** A limit on requests in flight. */
export const flightOf = (amount: number): Counter =>
  counterOf({ limit: 'flight', of: 'concurrency', window: { kind: 'held' }, amount })

/** A limit with even spacing. */
export const pacedOf = (amount: number, perMs: number, burst = 1): Counter =>
  counterOf({ limit: 'paced', window: { kind: 'paced', perMs, burst }, amount })

/** A budget of a day in UTC, micro-dollars. */
export const budgetOf = (amount: number): Counter =>
  counterOf({ limit: 'budget', of: 'usd', window: { kind: 'calendar', per: 'day', timeZone: 'UTC' }, amount })

/** Needs of 100 prompt tokens (200 at most) and 100 of output, at a micro-dollar each, unless told otherwise. */
export const needsOf = (changes: Partial<Needs> = {}): Needs => ({
  promptWeight: 400,
  promptTokensMax: 200,
  outputTokensMax: 100,
  worstMicroUsd: 300,
  price: { input: 1, output: 1 },
  ...changes,
})

/** One request's question about these counters. */
export function askOf(id: string, counters: readonly Counter[], changes: Partial<Ask> = {}): Ask {
  return {
    id,
    isolate: 'one',
    startedAtMs: 0,
    key: 'key00001',
    model: 'chat',
    counters,
    needs: needsOf(),
    maxWaitMs: 0,
    lifeMs: 660_000,
    slices: [],
    ...changes,
  }
}

/** The row of a request that finished with so many tokens of prompt and output, at a micro-dollar each. */
export function rowOf(
  requestId: string,
  input: number,
  output: number,
  changes: Partial<UsageRecord> = {},
): UsageRecord {
  return {
    requestId,
    at: '1970-01-01T00:00:00.000Z',
    key: 'key00001',
    model: 'chat',
    target: 'gpu/large',
    outcome: 'finished',
    status: 200,
    cache: 'bypass',
    attempts: 1,
    usage: {
      inputTokens: input,
      cachedInputTokens: 0,
      cacheWriteTokens: 0,
      outputTokens: output,
      reasoningTokens: 0,
      source: 'provider',
    },
    costMicroUsd: input + output,
    firstTokenMs: null,
    totalMs: 1000,
    ...changes,
  }
}
