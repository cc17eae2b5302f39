/** How usage records are kept: in segments, each of one UTC hour, read again by range or newest first. No I/O. */
import { USAGE_SEGMENT_ROWS_MAX } from './limits.ts'
import type { UsageRecord } from './usage-record.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000

/** Records that are stored as one row, and the instants they lie between. */
export interface Segment {
  readonly fromMs: number
  readonly toMs: number
  readonly records: readonly UsageRecord[]
}

/** When a request began. */
export const startOf = (record: UsageRecord): number => Date.parse(record.at)

/**
 * Cuts a batch into segments: usually one. None crosses a UTC hour, so that a range of instants is found by the
 * segments of its hours, however long the streams that ended together have run.
 */
export function segmentsOf(records: readonly UsageRecord[]): Segment[] {
  const hours = Map.groupBy(records, (record) => Math.floor(startOf(record) / HOUR_MS))
  return [...hours.values()].flatMap((hour) => {
    const chunks = Math.ceil(hour.length / USAGE_SEGMENT_ROWS_MAX)
    return Array.from({ length: chunks }, (_, index): Segment => {
      const chunk = hour.slice(index * USAGE_SEGMENT_ROWS_MAX, (index + 1) * USAGE_SEGMENT_ROWS_MAX)
      const starts = chunk.map(startOf)
      return { fromMs: Math.min(...starts), toMs: Math.max(...starts), records: chunk }
    })
  })
}

/** The first instant after an instant's hour: no segment with a record of that instant reaches it. */
export const endOfHour = (atMs: number): number => (Math.floor(atMs / HOUR_MS) + 1) * HOUR_MS

/** The place of a record in the order of pages: newest start first, the id breaks ties. */
export interface Cursor {
  readonly atMs: number
  readonly requestId: string
}

/** Writes a cursor as the opaque `last` of a page. */
export const formatCursor = ({ atMs, requestId }: Cursor): string => `${atMs}-${requestId}`

/** Reads a cursor; null when it is none of ours. */
export function parseCursor(text: string): Cursor | null {
  const [, at, requestId] = /^(\d{1,15})-(.{1,128})$/.exec(text) ?? []
  return at === undefined || requestId === undefined ? null : { atMs: Number(at), requestId }
}

/**
 * A page of records, newest first, from segments that come with the latest end first. A record is out as soon as no
 * segment to come can hold a newer one, so that only the segments around the page are read.
 */
export function newestFirst(
  segments: Iterable<{ readonly toMs: number; readonly records: readonly UsageRecord[] }>,
  after: Cursor | null,
  limit: number,
): { data: UsageRecord[]; hasMore: boolean; last: string | null } {
  let held: UsageRecord[] = []
  for (const segment of segments) {
    if (held.filter((record) => startOf(record) > segment.toMs).length > limit) break
    const follow = segment.records.filter((record) => after === null || isAfter(cursorOf(record), after))
    if (follow.length > 0) held = [...held, ...follow].sort(byNewest).slice(0, limit + 1)
  }
  const data = held.slice(0, limit)
  const final = data.at(-1)
  return { data, hasMore: held.length > limit, last: final === undefined ? null : formatCursor(cursorOf(final)) }
}

const cursorOf = (record: UsageRecord): Cursor => ({ atMs: startOf(record), requestId: record.requestId })

const isAfter = (cursor: Cursor, other: Cursor): boolean =>
  cursor.atMs < other.atMs || (cursor.atMs === other.atMs && cursor.requestId < other.requestId)

const byNewest = (left: UsageRecord, right: UsageRecord): number => (isAfter(cursorOf(left), cursorOf(right)) ? 1 : -1)

/** A half-open range of instants, taken apart: whole UTC days from the roll-ups, the rest from single records. */
export interface UsageRange {
  /** Half-open, `YYYY-MM-DD`; an open end is undefined. */
  readonly days: { readonly from: string | undefined; readonly to: string | undefined }
  /** Half-open, each inside one day. */
  readonly parts: readonly { readonly fromMs: number; readonly toMs: number }[]
}

/**
 * Takes a range apart. A bound inside a day is exact as long as that day's records are kept (`rawFromMs`); afterwards
 * it counts as the day's beginning, for both ends, so that adjoining ranges still add up to the whole.
 */
export function usageRange(
  fromMs: number | undefined,
  toMs: number | undefined,
  rawFromMs: number,
  nowMs: number,
): UsageRange {
  const bound = (atMs: number): number => (atMs < rawFromMs ? startOfDay(atMs) : atMs)
  const from = fromMs === undefined ? undefined : bound(Math.max(fromMs, 0))
  // Nothing has begun in the future: an end there is no end, and today comes whole from the roll-ups.
  const to = toMs === undefined || toMs > nowMs ? undefined : bound(Math.max(toMs, 0))
  const firstDay = from === undefined ? undefined : startOfDay(from + DAY_MS - 1)
  const endDay = to === undefined ? undefined : startOfDay(to)
  if (from !== undefined && to !== undefined && firstDay !== undefined && endDay !== undefined && endDay < firstDay) {
    return {
      days: { from: dayOf(firstDay), to: dayOf(firstDay) },
      parts: from < to ? [{ fromMs: from, toMs: to }] : [],
    }
  }
  const parts: { fromMs: number; toMs: number }[] = []
  if (from !== undefined && firstDay !== undefined && from < firstDay) parts.push({ fromMs: from, toMs: firstDay })
  if (to !== undefined && endDay !== undefined && endDay < to) parts.push({ fromMs: endDay, toMs: to })
  return {
    days: {
      from: firstDay === undefined ? undefined : dayOf(firstDay),
      to: endDay === undefined ? undefined : dayOf(endDay),
    },
    parts,
  }
}

const startOfDay = (atMs: number): number => Math.floor(atMs / DAY_MS) * DAY_MS

/** UTC day of an instant, `YYYY-MM-DD`. */
export const dayOf = (atMs: number): string => new Date(atMs).toISOString().slice(0, 10)
