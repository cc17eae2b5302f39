/** What the routes of one shard have learned: their decision's state, and what was observed of their answer groups. */
import { GROUP_IDLE_MS, GROUPS_PER_SHARD_MAX, ROUTE_IDLE_MS, ROUTES_PER_SHARD_MAX } from '../core/recall/limits.ts'
import type { GroupFacts, Observation, RouteId } from '../core/semantic/types.ts'
import { all, first, run } from './sql.ts'

/** `at_ms` is when something was last learned. */
export const ROUTES_SCHEMA = `
  CREATE TABLE routes (
    id INTEGER PRIMARY KEY, route TEXT NOT NULL, encoder TEXT NOT NULL, max_error_rate REAL NOT NULL,
    at_ms INTEGER NOT NULL, state TEXT NOT NULL, UNIQUE (route, encoder));
  CREATE INDEX routes_by_time ON routes (at_ms);
  CREATE TABLE answer_groups (
    route INTEGER NOT NULL, name TEXT NOT NULL, members INTEGER NOT NULL, right_weight REAL NOT NULL,
    wrong_weight REAL NOT NULL, at_ms INTEGER NOT NULL, PRIMARY KEY (route, name)) WITHOUT ROWID;
  CREATE INDEX answer_groups_by_time ON answer_groups (at_ms);`

/** What is known of one route. */
export interface RouteRow extends RouteId {
  readonly id: number
  readonly maxErrorRate: number
  readonly state: string
}

/** What a batch of news adds to a group. */
interface News {
  members: number
  right: number
  wrong: number
}

/** Reads and writes the rows. Only for an object that has its schema; changes belong in a transaction. */
export class RouteRows {
  readonly #statements: ReturnType<typeof statements>
  /** Groups there are at most; counted again when it passes the bound. */
  #groupsMax: number | undefined

  constructor(sql: SqlStorage) {
    this.#statements = statements(sql)
  }

  route({ route, encoder }: RouteId): RouteRow | undefined {
    return this.#statements.route(route, encoder)
  }

  routes(): RouteRow[] {
    return this.#statements.routes()
  }

  /** Facts of groups that something was observed of. */
  groups(route: number, names: readonly string[]): Record<string, GroupFacts> {
    const rows = this.#statements.groups(route, JSON.stringify(names))
    return Object.fromEntries(rows.map(({ name, members, right, wrong }) => [name, { members, right, wrong }]))
  }

  /** All groups of a route, and the members that joined them. */
  count({ id }: RouteRow): { groups: number; members: number } {
    return this.#statements.count(id) ?? { groups: 0, members: 0 }
  }

  /** Keeps a route's new state, and adds observations, and a member of `joined`, to the groups. */
  put(
    { route, encoder }: RouteId,
    { maxErrorRate, state }: Pick<RouteRow, 'maxErrorRate' | 'state'>,
    observations: readonly Observation[],
    joined: string | null,
    nowMs: number,
  ): void {
    const isNew = this.route({ route, encoder }) === undefined
    const id = this.#statements.put(route, encoder, maxErrorRate, nowMs, state)?.id ?? 0
    const news = newsOf(observations, joined)
    for (const [name, { members, right, wrong }] of news)
      this.#statements.addToGroup(id, name, members, right, wrong, nowMs)
    if (isNew) this.#statements.keepNewestRoutes(ROUTES_PER_SHARD_MAX)
    this.#boundGroups(news.size)
  }

  dropGroup({ route, encoder }: RouteId, group: string): void {
    this.#statements.dropGroup(group, route, encoder)
  }

  /** Forgets what had no news for so long. */
  prune(nowMs: number): void {
    this.#statements.dropIdleRoutes(nowMs - ROUTE_IDLE_MS)
    this.#statements.dropIdleGroups(nowMs - GROUP_IDLE_MS)
  }

  clear(): void {
    this.#statements.clearRoutes()
    this.#statements.clearGroups()
    this.reset()
  }

  /** Nothing in memory counts any more: a transaction was rolled back. */
  reset(): void {
    this.#groupsMax = undefined
  }

  /** When there is something to forget at the earliest; null where nothing was learned. */
  nextIdleMs(): number | null {
    const route = this.#statements.oldestRoute()?.at_ms ?? null
    const group = this.#statements.oldestGroup()?.at_ms ?? null
    const dues = [
      ...(route === null ? [] : [route + ROUTE_IDLE_MS]),
      ...(group === null ? [] : [group + GROUP_IDLE_MS]),
    ]
    return dues.length === 0 ? null : Math.min(...dues)
  }

  /** At the bound the groups without news for the longest leave, a tenth at once. */
  #boundGroups(added: number): void {
    this.#groupsMax = (this.#groupsMax ?? this.#statements.countGroups()?.groups ?? 0) + added
    if (this.#groupsMax <= GROUPS_PER_SHARD_MAX) return
    this.#groupsMax = this.#statements.countGroups()?.groups ?? 0
    if (this.#groupsMax <= GROUPS_PER_SHARD_MAX) return
    this.#statements.dropOldestGroups(this.#groupsMax - Math.floor(GROUPS_PER_SHARD_MAX * 0.9))
    this.#groupsMax = undefined
  }
}

function newsOf(observations: readonly Observation[], joined: string | null): Map<string, News> {
  const news = new Map<string, News>()
  const of = (group: string): News => {
    const known = news.get(group) ?? { members: 0, right: 0, wrong: 0 }
    news.set(group, known)
    return known
  }
  for (const { group, right, weight } of observations) of(group)[right ? 'right' : 'wrong'] += weight
  if (joined !== null) of(joined).members += 1
  return news
}

const ROUTE = 'SELECT id, route, encoder, max_error_rate AS maxErrorRate, state FROM routes'
type RouteValues = { id: number; route: string; encoder: string; maxErrorRate: number; state: string }

function statements(sql: SqlStorage) {
  return {
    route: first<RouteValues, [string, string]>(sql, `${ROUTE} WHERE route = ? AND encoder = ?`),
    routes: all<RouteValues>(sql, `${ROUTE} ORDER BY route, encoder`),
    groups: all<{ name: string; members: number; right: number; wrong: number }, [number, string]>(
      sql,
      `SELECT name, members, right_weight AS right, wrong_weight AS wrong FROM answer_groups
       WHERE route = ? AND name IN (SELECT value FROM json_each(?))`,
    ),
    count: first<{ groups: number; members: number }, [number]>(
      sql,
      'SELECT COUNT(*) AS groups, COALESCE(SUM(members), 0) AS members FROM answer_groups WHERE route = ?',
    ),
    put: first<{ id: number }, [string, string, number, number, string]>(
      sql,
      `INSERT INTO routes (route, encoder, max_error_rate, at_ms, state) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (route, encoder) DO UPDATE SET
         max_error_rate = excluded.max_error_rate, at_ms = excluded.at_ms, state = excluded.state
       RETURNING id`,
    ),
    addToGroup: run<[number, string, number, number, number, number]>(
      sql,
      `INSERT INTO answer_groups VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (route, name) DO UPDATE SET
         members = members + excluded.members, right_weight = right_weight + excluded.right_weight,
         wrong_weight = wrong_weight + excluded.wrong_weight, at_ms = excluded.at_ms`,
    ),
    dropGroup: run<[string, string, string]>(
      sql,
      'DELETE FROM answer_groups WHERE name = ? AND route = (SELECT id FROM routes WHERE route = ? AND encoder = ?)',
    ),
    countGroups: first<{ groups: number }>(sql, 'SELECT COUNT(*) AS groups FROM answer_groups'),
    dropOldestGroups: run<[number]>(
      sql,
      `DELETE FROM answer_groups WHERE (route, name) IN
       (SELECT route, name FROM answer_groups ORDER BY at_ms LIMIT ?)`,
    ),
    keepNewestRoutes: run<[number]>(
      sql,
      'DELETE FROM routes WHERE id NOT IN (SELECT id FROM routes ORDER BY at_ms DESC, id DESC LIMIT ?)',
    ),
    dropIdleRoutes: run<[number]>(sql, 'DELETE FROM routes WHERE at_ms <= ?'),
    dropIdleGroups: run<[number]>(
      sql,
      'DELETE FROM answer_groups WHERE at_ms <= ? OR route NOT IN (SELECT id FROM routes)',
    ),
    clearRoutes: run(sql, 'DELETE FROM routes'),
    clearGroups: run(sql, 'DELETE FROM answer_groups'),
    oldestRoute: first<{ at_ms: number | null }>(sql, 'SELECT MIN(at_ms) AS at_ms FROM routes'),
    oldestGroup: first<{ at_ms: number | null }>(sql, 'SELECT MIN(at_ms) AS at_ms FROM answer_groups'),
  }
}
