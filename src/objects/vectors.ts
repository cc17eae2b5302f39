/** IndexObject: one per shard of a tenant's vectors, named `<tenantId>.<generation>.<shard>`. */

/*
 * It keeps the vectors of questions whose answers are known, and what the routes of the shard (all of a route are in
 * one) have learned of them, because the one answers with the other in a single call and a route's state needs one
 * writer. Vectors may be kept elsewhere: then only what was learned is here. An object that nobody has told anything
 * stores nothing, and one from which everything has gone stores nothing again. Eviction loses nothing: spaces are read
 * from their rows when they are next asked.
 */
import { DurableObject } from 'cloudflare:workers'
import { auditEntry } from '../core/audit.ts'
import { TIMER_RETRY_MS } from '../core/limits.ts'
import { NEAREST_MAX, VECTORS_PRUNE_MS } from '../core/recall/limits.ts'
import type { PurgeFilter } from '../core/recall/types.ts'
import { learn, viewOf } from '../core/semantic/decision.ts'
import type { GroupFacts, Member, Observation, RouteId, RouteView, VectorSpace } from '../core/semantic/types.ts'
import { TIMERS_SCHEMA, Timers } from './alarms.ts'
import { migrate, schemaVersion } from './sql.ts'
import { AUDIT_SCHEMA, AuditOutbox } from './vectors-audit.ts'
import { ROUTES_SCHEMA, RouteRows } from './vectors-routes.ts'
import { VECTORS_SCHEMA } from './vectors-rows.ts'
import { type Loss, ShardVectors } from './vectors-shard.ts'

/** Append-only. */
const SCHEMA = [`${TIMERS_SCHEMA}; ${AUDIT_SCHEMA} ${VECTORS_SCHEMA} ${ROUTES_SCHEMA}`]

const DELIVER = 'deliver'
const PRUNE = 'prune'

/** What a look answers: text crosses for less than its clone. */
export interface RouteText {
  /** As `core/semantic/decision.ts` wrote it. */
  readonly state: string | null
  /** JSON of GroupFacts by group. */
  readonly groups: string
}

/** What is known of one route's decision and asked of it. */
export interface Lesson {
  /** Of the audit log's subject: an object does not know its own name. */
  readonly tenantId: string
  readonly route: RouteId
  readonly maxErrorRate: number
  readonly observations: readonly Observation[]
  /** Group that a member joined or founded; null where none did. */
  readonly joined: string | null
}

/** What an object with a schema works with. */
interface Stored {
  readonly vectors: ShardVectors
  readonly routes: RouteRows
  readonly outbox: AuditOutbox
  readonly timers: Timers
}

export class IndexObject extends DurableObject<Env> {
  #stored: Stored | null = null
  /** When the prune timer fires at the latest, so that an addition need not ask. */
  #pruneAtMs = Number.POSITIVE_INFINITY

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    if (schemaVersion(ctx.storage.sql) > 0) this.#open()
  }

  /** The nearest members of a space, JSON of Neighbour[], and what is known of their route and groups. */
  nearest(space: VectorSpace, vector: Float32Array, count: number): RouteText & { readonly neighbours: string } {
    const stored = this.#stored
    if (stored === null) return { neighbours: '[]', state: null, groups: '{}' }
    const near = stored.vectors.nearest(space, vector, Math.min(count, NEAREST_MAX), Date.now())
    // The members are JSON already: to read and write them again would be most of the work.
    const neighbours = near.map(({ member, similarity }) => `{"member":${member},"similarity":${similarity}}`)
    const route = stored.routes.route(space)
    const names = [...new Set(near.map(({ group }) => group))]
    const known = route === undefined ? {} : stored.routes.groups(route.id, names)
    const facts = near.map(({ group, groupSize }): [string, GroupFacts] => {
      const { right = 0, wrong = 0 } = known[group] ?? {}
      return [group, { members: groupSize, right, wrong }]
    })
    return {
      neighbours: `[${neighbours.join(',')}]`,
      state: route?.state ?? null,
      groups: JSON.stringify(Object.fromEntries(facts)),
    }
  }

  add(space: VectorSpace, member: Member, vector: Float32Array): void {
    this.#change(({ vectors }) => vectors.add(space, member, vector, Date.now()))
    this.#pruneBy(member.expiresAtMs)
  }

  dropGroup(space: VectorSpace, group: string): void {
    if (this.#stored === null) return
    this.#change(({ vectors, routes }) => {
      routes.dropGroup(space, group)
      return vectors.dropGroup(space, group)
    })
  }

  /** Removes the vectors that fit; answers how many. What routes have learned stays, but for groups that are gone. */
  purge(filter: PurgeFilter): number {
    if (this.#stored === null) return 0
    return this.#change(({ vectors }) => vectors.purge(filter)).vectors
  }

  /** What is known of a route, and of groups of it. */
  look(id: RouteId, groups: string[]): RouteText {
    const route = this.#stored?.routes.route(id)
    if (route === undefined) return { state: null, groups: '{}' }
    return { state: route.state, groups: JSON.stringify(this.#stored?.routes.groups(route.id, groups) ?? {}) }
  }

  /** Learns of JSON of a Lesson. A threshold that rises for its error is told to the audit log. */
  async learn(lesson: string): Promise<void> {
    const { tenantId, route, maxErrorRate, observations, joined } = JSON.parse(lesson) as Lesson
    const nowMs = Date.now()
    const { outbox, timers, routes } = this.#open()
    const raised = this.#transaction(() => {
      const learned = learn(routes.route(route)?.state ?? null, observations, maxErrorRate)
      routes.put(route, { maxErrorRate, state: learned.state }, observations, joined, nowMs)
      if (learned.raised === null) return false
      const { from, to, errorRate, errorBound } = learned.raised
      const head = { id: crypto.randomUUID(), at: new Date(nowMs).toISOString(), actor: 'sluice' }
      const subject = `tenants/${tenantId}/cache/${route.route}`
      const after = { threshold: to, errorRate, errorBound, maxErrorRate, encoder: route.encoder }
      outbox.enqueue(
        auditEntry({ ...head, action: 'cache.threshold', subject }, { before: { threshold: from }, after }),
      )
      timers.arm(DELIVER, nowMs + TIMER_RETRY_MS)
      return true
    })
    this.#pruneBy(routes.nextIdleMs() ?? nowMs)
    if (raised) await this.#deliver()
  }

  views(): RouteView[] {
    const { vectors, routes } = this.#stored ?? {}
    if (vectors === undefined || routes === undefined) return []
    return routes.routes().map((row) => {
      const { route, encoder, maxErrorRate, state } = row
      const own = vectors.count(row)
      const elsewhere = routes.count(row)
      const counts = own.vectors > 0 ? own : { vectors: elsewhere.members, groups: elsewhere.groups }
      const { observations, threshold, errorRate, errorBound } = viewOf(state)
      return { route, encoder, observations, threshold, maxErrorRate, errorRate, errorBound, ...counts }
    })
  }

  /** Forgets everything now, but for what the audit log is to see: that goes once it has been told, by the alarm. */
  async erase(): Promise<void> {
    const stored = this.#stored
    if (stored === null) return
    if (!stored.outbox.isEmpty) {
      this.#transaction(() => {
        stored.vectors.purge({})
        stored.routes.clear()
      })
      await this.#deliver()
    }
    if (stored.outbox.isEmpty) await this.#clear(stored)
  }

  override async alarm(): Promise<void> {
    const stored = this.#stored
    if (stored === null) return
    await stored.timers.fire(Date.now(), {
      [DELIVER]: async () => {
        await stored.outbox.deliver()
        return null
      },
      [PRUNE]: () => this.#prune(stored),
    })
    if (this.#dueMs(stored) === null && stored.outbox.isEmpty) await this.#clear(stored)
  }

  #open(): Stored {
    if (this.#stored !== null) return this.#stored
    const { storage } = this.ctx
    migrate(storage, SCHEMA)
    this.#stored = {
      vectors: new ShardVectors(storage.sql),
      routes: new RouteRows(storage.sql),
      outbox: new AuditOutbox(storage.sql, this.env.DIRECTORY),
      timers: new Timers(storage),
    }
    return this.#stored
  }

  /** All or nothing, in rows and in memory. */
  #transaction<T>(work: () => T): T {
    try {
      return this.ctx.storage.transactionSync(work)
    } catch (error) {
      this.#stored?.vectors.reset()
      this.#stored?.routes.reset()
      throw error
    }
  }

  /** A change of the vectors: what was observed of a group goes with its last member. */
  #change(work: (stored: Stored) => Loss): Loss {
    const stored = this.#open()
    return this.#transaction(() => {
      const loss = work(stored)
      for (const { group, ...route } of loss.groups) stored.routes.dropGroup(route, group)
      return loss
    })
  }

  #pruneBy(dueMs: number): void {
    const atMs = Math.max(dueMs, Date.now() + VECTORS_PRUNE_MS)
    if (this.#pruneAtMs <= atMs) return
    this.#pruneAtMs = atMs
    this.#stored?.timers.arm(PRUNE, atMs)
  }

  #prune(stored: Stored): number | null {
    const nowMs = Date.now()
    this.#change(({ vectors }) => vectors.prune(nowMs))
    stored.routes.prune(nowMs)
    const dueMs = this.#dueMs(stored)
    this.#pruneAtMs = dueMs === null ? Number.POSITIVE_INFINITY : Math.max(dueMs, nowMs + VECTORS_PRUNE_MS)
    return dueMs === null ? null : this.#pruneAtMs
  }

  /** When something is to be removed next; null where there is nothing. */
  #dueMs({ vectors, routes }: Stored): number | null {
    const dues = [vectors.nextExpiryMs(), routes.nextIdleMs()].filter((ms) => ms !== null)
    return dues.length === 0 ? null : Math.min(...dues)
  }

  async #deliver(): Promise<void> {
    try {
      await this.#stored?.outbox.deliver()
      this.#stored?.timers.disarm(DELIVER)
    } catch {
      // What was learned is kept; its entry waits for the alarm.
    }
  }

  async #clear(stored: Stored): Promise<void> {
    stored.vectors.reset()
    this.#stored = null
    this.#pruneAtMs = Number.POSITIVE_INFINITY
    await this.ctx.storage.deleteAll()
  }
}
