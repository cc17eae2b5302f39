/** Workers' tokens in their pool's object: verified, listed, revoked, and every change in the audit log. */
import { env, runInDurableObject } from 'cloudflare:test'
import { expect, it } from 'vitest'
import type { AuditEntry } from '../../src/core/control.ts'
import { REVOKED_KEY_MS } from '../../src/core/limits.ts'
import { WORKER_SEEN_MS, WORKER_TOKENS_MAX } from '../../src/core/pool/worker-limits.ts'
import type { WorkerToken } from '../../src/core/pool/worker-tokens.ts'
import { POOL_TOKENS_SCHEMA, PoolTokens } from '../../src/objects/pool-tokens.ts'
import { migrate } from '../../src/objects/sql.ts'
import { digestOf } from '../support/control-plane.ts'

const CREATED = '2026-11-20T00:00:00.000Z'
const NOW = Date.parse(CREATED) + 1000
const tokenOf = (id: string, more: Partial<WorkerToken> = {}): WorkerToken => ({
  ...{ id, name: `worker ${id}`, digest: digestOf(1), createdAt: CREATED },
  ...{ expiresAt: null, revokedAt: null, lastSeenAt: null },
  ...more,
})

let count = 0
function withTokens(use: (tokens: PoolTokens, sql: SqlStorage) => void | Promise<void>): Promise<void> {
  const stub = env.CACHE.get(env.CACHE.idFromName(`pool-tokens-${++count}`))
  return runInDurableObject(stub, async (_, { storage }) => {
    migrate(storage, [POOL_TOKENS_SCHEMA])
    await use(new PoolTokens({ storage, pool: 'gpu' }), storage.sql)
  })
}

it('let in whoever has the secret, until it expires or is revoked', () =>
  withTokens((tokens) => {
    const expiresAtMs = NOW + 5000
    expect(tokens.create(tokenOf('a', { expiresAt: new Date(expiresAtMs).toISOString() }), 'admin')).toBe('created')
    const worker = { tokenId: 'a', name: 'worker a', expiresAtMs }
    expect(tokens.verify('a', digestOf(1), NOW)).toEqual({ kind: 'known', worker })
    expect(tokens.verify('a', digestOf(2), NOW)).toEqual({ kind: 'unknown' })
    expect(tokens.verify('a', '', NOW)).toEqual({ kind: 'unknown' })
    expect(tokens.verify('b', digestOf(1), NOW)).toEqual({ kind: 'unknown' })
    expect(tokens.verify('a', digestOf(1), expiresAtMs)).toEqual({ kind: 'expired' })
    expect(tokens.revoke('a', CREATED, 'admin')).toBe(true)
    expect(tokens.revoke('a', CREATED, 'admin')).toBe(false)
    expect(tokens.revoke('b', CREATED, 'admin')).toBe(false)
    expect(tokens.verify('a', digestOf(1), NOW)).toEqual({ kind: 'revoked' })
    expect(tokens.verify('a', digestOf(2), NOW)).toEqual({ kind: 'unknown' })
  }))

it('are listed by id without their digests, with when they were last used', () =>
  withTokens((tokens) => {
    for (const id of ['b', 'a']) tokens.create(tokenOf(id), 'admin')
    expect(tokens.create(tokenOf('a'), 'admin')).toBe('taken')
    tokens.verify('a', digestOf(1), NOW)
    tokens.verify('a', digestOf(1), NOW + WORKER_SEEN_MS - 1)
    const { digest: _, ...shown } = tokenOf('a')
    expect(tokens.list()).toEqual([
      { ...shown, lastSeenAt: new Date(NOW).toISOString() },
      { ...shown, id: 'b', name: 'worker b' },
    ])
    tokens.verify('a', digestOf(1), NOW + WORKER_SEEN_MS)
    expect(tokens.list()[0]?.lastSeenAt).toBe(new Date(NOW + WORKER_SEEN_MS).toISOString())
  }))

it('are bounded, and revoked ones make room in the end', () =>
  withTokens((tokens, sql) => {
    tokens.create(tokenOf('a'), 'admin')
    tokens.revoke('a', CREATED, 'admin')
    sql.exec(
      `WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
       INSERT INTO worker_tokens (id, name, digest, created_at) SELECT 'n' || i, '', '', '' FROM n`,
      WORKER_TOKENS_MAX,
    )
    expect(tokens.create(tokenOf('b'), 'admin')).toBe('full')
    const later = new Date(Date.parse(CREATED) + REVOKED_KEY_MS + 1).toISOString()
    expect(tokens.create(tokenOf('b', { createdAt: later }), 'admin')).toBe('created')
  }))

it('hand every change to the audit log once, in order and without a secret, or keep it', () =>
  withTokens(async (tokens) => {
    tokens.create(tokenOf('a'), 'admin/current')
    tokens.revoke('a', CREATED, 'admin/previous')
    await expect(tokens.deliver(() => Promise.reject(new Error('out of reach')))).rejects.toThrow()
    const told: AuditEntry[] = []
    const hand = async (entries: AuditEntry[]) => void told.push(...entries)
    expect(await tokens.deliver(hand)).toBe(false)
    expect(await tokens.deliver(hand)).toBe(false)
    const subject = 'pools/gpu/workers/a'
    expect(told).toMatchObject([
      { actor: 'admin/current', action: 'worker.create', subject, after: { id: 'a', name: 'worker a' } },
      { actor: 'admin/previous', action: 'worker.revoke', subject },
    ])
    expect(JSON.stringify(told)).not.toContain(digestOf(1))
  }))
