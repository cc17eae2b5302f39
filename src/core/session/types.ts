/** A session's rows and what passes between whoever runs a turn and the session's object: plain data. No I/O. */

/** What a row is of: a finished turn, items that were put in, a message spoken into it, or a mark without items. */
export type RowKind = 'turn' | 'items' | 'message' | 'broken' | 'cancelled' | 'loop' | 'deleted'

/** One row of the log, sealed. What it says in clear is no content. */
export interface SessionRow {
  /** Counts up, with gaps. Also the number of the event that tells of it. */
  readonly seq: number
  readonly kind: RowKind
  /** Unique in the session: the id of the turn, or of the call that made it. Its seal is bound to it. */
  readonly name: string
  readonly atMs: number
  /** JSON of an array of items, sealed; null where there are none. */
  readonly sealed: string | null
  /** About what its items cost in a prompt. */
  readonly tokens: number
}

/** A row to be added. `clear` is told to who listens, and not stored. */
export interface NewRow {
  readonly name: string
  readonly sealed: string
  readonly clear: string
  readonly tokens: number
  /** Ids of the items, in their order. */
  readonly ids: readonly string[]
  /** Keyed fingerprint of what the assistant did in it; null where it did nothing. */
  readonly print: string | null
}

/** What the config says of sessions, as far as their objects need it. */
export interface SessionPolicy {
  readonly ttlMs: number
  /** 0: off. */
  readonly loopRepeats: number
}

/** What stands for the oldest rows. */
export interface SealedSummary {
  /** It covers every row up to here. */
  readonly uptoSeq: number
  readonly name: string
  readonly sealed: string
}

/** How a session stands. */
export interface SessionHead {
  readonly createdAtMs: number
  /** Names it: a session deleted and made again has another. */
  readonly birth: string
  /** Sealed; null where there is none. */
  readonly metadata: string | null
  readonly items: number
  /** Number of the newest row; 0 before the first. */
  readonly lastSeq: number
  readonly lastTurn: { readonly status: 'finished' | 'broken' | 'cancelled'; readonly atMs: number } | null
}

/** What the caller of a turn knows of the session already. */
export interface KnownHistory {
  readonly birth: string
  readonly epoch: number
  readonly seq: number
}

/** What a turn begins with. */
export interface BeginAsk {
  readonly turnId: string
  readonly known: KnownHistory | null
  /** 0: refuse where another turn runs. */
  readonly waitMs: number
  /** May it make the session? */
  readonly create: boolean
  readonly tokensMax: number
  readonly policy: SessionPolicy
}

/** A history as it is sent: all of it, or what is newer than is known. */
export interface HistoryNews {
  readonly birth: string
  /** Changes with everything that is no addition. */
  readonly epoch: number
  /** Not only what is newer than is known. */
  readonly isWhole: boolean
  /** Those with items, oldest first. */
  readonly rows: readonly SessionRow[]
  /** The newest that there is, whatever it is. */
  readonly seq: number
  /** Rows older than this are there no more. */
  readonly fromSeq: number
  /** Are there older ones than are sent? */
  readonly hasOlder: boolean
  readonly summary: SealedSummary | null
}

/** What became of a turn's beginning. */
export type Begun =
  | ({
      readonly kind: 'begun'
      /** Of the last turn that was kept; 0: none. The end names it again. */
      readonly version: number
      readonly preferredTarget: string | null
    } & HistoryNews)
  | { readonly kind: 'busy' }
  | { readonly kind: 'unknown' }
  /** The same answer came so often in a row. */
  | { readonly kind: 'looping'; readonly repeats: number }
  | { readonly kind: 'gone' }

/** How a turn ends that is kept. */
export interface EndAsk {
  readonly turnId: string
  readonly version: number
  /** '' where the session was not there. */
  readonly birth: string
  readonly row: NewRow
  readonly target: string | null
  readonly policy: SessionPolicy
}

/** What became of rows that were added by somebody who runs no turn. */
export type Appended =
  | { readonly kind: 'kept'; readonly seq: number }
  /** `stale`: it was changed meanwhile; look again. */
  | { readonly kind: 'unknown' | 'busy' | 'gone' | 'too-large' | 'stale' }

/** Which items are listed: those of rows before or after the one of an item, newest or oldest first. */
export interface ItemQuery {
  readonly after: string | null
  /** Of a page that goes on: rows beyond this one alone, in that order. */
  readonly beyondSeq?: number
  readonly limit: number
  readonly order: 'asc' | 'desc'
}

/**
 * Rows that hold a page of items and, where there is one, an item more. `isCut`: there are more rows, but these are as
 * many as one read takes, so they may hold less than the page; of what comes after an item even nothing.
 */
export interface RowsPage {
  readonly rows: readonly SessionRow[]
  readonly isCut: boolean
}
