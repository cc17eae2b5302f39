/** Rows of vectors: what comes back, in which order, and what is removed by what. */
import { env, runInDurableObject } from 'cloudflare:test'
import { expect, it } from 'vitest'
import { quantise } from '../../src/core/semantic/quantised.ts'
import { migrate } from '../../src/objects/sql.ts'
import { VECTORS_SCHEMA, VectorRows } from '../../src/objects/vectors-rows.ts'
import { at, memberOf } from '../contracts/vector-index.ts'

const SPACE = { route: 'support', encoder: 'e/8', scope: 's1' }
const NOW_MS = Date.UTC(2026, 10, 20)

let count = 0
const withRows = (work: (rows: VectorRows) => void): Promise<void> => {
  count += 1
  return runInDurableObject(env.INDEX.get(env.INDEX.idFromName(`vector-rows-${count}`)), (_, { storage }) => {
    migrate(storage, [VECTORS_SCHEMA])
    work(new VectorRows(storage.sql))
  })
}

it('keeps spaces apart, and knows them by their names and by their ids', () =>
  withRows((rows) => {
    expect([rows.space(SPACE), rows.spaceOf(1)]).toEqual([undefined, undefined])
    const made = rows.insertSpace(SPACE, 8)
    expect(made).toMatchObject({ ...SPACE, dimensions: 8 })
    const other = rows.insertSpace({ ...SPACE, encoder: 'e/3' }, 3)
    expect([rows.space(SPACE), rows.spaceOf(other.id)]).toEqual([made, other])
    expect(() => rows.insertSpace(SPACE, 8)).toThrow('UNIQUE')
    rows.insert(other.id, memberOf('a'), quantise(at(0)))
    rows.removeEmptySpaces()
    expect([rows.space(SPACE), rows.spaceOf(other.id)]).toEqual([undefined, other])
  }))

it('gives back vectors and members as they were put in', () =>
  withRows((rows) => {
    const { id } = rows.insertSpace(SPACE, 8)
    const members = [memberOf('a', { group: 'g' }), memberOf('b', { group: 'g', traits: { quote: ['"ä"'] } })]
    const vectors = [quantise(at(0.3)), quantise(at(2))]
    const seqs = members.map((member, index) => rows.insert(id, member, vectors[index] ?? quantise(at(0))))
    expect([...rows.each(id)].map(({ seq, scale, vector }) => [seq, scale, new Int8Array(vector)])).toEqual(
      vectors.map(({ bytes, scale }, index) => [seqs[index], scale, bytes]),
    )
    expect([...rows.members([...seqs, 999]).values()]).toEqual(
      members.map((member) => ({ member: JSON.stringify(member), group: 'g' })),
    )
    expect(rows.groupSizes(id, ['g', 'h'])).toEqual(new Map([['g', 2]]))
    expect(() => rows.insert(id, memberOf('a'), quantise(at(0)))).toThrow('UNIQUE')
  }))

it('counts by space, by route, and by group', () =>
  withRows((rows) => {
    const spaces = [SPACE, { ...SPACE, scope: 's2' }, { ...SPACE, encoder: 'e/3' }].map((space) =>
      rows.insertSpace(space, 8),
    )
    for (const [index, { id }] of spaces.entries())
      for (let member = 0; member <= index; member++)
        rows.insert(id, memberOf(`m${member}`, { group: `g${member % 2}` }), quantise(at(0)))
    expect(rows.sizes()).toEqual(spaces.map(({ id }, index) => ({ space: id, vectors: index + 1, dimensions: 8 })))
    expect(rows.count(SPACE)).toEqual({ vectors: 3, groups: 2 })
    expect(rows.count({ ...SPACE, route: 'unknown' })).toEqual({ vectors: 0, groups: 0 })
  }))

it('removes by id, group, expiry and age, and tells what', () =>
  withRows((rows) => {
    const { id } = rows.insertSpace(SPACE, 8)
    expect([rows.nextExpiryMs(), rows.removeOldest()]).toEqual([null, []])
    const put = (name: string, more = {}) =>
      rows.insert(id, memberOf(name, { atMs: NOW_MS, expiresAtMs: NOW_MS + 10, ...more }), quantise(at(0)))
    const [a, b, c, d, e] = [
      put('a'),
      put('b', { expiresAtMs: NOW_MS }),
      put('c', { group: 'g' }),
      put('d'),
      put('e', { atMs: NOW_MS - 1, knowledgeVersion: 'v1' }),
    ]
    expect(rows.nextExpiryMs()).toBe(NOW_MS)
    expect(rows.removeExpired(NOW_MS)).toEqual([{ seq: b, space: id, answer_group: 'b' }])
    expect(rows.removeGroup(id, 'g')).toEqual([{ seq: c, space: id, answer_group: 'g' }])
    expect(rows.removeId(id, 'd')).toEqual([{ seq: d, space: id, answer_group: 'd' }])
    expect(rows.removeId(id, 'd')).toEqual([])
    expect(rows.removeFitting({ model: 'support', knowledgeVersion: 'v2' })).toEqual([])
    expect(rows.removeFitting({ beforeMs: NOW_MS, knowledgeVersion: 'v1' })).toMatchObject([{ seq: e }])
    expect(rows.removeOldest()).toMatchObject([{ seq: a }])
    expect(rows.nextExpiryMs()).toBeNull()
  }))
