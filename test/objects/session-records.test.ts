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

/** More than any row here has. */
const CHARS = 100 * SESSION_PIECE_CHARS

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
    expect(records.after(0, 10, CHARS).map((row) => row.sealed)).toEqual([sealed, 'sealed b'])
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
    expect(records.after(0, 10, CHARS).map(({ name }) => name)).toEqual(['c'])
    expect(records.state).toMatchObject({ rows: 1, items: 1, chars: 8 })
    expect(sql.exec('SELECT count(*) AS pieces FROM pieces').one()).toEqual({ pieces: 1 })
  }))

it('gives the newest by their tokens, one at least', () =>
  within((records) => {
    for (const name of ['a', 'b', 'c']) records.add('turn', rowOf(name), 1)
    records.add('broken', { name: 'x', sealed: null, tokens: 0, ids: [] }, 1)
    expect(records.newest(0, 20, CHARS)).toMatchObject({ rows: [{ name: 'b' }, { name: 'c' }], hasOlder: true })
    expect(records.newest(0, 1, CHARS)).toMatchObject({ rows: [{ name: 'c' }], hasOlder: true })
    expect(records.newest(1, 100, CHARS)).toMatchObject({ rows: [{ name: 'b' }, { name: 'c' }], hasOlder: false })
    expect(records.newest(3, 100, CHARS)).toEqual({ rows: [], hasOlder: false })
    expect(records.seqOf('x')).toBe(4)
    expect(records.seqOf('y')).toBeNull()
  }))

it('gives no more characters than are asked for, but one row', () =>
  within((records) => {
    for (const name of ['a', 'b', 'c', 'd']) records.add('turn', rowOf(name, { sealed: name.repeat(10) }), 1)
    const names = (rows: readonly { name: string }[]) => rows.map(({ name }) => name).join('')
    const newest = records.newest(0, 1000, 25)
    expect([names(newest.rows), newest.hasOlder]).toEqual(['cd', true])
    expect(names(records.newest(0, 1000, 5).rows)).toBe('d')
    expect(records.newest(2, 1000, 20).hasOlder).toBe(false)
    expect([names(records.after(0, 10, 25)), names(records.after(1, 10, 5))]).toEqual(['ab', 'b'])
    const page = (order: 'asc' | 'desc', more: object, charsMax = 25) => {
      const found = records.page({ after: null, limit: 10, order, ...more }, 10, charsMax)
      return [names(found?.rows ?? []), found?.isCut]
    }
    expect(page('asc', {})).toEqual(['ab', true])
    expect(page('asc', {}, 40)).toEqual(['abcd', false])
    expect(page('desc', { after: 'item_d' }, 5)).toEqual(['d', true])
    expect(page('desc', { after: 'item_d', beyondSeq: 4 }, 5)).toEqual(['c', true])
    expect(page('asc', { after: 'item_b', beyondSeq: 2 })).toEqual(['cd', false])
  }))

it('finds an item that came again where it was last', () =>
  within((records) => {
    records.add('items', rowOf('a', { ids: ['same'] }), 1)
    records.add('items', rowOf('b', { ids: ['same'] }), 1)
    expect(records.rowOf('same')?.name).toBe('b')
    expect(records.page({ after: null, limit: 1, order: 'desc' }, 1, CHARS)?.rows.map(({ name }) => name)).toEqual([
      'b',
    ])
  }))

it('has one summary at most', () =>
  within((records) => {
    expect(records.summary()).toBeNull()
    for (const uptoSeq of [1, 2]) records.setSummary({ uptoSeq, name: 'n', sealed: 's' })
    expect(records.summary()).toEqual({ uptoSeq: 2, name: 'n', sealed: 's' })
    records.clearSummary()
    expect(records.summary()).toBeNull()
  }))
