/** The usage log over a real object's database: what is written for a batch, ranges, pages, pruning. */

import { env, runInDurableObject } from 'cloudflare:test'
import { expect, it } from 'vitest'
import type { UsageRecord } from '../../src/core/usage-record.ts'
import { migrate } from '../../src/objects/sql.ts'
import { USAGE_SCHEMA, UsageLog } from '../../src/objects/usage-log.ts'
import { recordOf } from '../support/control-plane.ts'

const DAY = 86_400_000
const HOUR = 3_600_000
/** Noon. */
const NOON = Date.parse('2026-11-20T12:00:00Z')

let count = 0
/** A log in the database of an object that nobody else uses. */
function withLog(use: (log: UsageLog, sql: SqlStorage, reopen: () => UsageLog) => void): Promise<void> {
  const stub = env.TENANT.get(env.TENANT.idFromName(`usage-log-${++count}`))
  return runInDurableObject(stub, (_, { storage }) => {
    migrate(storage, [USAGE_SCHEMA])
    const bounds = { rawBytesMax: 4000, recentIdsMax: 4 }
    use(new UsageLog(storage, bounds), storage.sql, () => new UsageLog(storage, bounds))
  })
}

const rowsOf = (sql: SqlStorage, table: string) => sql.exec<{ n: number }>(`SELECT count(*) AS n FROM ${table}`).one().n
const iso = (atMs: number) => new Date(atMs).toISOString()
const ids = (page: { data: UsageRecord[] }) => page.data.map(({ requestId }) => requestId)

it('writes a batch as one segment and one roll-up per day, model, key and status', () =>
  withLog((log, sql) => {
    log.record(
      [
        recordOf('a', NOON),
        recordOf('b', NOON + 1),
        recordOf('c', NOON + 2, { status: 502, outcome: 'failed', usage: null, costMicroUsd: null }),
        recordOf('d', NOON + 3, { model: 'other' }),
      ],
      NOON + 100,
    )
    expect([rowsOf(sql, 'segments'), rowsOf(sql, 'rollups')]).toEqual([1, 3])
    log.record([recordOf('e', NOON)], NOON + 200)
    expect([rowsOf(sql, 'segments'), rowsOf(sql, 'rollups')]).toEqual([2, 3])
    expect(log.usage({ by: ['model'] }, NOON + DAY)).toMatchObject([
      { model: 'chat', requests: 4, errors: 1 },
      { model: 'other', requests: 1 },
    ])
  }))

it('keeps what is new together with what is made of it, or not at all: then it may come again', () =>
  withLog((log, sql) => {
    const made: string[][] = []
    const settle = (fresh: readonly UsageRecord[]): void => {
      made.push(fresh.map(({ requestId }) => requestId))
    }
    log.record([recordOf('a', NOON)], NOON, settle)
    const failing = () =>
      log.record([recordOf('a', NOON), recordOf('b', NOON)], NOON, (fresh) => {
        settle(fresh)
        throw new Error('full')
      })
    expect(failing).toThrow('full')
    expect([rowsOf(sql, 'segments'), ids(log.requests(undefined, 10))]).toEqual([1, ['a']])
    log.record([recordOf('a', NOON), recordOf('b', NOON)], NOON, settle)
    log.record([recordOf('b', NOON)], NOON, settle)
    expect(made).toEqual([['a'], ['b'], ['b'], []])
    expect(ids(log.requests(undefined, 10)).toSorted()).toEqual(['a', 'b'])
  }))

it('sums one key alone where one is named: whole days and parts of days', () =>
  withLog((log) => {
    log.record([recordOf('a', NOON), recordOf('b', NOON, { key: 'other' })], NOON)
    expect(log.usage({ by: ['key'], key: 'other' }, NOON + DAY)).toMatchObject([{ key: 'other', requests: 1 }])
    expect(log.usage({ by: ['key'], key: 'other', from: iso(NOON - 1) }, NOON + DAY)).toMatchObject([
      { key: 'other', requests: 1 },
    ])
    expect(log.usage({ by: ['key'], key: 'none' }, NOON + DAY)).toEqual([])
  }))

it('keeps segments apart that end at the same instant', () =>
  withLog((log, sql) => {
    log.record([recordOf('a', NOON)], NOON)
    log.record([recordOf('b', NOON)], NOON)
    expect(rowsOf(sql, 'segments')).toBe(2)
    expect(ids(log.requests(undefined, 10))).toEqual(['b', 'a'])
  }))

it('knows a row that comes again: at once, after its id was forgotten, and after an eviction', () =>
  withLog((log, sql, reopen) => {
    const rows = Array.from({ length: 12 }, (_, index) => recordOf(`r${index}`, NOON + index))
    for (const row of rows) log.record([row], NOON + 5 * 60_000)
    for (const row of rows) log.record([row, row], NOON + 6 * 60_000)
    expect(rowsOf(sql, 'segments')).toBe(12)
    reopen().record(rows, NOON + 60_000)
    reopen().record(rows, NOON + 10 * 60_000)
    expect(rowsOf(sql, 'segments')).toBe(12)
    expect(log.usage({ by: [] }, NOON + DAY)).toMatchObject([{ requests: 12 }])
  }))

it('does not take one id for another that holds it', () =>
  withLog((log) => {
    log.record([recordOf('abc', NOON - 2 * HOUR)], NOON)
    log.record([recordOf('ab', NOON - 2 * HOUR)], NOON)
    expect(ids(log.requests(undefined, 10))).toEqual(['abc', 'ab'])
  }))

it('sums half-open ranges of instants, whole days and parts of days alike', () =>
  withLog((log) => {
    const starts = [NOON - 2 * DAY, NOON - DAY, NOON - 1, NOON, NOON + 1, NOON + HOUR]
    log.record(
      starts.map((atMs, index) => recordOf(`r${index}`, atMs)),
      NOON + 2 * HOUR,
    )
    const requests = (fromMs?: number, toMs?: number) => {
      const range = {
        ...(fromMs === undefined ? {} : { from: iso(fromMs) }),
        ...(toMs === undefined ? {} : { to: iso(toMs) }),
      }
      return log.usage({ by: [], ...range }, NOON + 2 * HOUR)[0]?.requests ?? 0
    }
    for (const from of [undefined, ...starts]) {
      for (const to of [undefined, ...starts, NOON + DAY]) {
        const expected = starts.filter((atMs) => (from ?? 0) <= atMs && atMs < (to ?? Number.POSITIVE_INFINITY))
        expect([from, to, requests(from, to)]).toEqual([from, to, expected.length])
      }
    }
  }))

it('lists newest first over segments that overlap, page by page, each record once', () =>
  withLog((log) => {
    // Batches of long and short requests: what ended together began minutes apart.
    for (let batch = 0; batch < 20; batch++) {
      const endMs = NOON + batch * 10_000
      log.record(
        [0, 7_000, 600_000, 3_600_000].map((agoMs, index) => recordOf(`b${batch}-${index}`, endMs - agoMs)),
        endMs,
      )
    }
    const seen: UsageRecord[] = []
    let after: string | undefined
    do {
      const page = log.requests(after, 7)
      seen.push(...page.data)
      expect(page.hasMore).toBe(seen.length < 80)
      after = page.hasMore ? (page.last ?? expect.fail()) : undefined
    } while (after !== undefined)
    expect(new Set(seen.map(({ requestId }) => requestId)).size).toBe(80)
    expect(seen.map(({ at }) => at)).toEqual(
      seen
        .map(({ at }) => at)
        .sort()
        .reverse(),
    )
    expect(log.requests('nonsense', 7)).toEqual({ data: [], hasMore: false, last: null })
  }))

it('prunes single records after 30 days and sums after 400; a bound inside a pruned day is its beginning', () =>
  withLog((log, sql) => {
    log.record([recordOf('old', NOON), recordOf('new', NOON + 20 * DAY)], NOON + 20 * DAY)
    expect(log.prune(NOON + 31 * DAY)).toBe(NOON + 31 * DAY + HOUR)
    expect(ids(log.requests(undefined, 10))).toEqual(['new'])
    const between = (fromMs: number, toMs: number) =>
      log.usage({ by: [], from: iso(fromMs), to: iso(toMs) }, NOON + 31 * DAY)[0]?.requests ?? 0
    expect(between(NOON + HOUR, NOON + DAY)).toBe(1)
    expect(between(NOON - DAY, NOON + HOUR)).toBe(0)
    expect(between(NOON + 20 * DAY, NOON + 20 * DAY + 1)).toBe(1)
    expect(log.prune(NOON + 421 * DAY)).toBeNull()
    expect(rowsOf(sql, 'rollups')).toBe(0)
  }))

it('prunes the oldest single records past the bound in bytes, and keeps the sums', () =>
  withLog((log, sql) => {
    for (let index = 0; index < 40; index++) log.record([recordOf(`r${index}`, NOON + index)], NOON + index)
    log.prune(NOON + HOUR)
    const kept = ids(log.requests(undefined, 100))
    expect(kept.length).toBeGreaterThan(5)
    expect(kept.length).toBeLessThan(20)
    expect(kept[0]).toBe('r39')
    const { chars } = sql.exec<{ chars: number }>('SELECT sum(chars) AS chars FROM segments').one()
    expect(chars).toBeLessThanOrEqual(4000)
    expect(log.usage({ by: [] }, NOON + DAY)).toMatchObject([{ requests: 40 }])
  }))
