/** The embedded `VectorIndex` and `SemanticRoutes`: the contracts in workerd, and what only these two together do. */
import { env, evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { expect, it } from 'vitest'
import { VECTOR_SHARDS, VECTORS_PER_SHARD_MAX } from '../../../src/core/recall/limits.ts'
import { type Clock, systemClock } from '../../../src/lib/clock.ts'
import { shardStub } from '../../../src/lib/object-places.ts'
import type { IndexObject } from '../../../src/objects/vectors.ts'
import { createDirectoryAdmin } from '../../../src/stores/embedded/directory.ts'
import { createSemanticRoutes, createVectorIndex, shardOf } from '../../../src/stores/embedded/vector-index.ts'
import type { TenantPlace } from '../../../src/stores/types.ts'
import { judged, semanticRoutesContract } from '../../contracts/semantic-routes.ts'
import { at, DIMENSIONS, freshIndexPlace, memberOf, vectorIndexContract } from '../../contracts/vector-index.ts'

const tools = { clock: systemClock, random: () => 0 }
const index = createVectorIndex(env.INDEX, tools)
const routes = createSemanticRoutes(env.INDEX, tools)
const directory = createDirectoryAdmin(env.DIRECTORY, tools)

const SPACE = { route: 'support', encoder: 'embed-small/mini/8', scope: 's1' }
const DEADLINE_MS = 10_000
const stub = (place: TenantPlace, route: string) => shardStub<IndexObject>(env.INDEX, place, shardOf(route))

/** Copies of the one vector that there is, turned round and newer. */
const COPIES = `
  INSERT INTO vectors (space, id, answer_group, at_ms, expires_ms, knowledge, member, scale, vector)
  SELECT space, 'copy ' || n, answer_group, at_ms + n, expires_ms, knowledge,
    json_set(member, '$.id', 'copy ' || n), -scale, vector
  FROM vectors, (WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?)
    SELECT n FROM numbers)`

vectorIndexContract(() => ({
  index,
  async crowd(place, { route }) {
    await runInDurableObject(stub(place, route), (_, { storage }) => {
      storage.sql.exec(COPIES, VECTORS_PER_SHARD_MAX - 1)
    })
    await evictDurableObject(stub(place, route))
  },
}))

semanticRoutesContract(() => ({
  routes,
  async audit({ id }) {
    const { data } = await directory.audit(undefined, 10_000)
    return data.filter(({ subject }) => subject.startsWith(`tenants/${id}/`))
  },
}))

it('answers with the route’s facts, too', async () => {
  const place = freshIndexPlace()
  for (const id of ['a', 'b']) {
    await index.add(place, SPACE, memberOf(id, { group: 'a' }), at(0.1))
    await routes.learn(place, SPACE, 0.02, [judged('a', id === 'a'), judged('far')], 'a')
  }
  await index.add(place, SPACE, memberOf('c'), at(0.2))
  const { facts } = await index.nearest(place, SPACE, at(0), 3, DEADLINE_MS)
  expect(facts).toEqual({
    state: (await routes.look(place, SPACE, [], DEADLINE_MS)).state,
    groups: { a: { members: 2, right: 1, wrong: 1 }, c: { members: 1, right: 0, wrong: 0 } },
  })
})

it('forgets what was observed of a group with the last of its members', async () => {
  const place = freshIndexPlace()
  for (const id of ['a', 'b', 'c']) {
    await index.add(place, SPACE, memberOf(id, { group: id === 'c' ? 'two' : 'one' }), at(0))
    await routes.learn(place, SPACE, 0.02, [judged('one'), judged('two')], null)
  }
  const known = async () => Object.keys((await routes.look(place, SPACE, ['one', 'two'], DEADLINE_MS)).groups)
  await index.purge(place, { beforeMs: 0 })
  expect(await known()).toEqual(['one', 'two'])
  await index.dropGroup(place, SPACE, 'one')
  expect(await known()).toEqual(['two'])
  await index.purge(place, {})
  expect(await known()).toEqual([])
  expect(await routes.views(place)).toMatchObject([{ observations: 6, vectors: 0, groups: 0 }])
})

it('counts in its views what is kept', async () => {
  const place = freshIndexPlace()
  for (const id of ['a', 'b', 'c'])
    await index.add(place, { ...SPACE, scope: id }, memberOf(id, { group: id === 'c' ? 'two' : 'one' }), at(0))
  await routes.learn(place, SPACE, 0.02, [judged('one')], 'one')
  // 'one' has members in two spaces, and is counted once.
  expect(await routes.views(place)).toMatchObject([{ route: 'support', vectors: 3, groups: 2 }])
})

it('has the vectors of a batch cross one by one', async () => {
  const place = freshIndexPlace()
  const batch = new Float32Array(DIMENSIONS * 3)
  for (const [row, radians] of [0.3, 0.1, 0.2].entries()) batch.set(at(radians), row * DIMENSIONS)
  for (const row of [0, 1, 2])
    await index.add(place, SPACE, memberOf(`row ${row}`), batch.subarray(row * DIMENSIONS, (row + 1) * DIMENSIONS))
  const asked = batch.subarray(DIMENSIONS, DIMENSIONS * 2)
  const { neighbours } = await index.nearest(place, SPACE, asked, 10, DEADLINE_MS)
  expect(neighbours.map(({ member }) => member.id)).toEqual(['row 1', 'row 2', 'row 0'])
})

it('spreads routes over the shards, each always to the same', () => {
  const shards = Array.from({ length: 200 }, (_, one) => shardOf(`route-${one}`))
  expect(new Set(shards)).toEqual(new Set(Array.from({ length: VECTOR_SHARDS }, (_, shard) => shard)))
  expect(shardOf('route-7')).toBe(shards[7])
})

it('loses nothing with its memory', async () => {
  const place = freshIndexPlace()
  for (const [id, radians] of [
    ['a', 0.1],
    ['b', 0.2],
  ] as const) {
    await index.add(place, SPACE, memberOf(id), at(radians))
    await routes.learn(place, SPACE, 0.02, [judged(id)], id)
  }
  const before = await index.nearest(place, SPACE, at(0), 10, DEADLINE_MS)
  const views = await routes.views(place)
  await evictDurableObject(stub(place, 'support'))
  expect(await index.nearest(place, SPACE, at(0), 10, DEADLINE_MS)).toEqual(before)
  expect(await routes.views(place)).toEqual(views)
  await index.add(place, SPACE, memberOf('c'), at(0))
  expect((await index.nearest(place, SPACE, at(0), 10, DEADLINE_MS)).neighbours).toHaveLength(3)
})

it('is late where the deadline is over', async () => {
  const after: Clock['after'] = (_, callback) => {
    callback()
    return () => {}
  }
  const impatient = createVectorIndex(env.INDEX, { ...tools, clock: { ...systemClock, after } })
  const late = impatient.nearest(freshIndexPlace(), SPACE, at(0), 1, 0)
  await expect(late).rejects.toThrow('the object did not answer in time')
})
