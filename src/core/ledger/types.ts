/** The ledger's vocabulary: what is limited, what a request asks for, and what it is answered. Plain data. No I/O. */
import type { Price } from '../money.ts'

/** What a limit counts; `usd` in micro-dollars, `concurrency` in requests in flight. */
export type Unit = 'requests' | 'tokens' | 'concurrency' | 'usd'

/** Over which time it counts. `held`: for as long as a request runs (concurrency). */
export type Window =
  | { readonly kind: 'sliding'; readonly perMs: number }
  | { readonly kind: 'paced'; readonly perMs: number; readonly burst: number }
  | { readonly kind: 'calendar'; readonly per: 'day' | 'month'; readonly timeZone: string }
  | { readonly kind: 'held' }

/** A limit as it applies to one request. */
export interface Counter {
  /** Equal ids share one count inside a tenant: the limit's name, unit and window, and whom it counts. Never its amount. */
  readonly id: string
  /** The limit's name, as `x-sluice-limited-by` shows it. */
  readonly limit: string
  readonly of: Unit
  readonly window: Window
  /** Most at once or per window; micro-dollars for `usd`. */
  readonly amount: number
  /** Reserve the worst case instead of the estimate? Always true of `usd`. */
  readonly hard: boolean
  readonly scope: 'tenant' | 'key' | 'user' | 'model'
  /** Whom it counts: key id, user or alias; null for the whole tenant. */
  readonly subject: string | null
}

/** What a request may use up, before anybody knows what it will. */
export interface Needs {
  /** Bytes of the prompt, weighted by script; see estimates.ts. */
  readonly promptWeight: number
  /** Upper bound of the prompt, tokens. */
  readonly promptTokensMax: number
  /** Most tokens that can come out; null where nothing bounds them. */
  readonly outputTokensMax: number | null
  /** The dearest way it can end, micro-dollars. */
  readonly worstMicroUsd: number
  /** What an estimate of its cost is made with; null where no target has a price. */
  readonly price: Price | null
}

/** What was learned of a tenant's requests to one alias; see estimates.ts. */
export interface Learned {
  readonly outputTokens: number
  readonly bytesPerToken: number
}

/** One request's question to the ledger. */
export interface Ask {
  /** The request's id: the same question asked twice is one. */
  readonly id: string
  /** Names the isolate that asks, for its slices. */
  readonly isolate: string
  /** For the row of a request whose isolate died: start (ms), key's id and alias. */
  readonly startedAtMs: number
  readonly key: string
  readonly model: string
  readonly counters: readonly Counter[]
  readonly needs: Needs
  /** Longest wait for its turn; 0: refuse at once. */
  readonly maxWaitMs: number
  /** A reservation that is not settled after this is settled at its estimate. */
  readonly lifeMs: number
  /** Slices that this isolate is done with. */
  readonly slices: readonly SliceReport[]
}

/** How a counter stands after a verdict. */
export interface Level {
  readonly remaining: number
  /** Until the whole amount is back, ms. */
  readonly resetMs: number
}

/** An isolate's own share, charged in advance: requests that fit into it need no question. */
export interface Slice {
  readonly id: string
  /** By index of the ask's counters. */
  readonly units: readonly number[]
  /** Counted by the isolate's clock, from when it sent the ask: it ends before the ledger, whose clock is another, has it end. */
  readonly lifeMs: number
}

/** What is left of a slice that is given back. */
export interface SliceReport {
  readonly id: string
  /** By index of its counters. */
  readonly left: readonly number[]
  /** From when it was asked for until the last request was admitted from it, by the isolate's clock. */
  readonly usedMs: number
}

/** The limits of a request and how they stood when it was decided about, for the headers of its reply. */
export interface LimitState {
  readonly counters: readonly Counter[]
  /** By index of `counters`. */
  readonly levels: readonly Level[]
  /** What was taken of each in advance, by index; absent where nothing was. */
  readonly units?: readonly number[]
}

/** The ledger's answer; `levels` by index of the ask's counters. */
export type Verdict =
  | {
      readonly kind: 'granted'
      readonly levels: readonly Level[]
      readonly learned: Learned
      readonly slice: Slice | null
    }
  | {
      readonly kind: 'refused'
      /** Index of the counter that stands in the way longest. */
      readonly by: number
      readonly retryAfterMs: number
      /** The request alone is more than the limit: no wait helps. */
      readonly isFutile: boolean
      readonly levels: readonly Level[]
    }
  /** The tenant is no more. */
  | { readonly kind: 'gone' }

/** What becomes of a request that waits; `lost`: it does not wait here, or no longer, and has to ask again. */
export type Turn = Verdict | { readonly kind: 'lost' }

/** The first answer may also be that it has to wait: ask for its `turn`. */
export type AskReply = Verdict | { readonly kind: 'queued'; readonly etaMs: number }

/** How a request was admitted that has no reservation of its own; rides with its usage row. */
export type Charge =
  /** Out of a slice: these units, by index of its counters. */
  | { readonly slice: string; readonly units: readonly number[] }
  /** While the ledger was out of reach: it is told of what it could not count. */
  | { readonly counters: readonly Counter[] }

/** A counter as the admin API shows it. */
export interface CounterLevel {
  readonly counter: Counter
  readonly used: number
  readonly level: Level
  /** Requests that wait for it. */
  readonly waiting: number
  /** When one more unit fits, ms from now. */
  readonly nextFreeMs: number
}

/** How a tenant's ledger stands. */
export interface LedgerView {
  readonly counters: readonly CounterLevel[]
  /** Requests admitted one by one that are not settled yet, and slices in isolates' hands. */
  readonly reservations: number
  readonly slices: number
  readonly waiting: number
}
