/** What every `VectorIndex` does, whatever it keeps vectors in. */
import { describe, expect, it } from 'vitest'
import { VECTORS_PER_SHARD_MAX } from '../../src/core/recall/limits.ts'
import type { Member, VectorSpace } from '../../src/core/semantic/types.ts'
import type { TenantPlace, VectorIndex } from '../../src/stores/types.ts'

/** An adapter under test, over a store for vectors of DIMENSIONS. */
export interface VectorIndexSubject {
  readonly index: VectorIndex
  /**
   * Copies the one member that the space has, turned round and newer, until there are VECTORS_PER_SHARD_MAX: to add as
   * many would take longer than all the rest.
   */
  readonly crowd: (place: TenantPlace, space: VectorSpace) => Promise<void>
}

export const DIMENSIONS = 8
const DEADLINE_MS = 10_000
/** How far a similarity may be off: the embedded index keeps a byte a dimension, and here are few. */
const TOLERANCE = 0.01
const SPACE: VectorSpace = { route: 'support', encoder: 'embed-small/mini/8', scope: 's1' }

let places = 0

/** A tenant that nobody else has. */
export function freshIndexPlace(): TenantPlace {
  places += 1
  return { id: `vectors-${places}`, generation: `${Date.now()}`.padStart(32, '0') }
}

/** A unit vector at an angle to the first axis, in the plane of the first two. */
export function at(radians: number): Float32Array {
  const vector = new Float32Array(DIMENSIONS)
  vector.set([Math.cos(radians), Math.sin(radians)])
  return vector
}

export function memberOf(id: string, more: Partial<Member> = {}): Member {
  const nowMs = Date.now()
  return { id, group: id, traits: {}, atMs: nowMs, expiresAtMs: nowMs + 60_000, knowledgeVersion: null, ...more }
}

/** Runs the cases. `subject` is called inside of them, so that hooks may make what it needs. */
export function vectorIndexContract(subject: () => VectorIndexSubject): void {
  const nearest = async (place: TenantPlace, radians = 0, space = SPACE, count = 10) =>
    (await subject().index.nearest(place, space, at(radians), count, DEADLINE_MS)).neighbours
  const ids = async (place: TenantPlace, space = SPACE) =>
    (await nearest(place, 0, space, 100)).map(({ member }) => member.id).sort()
  const add = (place: TenantPlace, member: Member, radians = 0, space = SPACE) =>
    subject().index.add(place, space, member, at(radians))

  describe('VectorIndex', () => {
    it('answers with the nearest, most similar first, and with their cosine', async () => {
      const place = freshIndexPlace()
      const angles = [1.6, 0.1, 3.1, 0.4, 0.7, 2.2, 1.0]
      for (const radians of angles) await add(place, memberOf(`at ${radians}`), radians)
      const found = await nearest(place, 0, SPACE, 4)
      expect(found.map(({ member }) => member.id)).toEqual(['at 0.1', 'at 0.4', 'at 0.7', 'at 1'])
      for (const [index, radians] of [0.1, 0.4, 0.7, 1].entries())
        expect(Math.abs((found[index]?.similarity ?? 2) - Math.cos(radians))).toBeLessThan(TOLERANCE)
      const [opposite] = (await nearest(place, Math.PI)).slice(-1)
      expect(Math.abs((opposite?.similarity ?? 2) - Math.cos(Math.PI - 0.1))).toBeLessThan(TOLERANCE)
    })

    it('is certain of the very same vector', async () => {
      const place = freshIndexPlace()
      const vector = Float32Array.from({ length: DIMENSIONS }, (_, index) => Math.sin(index * 7 + 1))
      await subject().index.add(place, SPACE, memberOf('a'), vector)
      const { neighbours } = await subject().index.nearest(place, SPACE, vector, 1, DEADLINE_MS)
      expect(neighbours[0]?.similarity).toBeCloseTo(1, 4)
    })

    it('answers with members as they were added, and with all where there are few', async () => {
      const place = freshIndexPlace()
      const traits = { number: ['0a1b2c3d'], quote: ['\'e"4f', 'äö'], question: ['12345678'] }
      const member = memberOf('it\'s "one"', { traits, group: 'g\'"\\', knowledgeVersion: "v'1" })
      await add(place, member)
      expect((await nearest(place, 0, SPACE, 50)).map((one) => one.member)).toEqual([member])
    })

    it('has nothing near where nothing was added', async () => {
      expect(await nearest(freshIndexPlace())).toEqual([])
    })

    it('never mixes spaces: routes, encoders, scopes', async () => {
      const place = freshIndexPlace()
      const spaces = [SPACE, { ...SPACE, route: 'sales' }, { ...SPACE, encoder: 'b/8' }, { ...SPACE, scope: 's2' }]
      for (const [index, space] of spaces.entries()) await add(place, memberOf(`m${index}`), 0, space)
      for (const [index, space] of spaces.entries()) expect(await ids(place, space)).toEqual([`m${index}`])
    })

    it('never mixes tenants, nor what came before a tenant was made again', async () => {
      const place = freshIndexPlace()
      const others = [freshIndexPlace(), { ...place, generation: 'f'.repeat(32) }, { ...place, id: `${place.id}0` }]
      await add(place, memberOf('mine'))
      for (const [index, other] of others.entries()) await add(other, memberOf(`other ${index}`))
      expect(await ids(place)).toEqual(['mine'])
      for (const [index, other] of others.entries()) expect(await ids(other)).toEqual([`other ${index}`])
    })

    it('replaces a member of a known id, vector and all', async () => {
      const place = freshIndexPlace()
      await add(place, memberOf('a', { group: 'one' }), 0)
      await add(place, memberOf('b'), 0.5)
      await add(place, memberOf('a', { group: 'two' }), 1)
      const found = await nearest(place)
      expect(found.map(({ member }) => [member.id, member.group])).toEqual([
        ['b', 'b'],
        ['a', 'two'],
      ])
      expect(Math.abs((found[1]?.similarity ?? 2) - Math.cos(1))).toBeLessThan(TOLERANCE)
    })

    it('never answers with a member that has expired', async () => {
      const place = freshIndexPlace()
      for (let index = 0; index < 12; index++)
        await add(place, memberOf(`old ${index}`, { expiresAtMs: Date.now() - 1 }))
      await add(place, memberOf('new'), 1)
      expect((await nearest(place)).map(({ member }) => member.id)).toEqual(['new'])
    })

    it('forgets the members of one group', async () => {
      const place = freshIndexPlace()
      const other = { ...SPACE, scope: 's2' }
      for (const id of ['a', 'b', 'c']) await add(place, memberOf(id, { group: id === 'c' ? "g'2" : "g'1" }))
      await add(place, memberOf('d', { group: "g'1" }), 0, other)
      await subject().index.dropGroup(place, SPACE, "g'1")
      await subject().index.dropGroup(place, SPACE, 'unknown')
      await subject().index.dropGroup(place, { ...SPACE, scope: 'unknown' }, "g'1")
      expect(await ids(place)).toEqual(['c'])
      expect(await ids(place, other)).toEqual(['d'])
    })

    describe('purges', () => {
      const sales = { ...SPACE, route: 'sales' }
      const filled = async () => {
        const place = freshIndexPlace()
        const nowMs = Date.now()
        await add(place, memberOf('old', { atMs: nowMs - 10_000, knowledgeVersion: 'v1' }))
        await add(place, memberOf('new', { atMs: nowMs, knowledgeVersion: 'v2' }), 0.1)
        await add(place, memberOf('none', { atMs: nowMs }), 0.2)
        await add(place, memberOf('sold', { atMs: nowMs, knowledgeVersion: "v1' OR 1 = 1" }), 0, sales)
        return { place, nowMs }
      }
      const left = async (place: TenantPlace) => [...(await ids(place)), ...(await ids(place, sales))]

      it('by model', async () => {
        const { place } = await filled()
        expect(await subject().index.purge(place, { model: 'sales' })).toBe(1)
        expect(await left(place)).toEqual(['new', 'none', 'old'])
        expect(await subject().index.purge(place, { model: 'unknown' })).toBe(0)
      })

      it('by age', async () => {
        const { place, nowMs } = await filled()
        expect(await subject().index.purge(place, { beforeMs: nowMs })).toBe(1)
        expect(await left(place)).toEqual(['new', 'none', 'sold'])
      })

      it('by knowledge version', async () => {
        const { place } = await filled()
        expect(await subject().index.purge(place, { knowledgeVersion: 'v1' })).toBe(1)
        expect(await subject().index.purge(place, { knowledgeVersion: "v1' OR 1 = 1" })).toBe(1)
        expect(await left(place)).toEqual(['new', 'none'])
      })

      it('what fits every field that is named', async () => {
        const { place, nowMs } = await filled()
        const filter = { model: 'support', beforeMs: nowMs + 1, knowledgeVersion: 'v2' }
        expect(await subject().index.purge(place, filter)).toBe(1)
        expect(await left(place)).toEqual(['none', 'old', 'sold'])
      })

      it('everything, of one tenant', async () => {
        const { place } = await filled()
        const other = freshIndexPlace()
        await add(other, memberOf('other'))
        expect(await subject().index.purge(place, {})).toBe(4)
        expect(await left(place)).toEqual([])
        expect(await ids(other)).toEqual(['other'])
        await add(place, memberOf('again'))
        expect(await left(place)).toEqual(['again'])
      })
    })

    it('erases a tenant, and nobody else', async () => {
      const place = freshIndexPlace()
      const others = [
        { ...place, generation: 'e'.repeat(32) },
        { ...place, id: `${place.id}0` },
      ]
      for (const one of [place, ...others]) {
        await add(one, memberOf('a'))
        await add(one, memberOf('b'), 0, { ...SPACE, route: 'sales' })
      }
      await subject().index.erase(place)
      await subject().index.erase(place)
      expect([await ids(place), await ids(place, { ...SPACE, route: 'sales' })]).toEqual([[], []])
      for (const other of others) expect(await ids(other)).toEqual(['a'])
      await add(place, memberOf('again'))
      expect(await ids(place)).toEqual(['again'])
    })

    it('is bounded: the oldest leave', async () => {
      const place = freshIndexPlace()
      await add(place, memberOf('oldest', { atMs: Date.now() - 60_000 }))
      await subject().crowd(place, SPACE)
      expect((await nearest(place)).map(({ member }) => member.id)).toContain('oldest')
      await add(place, memberOf('newest', { atMs: Date.now() + 60_000 }), 0.1)
      const found = await nearest(place)
      expect(found[0]?.member.id).toBe('newest')
      expect(found.map(({ member }) => member.id)).not.toContain('oldest')
      const removed = await subject().index.purge(place, {})
      expect(removed).toBeLessThanOrEqual(VECTORS_PER_SHARD_MAX)
      expect(removed).toBeGreaterThan(VECTORS_PER_SHARD_MAX * 0.8)
    })
  })
}
