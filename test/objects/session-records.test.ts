/** Rows of a session: long texts in pieces, the oldest gone first, and each item found. */
import { env, runInDurableObject } from 'cloudflare:test'
import { expect, it } from 'vitest'
import { SESSION_PIECE_CHARS } from '../../src/core/session/limits.ts'
import { SESSION_SCHEMA, SessionRecords, type SessionState } from '../../src/objects/session-records.ts'
import { migrate } from '../../src/objects/sql.ts'
import { rowOf } from '../support/session.ts'

const fresh = (): SessionState => ({
  ...{ birth: 'b', created_at_ms: 1, metadata: null, ttl_ms: 1, used_at_ms: 1, epoch: 1, next_seq: 1, version: 0 },
  ...{ last_status: null, last_at_ms: 0, target: null, target_at_ms: 0, print: null, run: 0 },
  ...{ rows: 0, items: 0, chars: 0 },
})

let count = 0
const within = (use: (records: SessionRecords, sql: SqlStorage) => void): Promise<void> => {
  const stub = env.SESSION.get(env.SESSION.idFromName(`records-${++count}`))
  return runInDurableObject(stub, (_, { storage }) => {
    migrate(storage, [SESSION_SCHEMA])
    use(new SessionRecords(storage.sql, fresh), storage.sql)
  })
}

it('keeps how it stands', () =>
  within((records, sql) => {
    Object.assign(records.state, { version: 7, target: 'a/b', items: 3 })
    records.save()
    expect(new SessionRecords(sql, fresh).state).toMatchObject({ version: 7, target: 'a/b', items: 3, birth: 'b' })
  }))

it('cuts long texts, and joins them', () =>
  within((records, sql) => {
    const sealed = `${'x'.repeat(2 * SESSION_PIECE_CHARS)}end`
    const seq = records.add('turn', rowOf('a', { sealed }), 1)
    records.add('turn', rowOf('b'), 2)
    expect(records.after(0, 10).map((row) => row.sealed)).toEqual([sealed, 'sealed b'])
    expect(records.state).toMatchObject({ rows: 2, items: 2, chars: sealed.length + 8 })
    records.rewrite(seq, { sealed: 'short', tokens: 1, ids: ['item_a'] })
    expect(records.rowOf('item_a')).toMatchObject({ sealed: 'short', tokens: 1, name: 'a' })
    expect(sql.exec('SELECT count(*) AS pieces FROM pieces').one()).toEqual({ pieces: 2 })
    expect(records.state.chars).toBe(5 + 8)
  }))

it('lets the oldest go, never the newest', () =>
  within((records, sql) => {
    for (const name of ['a', 'b', 'c']) records.add('turn', rowOf(name), 1)
    records.trim(() => records.state.items <= 2)
    expect(records.oldestSeq()).toBe(2)
    expect(records.rowOf('item_a')).toBeNull()
    records.trim(() => false)
    expect(records.after(0, 10).map(({ name }) => name)).toEqual(['c'])
    expect(records.state).toMatchObject({ rows: 1, items: 1, chars: 8 })
    expect(sql.exec('SELECT count(*) AS pieces FROM pieces').one()).toEqual({ pieces: 1 })
  }))

it('gives the newest by their tokens, one at least', () =>
  within((records) => {
    for (const name of ['a', 'b', 'c']) records.add('turn', rowOf(name), 1)
    records.add('broken', { name: 'x', sealed: null, tokens: 0, ids: [] }, 1)
    expect(records.newest(0, 20)).toMatchObject({ rows: [{ name: 'b' }, { name: 'c' }], hasOlder: true })
    expect(records.newest(0, 1)).toMatchObject({ rows: [{ name: 'c' }], hasOlder: true })
    expect(records.newest(1, 100)).toMatchObject({ rows: [{ name: 'b' }, { name: 'c' }], hasOlder: false })
    expect(records.newest(3, 100)).toEqual({ rows: [], hasOlder: false })
    expect(records.seqOf('x')).toBe(4)
    expect(records.seqOf('y')).toBeNull()
  }))

it('finds an item that came again where it was last', () =>
  within((records) => {
    records.add('items', rowOf('a', { ids: ['same'] }), 1)
    records.add('items', rowOf('b', { ids: ['same'] }), 1)
    expect(records.rowOf('same')?.name).toBe('b')
    expect(records.page({ after: null, limit: 1, order: 'desc' }, 1)?.map(({ name }) => name)).toEqual(['b'])
  }))

it('has one summary at most', () =>
  within((records) => {
    expect(records.summary()).toBeNull()
    for (const uptoSeq of [1, 2]) records.setSummary({ uptoSeq, name: 'n', sealed: 's' })
    expect(records.summary()).toEqual({ uptoSeq: 2, name: 'n', sealed: 's' })
    records.clearSummary()
    expect(records.summary()).toBeNull()
  }))
