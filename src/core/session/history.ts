/** Histories that an isolate has opened: what it knows of a session, so that it is sent only what is new. No I/O. */
import { Sieve } from '../recall/sieve.ts'
import { HISTORIES_BYTES_MAX, HISTORY_BYTES_PER_CHAR, HISTORY_CHARS_MAX } from './limits.ts'
import type { HistoryNews, KnownHistory } from './types.ts'
import { type ItemTraits, type WindowBounds, windowStart } from './window.ts'

type Json = Readonly<Record<string, unknown>>

/** A row, opened. */
export interface OpenedRow {
  readonly seq: number
  readonly items: readonly Json[]
  /** Of each item. */
  readonly traits: readonly ItemTraits[]
  /** Of the items as JSON, and of each its length. */
  readonly bytes: number
  readonly chars: number
  /** Of those, data URLs and the like: text that all forms of it share. */
  readonly mediaChars: number
  /** Of its seal. */
  readonly sealedChars: number
  /** As chat messages; a fault where that cannot be said in them. */
  readonly messages: readonly Json[] | { readonly fault: string }
}

/** A history, opened. Oldest first. */
export interface History extends KnownHistory {
  readonly rows: readonly OpenedRow[]
  /** Are there older items than these? */
  readonly hasOlder: boolean
  /** What stands for rows before these. */
  readonly summary: { readonly uptoSeq: number; readonly text: string } | null
  /** So many tokens it was asked for with. */
  readonly tokensMax: number
}

/** What there was before the first turn. */
export const NO_HISTORY: History = {
  birth: '',
  epoch: 0,
  seq: 0,
  rows: [],
  hasOlder: false,
  summary: null,
  tokensMax: 0,
}

/** What was known with what is new, as far as it is still there and within the bounds. */
export function historyAfter(
  known: History | null,
  news: HistoryNews,
  opened: readonly OpenedRow[],
  summary: History['summary'],
  tokensMax: number,
): History {
  const before = news.isWhole || known === null ? [] : known.rows
  const fromSeq = Math.max(news.fromSeq, (summary?.uptoSeq ?? 0) + 1)
  const all = [
    ...(before[0] !== undefined && before[0].seq < fromSeq ? before.filter(({ seq }) => seq >= fromSeq) : before),
    ...opened,
  ]
  const hadOlder = news.isWhole || known === null ? news.hasOlder : known.hasOlder
  const cut = firstRow(all, tokensMax)
  return {
    birth: news.birth,
    epoch: news.epoch,
    seq: news.seq,
    rows: cut === 0 ? all : all.slice(cut),
    hasOlder: hadOlder || cut > 0,
    summary,
    tokensMax,
  }
}

/**
 * The first row that has items within the tokens, and one more: where a history may begin is found in it. Of characters
 * there are no more than the session would send.
 */
function firstRow(rows: readonly OpenedRow[], tokensMax: number): number {
  let [tokens, chars] = [0, 0]
  let last = 0
  for (let index = rows.length - 1; index >= last; index -= 1) {
    const row = rows[index] as OpenedRow
    chars += row.sealedChars
    if (chars > HISTORY_CHARS_MAX && index < rows.length - 1) return index + 1
    for (const trait of row.traits) tokens += trait.tokens
    if (tokens > tokensMax && last === 0) last = Math.max(0, index - 1)
  }
  return last
}

/** The part of a history that is sent: whole rows, and the items of one of which only some are. */
export interface Window {
  readonly partly: readonly Json[]
  readonly rows: readonly OpenedRow[]
}

/** `following`: calls whose outputs come next. */
export function windowOf({ rows, hasOlder }: History, bounds: WindowBounds, following: readonly string[]): Window {
  let start = windowStart(
    rows.flatMap(({ traits }) => traits),
    bounds,
    following,
    hasOlder,
  )
  let index = 0
  while (index < rows.length && start >= (rows[index]?.items.length ?? 0)) {
    start -= rows[index]?.items.length ?? 0
    index += 1
  }
  const partly = start === 0 ? [] : (rows[index]?.items.slice(start) ?? [])
  return { partly, rows: rows.slice(start === 0 ? index : index + 1) }
}

/** One per isolate. */
export class Histories {
  readonly #histories = new Sieve<History>(HISTORIES_BYTES_MAX)

  /** Null where it is not known, or was asked for with fewer tokens. */
  get(owner: string, session: string, tokensMax: number): History | null {
    const known = this.#histories.get(`${owner}\n${session}`)
    return known !== undefined && known.tokensMax >= tokensMax ? known : null
  }

  set(owner: string, session: string, history: History): void {
    const bytesOf = ({ chars, mediaChars }: OpenedRow): number =>
      (chars - mediaChars) * HISTORY_BYTES_PER_CHAR + mediaChars
    const bytes = history.rows.reduce((sum, row) => sum + bytesOf(row), ENTRY_BYTES)
    this.#histories.set(`${owner}\n${session}`, history, bytes)
  }

  delete(owner: string, session: string): void {
    this.#histories.delete(`${owner}\n${session}`)
  }
}

/** What an entry takes besides, about. */
const ENTRY_BYTES = 1024
