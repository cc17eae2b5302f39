/** SessionObject in workerd: one turn at a time, what is kept of it, and when nothing is stored at all. */
import { env, evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { beforeEach, describe, expect, it } from 'vitest'
import { SESSION_ROW_CHARS_MAX } from '../../src/core/session/limits.ts'
import type { SessionObject } from '../../src/objects/session.ts'
import { askOf, endOf, namesIn, POLICY, rowOf } from '../support/session.ts'

let count = 0
let stub: DurableObjectStub<SessionObject>
beforeEach(() => {
  stub = env.SESSION.get(env.SESSION.idFromName(`session-${++count}`))
})

const inside = <R>(use: (object: SessionObject, sql: SqlStorage) => R | Promise<R>): Promise<R> =>
  runInDurableObject(stub, (object, state) => use(object, state.storage.sql))
const tables = () =>
  inside((_, sql) => sql.exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf\\_%' ESCAPE '\\'").toArray())
/** A turn from its beginning to its end. */
const turn = (id: string, more: Parameters<typeof rowOf>[1] = {}, policy = POLICY) =>
  inside(async (object) => {
    const begun = await object.begin(askOf(id, { policy }))
    return begun.kind === 'begun' ? object.end({ ...endOf(id, begun), row: rowOf(id, more), policy }) : begun.kind
  })
const history = (id = 'look') =>
  inside(async (object) => {
    const begun = await object.begin(askOf(id))
    object.abandon(id, 'another session', 'cancelled', POLICY)
    return namesIn(begun)
  })

describe('a session that nobody has written to', () => {
  it('stores nothing, whatever it is asked', async () => {
    await inside(async (object) => {
      expect(await object.begin(askOf('a', { create: false }))).toEqual({ kind: 'unknown' })
      expect(await object.begin(askOf('a'))).toMatchObject({ kind: 'begun', version: 0, birth: '', rows: [] })
      object.renew('a')
      expect(object.append('message', rowOf('m'), POLICY)).toEqual({ kind: 'unknown' })
      expect(object.removeItem(1, 1, null, rowOf('m'), POLICY)).toEqual({ kind: 'unknown' })
      object.summarise(1, { uptoSeq: 1, name: 's', sealed: '' })
      expect(object.setMetadata('m', POLICY)).toBeNull()
      expect(object.head()).toBeNull()
      expect(object.page({ after: null, limit: 1, order: 'asc' })).toBeNull()
      expect(object.rowOf('item')).toBeNull()
      expect(object.listen(0)).toBeNull()
      expect(object.hold('ticket', 0, [])).toBeNull()
      object.fetch(new Request('https://session/ticket'))
      await object.alarm()
      expect(await object.delete()).toBe(false)
      await object.erase()
    })
    expect(await tables()).toEqual([])
  })

  it('is made by its first turn that ends, or that is marked', async () => {
    expect(await turn('a')).toBe('kept')
    expect(await history()).toEqual(['a'])
    stub = env.SESSION.get(env.SESSION.idFromName(`session-${++count}`))
    await inside(async (object) => {
      await object.begin(askOf('a'))
      object.abandon('a', '', 'broken', POLICY)
      expect(object.head()).toMatchObject({ items: 0, lastTurn: { status: 'broken' } })
    })
  })

  it('is made on its own, once', () =>
    inside((object) => {
      expect(object.create('sealed metadata', rowOf('first'), POLICY)).toBe(true)
      expect(object.create(null, null, POLICY)).toBe(false)
      expect(object.head()).toMatchObject({ metadata: 'sealed metadata', items: 1, lastSeq: 1, lastTurn: null })
    }))
})

describe('turns', () => {
  it('run one at a time', () =>
    inside(async (object) => {
      const begun = await object.begin(askOf('a'))
      expect(await object.begin(askOf('b'))).toEqual({ kind: 'busy' })
      expect(object.renew('b')).toBe(false)
      expect(object.end(endOf('b', begun))).toBe('stale')
      expect(object.end(endOf('a', begun))).toBe('kept')
      expect(namesIn(await object.begin(askOf('b')))).toEqual(['a'])
    }))

  it('wait for each other in line, with the history as it is then', () =>
    inside(async (object) => {
      const begun = await object.begin(askOf('a'))
      const second = object.begin(askOf('b', { waitMs: 5000 }))
      const third = object.begin(askOf('c', { waitMs: 5000 }))
      object.end(endOf('a', begun))
      const next = await second
      expect(namesIn(next)).toEqual(['a'])
      object.end(endOf('b', next))
      expect(namesIn(await third)).toEqual(['a', 'b'])
    }))

  it('are kept once, however often they are told', () =>
    inside(async (object) => {
      const begun = await object.begin(askOf('a'))
      expect([object.end(endOf('a', begun)), object.end(endOf('a', begun))]).toEqual(['kept', 'kept'])
      expect(namesIn(await object.begin(askOf('b')))).toEqual(['a'])
    }))

  it('are not kept over one that was kept meanwhile', async () => {
    const begun = await inside((object) => object.begin(askOf('a')))
    await evictDurableObject(stub)
    // Who had it is forgotten, so it can be used at once.
    expect(await turn('b')).toBe('kept')
    expect(await inside((object) => object.end(endOf('a', begun)))).toBe('stale')
    expect(await history()).toEqual(['b'])
  })

  it('are kept after an eviction, if nobody else came', async () => {
    await turn('a')
    const begun = await inside((object) => object.begin(askOf('b')))
    await evictDurableObject(stub)
    expect(await inside((object) => object.renew('b') && object.end(endOf('b', begun)))).toBe('kept')
    expect(await history()).toEqual(['a', 'b'])
  })

  it('are not kept of a session that was deleted, or made anew', async () => {
    await turn('a')
    const begun = await inside((object) => object.begin(askOf('b')))
    await inside((object) => object.delete())
    expect(await inside((object) => object.end(endOf('b', begun)))).toBe('stale')
    expect(await tables()).toEqual([])
    await turn('c')
    expect(await inside((object) => object.end(endOf('b', begun)))).toBe('stale')
    expect(await history()).toEqual(['c'])
  })

  it('that break leave the history as it was', () =>
    inside(async (object) => {
      const begun = await object.begin(askOf('a'))
      object.end(endOf('a', begun))
      const next = await object.begin(askOf('b'))
      if (next.kind === 'begun') object.abandon('b', next.birth, 'broken', POLICY)
      expect(object.head()).toMatchObject({ items: 1, lastTurn: { status: 'broken' } })
      expect(namesIn(await object.begin(askOf('c')))).toEqual(['a'])
    }))

  it('that are too long are not kept', async () => {
    expect(await turn('a', { sealed: 'x'.repeat(SESSION_ROW_CHARS_MAX + 1) })).toBe('stale')
    expect(await turn('b', { sealed: 'y'.repeat(3_000_000) })).toBe('kept')
    const begun = await inside((object) => object.begin(askOf('c')))
    expect(begun.kind === 'begun' && begun.rows[0]?.sealed?.length).toBe(3_000_000)
  })

  it('are only told what is new, where they know the rest', async () => {
    for (const id of ['a', 'b', 'c']) await turn(id)
    await inside(async (object) => {
      const all = await object.begin(askOf('d'))
      if (all.kind !== 'begun') throw new Error(all.kind)
      object.end(endOf('d', all))
      const known = { birth: all.birth, epoch: all.epoch, seq: all.seq }
      const next = await object.begin(askOf('e', { known }))
      expect(next).toMatchObject({ isWhole: false, fromSeq: 1 })
      expect(namesIn(next)).toEqual(['d'])
      const other = await object.begin(askOf('e', { known: { ...known, birth: 'another' } }))
      expect(other).toMatchObject({ isWhole: true })
      expect(namesIn(other)).toEqual(['a', 'b', 'c', 'd'])
      const few = await object.begin(askOf('e', { tokensMax: 25 }))
      expect(few).toMatchObject({ isWhole: true, hasOlder: true })
      expect(namesIn(few)).toEqual(['c', 'd'])
    })
  })
})

describe('items', () => {
  it('of no turn are refused while one runs, messages are not', async () => {
    await turn('a')
    await inside(async (object) => {
      const begun = await object.begin(askOf('b'))
      expect(object.append('items', rowOf('i'), POLICY)).toEqual({ kind: 'busy' })
      expect(object.append('message', rowOf('m'), POLICY)).toMatchObject({ kind: 'kept' })
      expect(object.append('message', rowOf('m'), POLICY)).toEqual({ kind: 'kept', seq: 2 })
      object.end(endOf('b', begun))
      expect(namesIn(await object.begin(askOf('c')))).toEqual(['a', 'm', 'b'])
    })
  })

  it('are taken out of their rows, and of nobody’s memory', async () => {
    await turn('a', { ids: ['one', 'two'] })
    await inside(async (object) => {
      const before = await object.begin(askOf('b'))
      const found = object.rowOf('two')
      if (found?.row == null || before.kind !== 'begun') throw new Error('no row')
      const { seq } = found.row
      expect(object.removeItem(seq, found.epoch, rowOf('a'), rowOf('mark'), POLICY)).toEqual({ kind: 'busy' })
      object.abandon('b', 'another', 'broken', POLICY)
      expect(object.removeItem(seq, found.epoch + 1, rowOf('a'), rowOf('mark'), POLICY)).toEqual({ kind: 'stale' })
      const left = rowOf('a', { ids: ['one'], sealed: 'left' })
      expect(object.removeItem(seq, found.epoch, left, rowOf('mark'), POLICY)).toMatchObject({ kind: 'kept' })
      expect(object.rowOf('two')?.row).toBeNull()
      const known = { birth: before.birth, epoch: before.epoch, seq: before.seq }
      const next = await object.begin(askOf('b', { known }))
      expect(next).toMatchObject({ isWhole: true, rows: [{ name: 'a', sealed: 'left' }] })
      object.abandon('b', 'another', 'broken', POLICY)
      object.removeItem(seq, found.epoch + 1, null, rowOf('mark 2'), POLICY)
      expect(namesIn(await object.begin(askOf('c')))).toEqual([])
    })
  })
})

it('keeps a summary as long as what it is of', async () => {
  for (const id of ['a', 'b', 'c']) await turn(id)
  await inside(async (object) => {
    object.summarise(7, { uptoSeq: 2, name: 'summary:2', sealed: 's' })
    object.summarise(1, { uptoSeq: 2, name: 'summary:2', sealed: 's' })
    object.summarise(1, { uptoSeq: 1, name: 'summary:1', sealed: 'older' })
    const begun = await object.begin(askOf('d'))
    expect(begun).toMatchObject({ summary: { uptoSeq: 2, sealed: 's' } })
    expect(namesIn(begun)).toEqual(['c'])
    object.abandon('d', 'another', 'broken', POLICY)
    object.removeItem(1, 1, null, rowOf('mark'), POLICY)
    expect(await object.begin(askOf('e'))).toMatchObject({ summary: null })
  })
})

it('stays with its target while that has it in a cache', () =>
  inside(async (object, sql) => {
    const begun = await object.begin(askOf('a'))
    object.end(endOf('a', begun, { target: 'gpu/llama' }))
    expect(await object.begin(askOf('b'))).toMatchObject({ preferredTarget: 'gpu/llama' })
    expect(sql.exec('SELECT target FROM session').one()).toEqual({ target: 'gpu/llama' })
  }))

it('lists pages of whole rows', async () => {
  for (const id of ['a', 'b', 'c', 'd']) await turn(id, { ids: [`${id}1`, `${id}2`] })
  const page = (after: string | null, limit: number, order: 'asc' | 'desc') =>
    inside((object) => {
      const found = object.page({ after, limit, order })
      return typeof found === 'string' || found === null ? found : found.rows.map(({ name }) => name)
    })
  expect(await page(null, 2, 'asc')).toEqual(['a', 'b'])
  expect(await page('b1', 2, 'asc')).toEqual(['b', 'c', 'd'])
  expect(await page('b1', 2, 'desc')).toEqual(['b', 'a'])
  expect(await page('none', 2, 'desc')).toBe('no-item')
})
