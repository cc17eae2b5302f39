/** Rows of what routes have learned: their sums, their bounds, and what is forgotten when. */
import { env, runInDurableObject } from 'cloudflare:test'
import { expect, it } from 'vitest'
import {
  GROUP_IDLE_MS,
  GROUPS_PER_SHARD_MAX,
  ROUTE_IDLE_MS,
  ROUTES_PER_SHARD_MAX,
} from '../../src/core/recall/limits.ts'
import { migrate } from '../../src/objects/sql.ts'
import { ROUTES_SCHEMA, RouteRows } from '../../src/objects/vectors-routes.ts'
import { judged, ROUTE } from '../contracts/semantic-routes.ts'

const NOW_MS = Date.UTC(2026, 10, 20)
const LEARNED = { maxErrorRate: 0.02, state: '{}' }

let count = 0
const withRows = (work: (rows: RouteRows, sql: SqlStorage) => void): Promise<void> => {
  count += 1
  return runInDurableObject(env.INDEX.get(env.INDEX.idFromName(`route-rows-${count}`)), (_, { storage }) => {
    migrate(storage, [ROUTES_SCHEMA])
    work(new RouteRows(storage.sql), storage.sql)
  })
}

const idOf = (rows: RouteRows): number => rows.route(ROUTE)?.id ?? 0

it('keeps the newest state of a route', () =>
  withRows((rows) => {
    expect([rows.route(ROUTE), rows.routes()]).toEqual([undefined, []])
    rows.put(ROUTE, LEARNED, [], null, NOW_MS)
    rows.put({ ...ROUTE, encoder: 'other/8' }, LEARNED, [], null, NOW_MS)
    const id = idOf(rows)
    rows.put(ROUTE, { maxErrorRate: 0.01, state: '{"form":1}' }, [], null, NOW_MS + 1)
    expect(rows.route(ROUTE)).toEqual({ id, ...ROUTE, maxErrorRate: 0.01, state: '{"form":1}' })
    expect(rows.routes()).toHaveLength(2)
  }))

it('adds to groups, and drops one', () =>
  withRows((rows) => {
    rows.put(ROUTE, LEARNED, [judged('a'), judged('a', true, 50), judged('b', false)], 'b', NOW_MS)
    rows.put(ROUTE, LEARNED, [judged('a', false, 2)], 'a', NOW_MS)
    const known = { a: { members: 1, right: 51, wrong: 2 }, b: { members: 1, right: 0, wrong: 1 } }
    expect(rows.groups(idOf(rows), ['a', 'b', 'c'])).toEqual(known)
    expect(rows.groups(idOf(rows) + 1, ['a'])).toEqual({})
    const row = rows.route(ROUTE)
    expect(row && rows.count(row)).toEqual({ groups: 2, members: 2 })
    rows.dropGroup({ ...ROUTE, encoder: 'other/8' }, 'a')
    rows.dropGroup(ROUTE, 'b')
    expect(rows.groups(idOf(rows), ['a', 'b'])).toEqual({ a: known.a })
  }))

it('forgets what had no news, groups sooner than routes', () =>
  withRows((rows) => {
    expect(rows.nextIdleMs()).toBeNull()
    rows.put(ROUTE, LEARNED, [judged('a'), judged('b')], null, NOW_MS)
    rows.put(ROUTE, LEARNED, [judged('b')], null, NOW_MS + 5)
    expect(rows.nextIdleMs()).toBe(NOW_MS + GROUP_IDLE_MS)
    rows.prune(NOW_MS + GROUP_IDLE_MS - 1)
    expect(Object.keys(rows.groups(idOf(rows), ['a', 'b']))).toEqual(['a', 'b'])
    rows.prune(NOW_MS + GROUP_IDLE_MS)
    expect(Object.keys(rows.groups(idOf(rows), ['a', 'b']))).toEqual(['b'])
    rows.prune(NOW_MS + 5 + ROUTE_IDLE_MS)
    expect([rows.routes(), rows.nextIdleMs()]).toEqual([[], null])
  }))

it('keeps so many routes, the latest', () =>
  withRows((rows) => {
    for (let index = 0; index < ROUTES_PER_SHARD_MAX + 2; index++)
      rows.put({ ...ROUTE, route: `r${index}` }, LEARNED, [], null, NOW_MS + index)
    expect(rows.routes()).toHaveLength(ROUTES_PER_SHARD_MAX)
    expect([rows.route({ ...ROUTE, route: 'r1' }), rows.route({ ...ROUTE, route: 'r2' })?.route]).toEqual([
      undefined,
      'r2',
    ])
  }))

it('keeps so many groups, the latest, and makes room for a tenth at once', () =>
  withRows((rows, sql) => {
    rows.put(ROUTE, LEARNED, [judged('oldest')], null, NOW_MS)
    sql.exec(
      `WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?)
       INSERT INTO answer_groups SELECT ?, 'g' || n, 1, 0, 0, ? + n FROM numbers`,
      ...[GROUPS_PER_SHARD_MAX - 1, idOf(rows), NOW_MS],
    )
    rows.reset()
    rows.put(ROUTE, LEARNED, [judged('oldest')], null, NOW_MS)
    const all = () => sql.exec<{ n: number }>('SELECT COUNT(*) AS n FROM answer_groups').one().n
    expect(all()).toBe(GROUPS_PER_SHARD_MAX)
    rows.put(ROUTE, LEARNED, [], 'newest', NOW_MS + 1_000_000)
    expect(all()).toBe(GROUPS_PER_SHARD_MAX * 0.9)
    expect(Object.keys(rows.groups(idOf(rows), ['oldest', 'g1', 'newest', 'g19999']))).toEqual(['g19999', 'newest'])
  }))

it('forgets everything', () =>
  withRows((rows) => {
    rows.put(ROUTE, LEARNED, [judged('a')], 'a', NOW_MS)
    rows.clear()
    expect([rows.routes(), rows.nextIdleMs()]).toEqual([[], null])
  }))
