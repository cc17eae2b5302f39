/** The tokens of one pool's workers: made, verified, listed and revoked, each change with its audit entry. */
import { auditEntry } from '../core/audit.ts'
import type { AuditEntry } from '../core/control.ts'
import { OUTBOX_BATCH_MAX, REVOKED_KEY_MS } from '../core/limits.ts'
import { WORKER_SEEN_MS, WORKER_TOKENS_MAX } from '../core/pool/worker-limits.ts'
import type { WorkerToken, WorkerVerdict } from '../core/pool/worker-tokens.ts'
import { all, first, run } from './sql.ts'
import { matches } from './tenant-keys.ts'

/** For the schema of the object that uses it. `outbox` holds audit entries until the Directory has them. */
export const POOL_TOKENS_SCHEMA = `
  CREATE TABLE worker_tokens (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, digest TEXT NOT NULL, created_at TEXT NOT NULL, expires_at TEXT,
    revoked_at TEXT, last_seen_at TEXT) WITHOUT ROWID;
  CREATE TABLE worker_outbox (seq INTEGER PRIMARY KEY, entry TEXT NOT NULL);`

type TokenRow = {
  id: string
  name: string
  digest: string
  created_at: string
  expires_at: string | null
  revoked_at: string | null
  last_seen_at: string | null
}

/** What changes are made with. */
export interface TokenTools {
  readonly storage: DurableObjectStorage
  /** Name of the pool, for the audit log. */
  readonly pool: string
}

/** The tokens of one pool. Only for an object that has the schema. */
export class PoolTokens {
  readonly #tools: TokenTools
  readonly #statements: ReturnType<typeof statements>

  constructor(tools: TokenTools) {
    this.#tools = tools
    this.#statements = statements(tools.storage.sql)
  }

  create(token: WorkerToken, actor: string): 'created' | 'taken' | 'full' {
    if (this.#statements.find(token.id) !== undefined) return 'taken'
    // As with API keys: for a while a revoked one is told so.
    this.#statements.forget(new Date(Date.parse(token.createdAt) - REVOKED_KEY_MS).toISOString())
    if ((this.#statements.count()?.count ?? 0) >= WORKER_TOKENS_MAX) return 'full'
    const { id, name, digest, createdAt, expiresAt } = token
    this.#make(actor, 'worker.create', id, { after: { id, name, expiresAt } }, () =>
      this.#statements.insert(id, name, digest, createdAt, expiresAt),
    )
    return 'created'
  }

  /** By id, revoked ones too. */
  list(): Omit<WorkerToken, 'digest'>[] {
    return this.#statements.list().map(tokenOf)
  }

  /** In the time of a right digest, whatever is wrong. Notes when it was last used. */
  verify(id: string, digest: string, nowMs: number): WorkerVerdict {
    const row = this.#statements.find(id)
    const isRight = matches(digest, row?.digest)
    if (row === undefined || !isRight) return { kind: 'unknown' }
    if (row.revoked_at !== null) return { kind: 'revoked' }
    const expiresAtMs = row.expires_at === null ? null : Date.parse(row.expires_at)
    if (expiresAtMs !== null && expiresAtMs <= nowMs) return { kind: 'expired' }
    if (row.last_seen_at === null || Date.parse(row.last_seen_at) + WORKER_SEEN_MS <= nowMs)
      this.#statements.touch(new Date(nowMs).toISOString(), id)
    return { kind: 'known', worker: { tokenId: id, name: row.name, expiresAtMs } }
  }

  /** False: there is none that could be. Whoever calls closes its sockets. */
  revoke(id: string, at: string, actor: string): boolean {
    const row = this.#statements.find(id)
    if (row === undefined || row.revoked_at !== null) return false
    this.#make(actor, 'worker.revoke', id, {}, () => this.#statements.revoke(at, id))
    return true
  }

  /** Hands audit entries on, in their order; true when more are left. Rejects where they could not be, and keeps them. */
  async deliver(hand: (entries: AuditEntry[]) => Promise<unknown>): Promise<boolean> {
    const rows = this.#statements.outbox(OUTBOX_BATCH_MAX)
    const final = rows.at(-1)
    if (final === undefined) return false
    await hand(rows.map(({ entry }) => JSON.parse(entry) as AuditEntry))
    this.#statements.delivered(final.seq)
    return this.#statements.outbox(1).length > 0
  }

  #make(actor: string, action: string, id: string, sides: object, change: () => void): void {
    const { storage, pool } = this.#tools
    const head = { id: crypto.randomUUID(), at: new Date().toISOString(), actor, action }
    storage.transactionSync(() => {
      change()
      const entry = auditEntry({ ...head, subject: `pools/${pool}/workers/${id}` }, sides)
      this.#statements.enqueue(JSON.stringify(entry))
    })
  }
}

function tokenOf(row: Omit<TokenRow, 'digest'>): Omit<WorkerToken, 'digest'> {
  return {
    id: row.id,
    name: row.name,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at,
    lastSeenAt: row.last_seen_at,
  }
}

function statements(sql: SqlStorage) {
  return {
    find: first<TokenRow, [string]>(sql, 'SELECT * FROM worker_tokens WHERE id = ?'),
    count: first<{ count: number }>(sql, 'SELECT count(*) AS count FROM worker_tokens'),
    list: all<Omit<TokenRow, 'digest'>>(
      sql,
      'SELECT id, name, created_at, expires_at, revoked_at, last_seen_at FROM worker_tokens ORDER BY id',
    ),
    insert: run<[string, string, string, string, string | null]>(
      sql,
      'INSERT INTO worker_tokens (id, name, digest, created_at, expires_at) VALUES (?, ?, ?, ?, ?)',
    ),
    revoke: run<[string, string]>(sql, 'UPDATE worker_tokens SET revoked_at = ? WHERE id = ?'),
    touch: run<[string, string]>(sql, 'UPDATE worker_tokens SET last_seen_at = ? WHERE id = ?'),
    forget: run<[string]>(sql, 'DELETE FROM worker_tokens WHERE revoked_at < ?'),
    enqueue: run<[string]>(sql, 'INSERT INTO worker_outbox (entry) VALUES (?)'),
    outbox: all<{ seq: number; entry: string }, [number]>(
      sql,
      'SELECT seq, entry FROM worker_outbox ORDER BY seq LIMIT ?',
    ),
    delivered: run<[number]>(sql, 'DELETE FROM worker_outbox WHERE seq <= ?'),
  }
}
