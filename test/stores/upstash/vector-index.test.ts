/** `@upstash/vector` as a `VectorIndex`, over REST on an exact index of our own. */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { VECTOR_SWEEP_SHARE, VECTORS_PER_SHARD_MAX } from '../../../src/core/recall/limits.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import { createVector } from '../../../src/stores/upstash/vector.ts'
import { createUpstashVectorIndex } from '../../../src/stores/upstash/vector-index.ts'
import { at, DIMENSIONS, freshIndexPlace, memberOf, vectorIndexContract } from '../../contracts/vector-index.ts'
import { type StoredVector, startUpstashVector, type UpstashVector } from '../../support/upstash-vector.ts'

const SPACE = { route: 'support', encoder: 'embed-small/mini/8', scope: 's1' }
const DEADLINE_MS = 5000

let upstash: UpstashVector
beforeAll(async () => {
  upstash = await startUpstashVector(DIMENSIONS)
})
afterAll(() => upstash.close())
beforeEach(() => upstash.namespaces.clear())

/** An index that sweeps after every vector added, or never. */
const indexOf = (sweeps: boolean, clock = systemClock) =>
  createUpstashVectorIndex(createVector(upstash, { clock }), { clock, random: () => (sweeps ? 0 : VECTOR_SWEEP_SHARE) })

const stored = () => [...upstash.namespaces.values()].flatMap((vectors) => [...vectors.keys()]).sort()

vectorIndexContract(() => ({
  index: indexOf(true),
  async crowd(place) {
    const entry = [...upstash.namespaces].find(([name]) => name.startsWith(`${place.id}.`))
    const [first] = entry?.[1].values() ?? []
    if (entry === undefined || first === undefined) throw new Error('the space has no member')
    const { member, atMs } = first.metadata as { member: object; atMs: number }
    for (let index = 1; index < VECTORS_PER_SHARD_MAX; index++) {
      const copy: StoredVector = {
        id: `copy ${index}`,
        vector: first.vector.map((value) => -value),
        metadata: { ...first.metadata, atMs: atMs + index, member: { ...member, id: `copy ${index}` } },
      }
      entry[1].set(copy.id, copy)
    }
  },
}))

it('names its namespaces by tenant, generation and hashes, and keeps words of nobody', async () => {
  await indexOf(false).add({ id: 'acme', generation: 'g1' }, SPACE, memberOf('m'), at(0))
  const [name] = [...upstash.namespaces.keys()]
  expect(name).toMatch(/^acme\.g1\.[0-9a-f]{16}\.[0-9a-f]{32}$/)
})

it('knows no facts of routes', async () => {
  const place = freshIndexPlace()
  await indexOf(false).add(place, SPACE, memberOf('m'), at(0))
  expect(Object.keys(await indexOf(false).nearest(place, SPACE, at(0), 10, DEADLINE_MS))).toEqual(['neighbours'])
})

it('removes what has expired, in other spaces of the tenant too, and what is empty', async () => {
  const place = freshIndexPlace()
  const expired = memberOf('expired', { expiresAtMs: Date.now() - 1 })
  await indexOf(false).add(place, { ...SPACE, scope: 'elsewhere' }, expired, at(0))
  await indexOf(false).add(place, SPACE, expired, at(0))
  await indexOf(false).add(freshIndexPlace(), SPACE, memberOf('of another tenant', { expiresAtMs: 1 }), at(0))
  expect(stored()).toEqual(['expired', 'expired', 'of another tenant'])
  await indexOf(true).add(place, SPACE, memberOf('new'), at(0))
  expect(stored()).toEqual(['new', 'of another tenant'])
  expect(upstash.namespaces.size).toBe(3)
  await indexOf(true).add(place, SPACE, memberOf('newer'), at(0))
  expect(upstash.namespaces.size).toBe(2)
})

it('has kept a vector though it could not sweep', async () => {
  const place = freshIndexPlace()
  const client = createVector(upstash, { clock: systemClock })
  const failing = createUpstashVectorIndex(
    (deadlineMs) => Object.assign(client(deadlineMs), { info: () => Promise.reject(new Error('no')) }),
    { clock: systemClock, random: () => 0 },
  )
  await failing.add(place, SPACE, memberOf('kept'), at(0))
  expect(stored()).toEqual(['kept'])
})

it('sees to many namespaces', async () => {
  const place = freshIndexPlace()
  const index = indexOf(false)
  for (let count = 0; count < 20; count++) await index.add(place, { ...SPACE, scope: `${count}` }, memberOf('m'), at(0))
  expect(await index.purge(place, { model: 'support' })).toBe(20)
  await index.erase(place)
  expect(upstash.namespaces.size).toBe(0)
})

it('rejects when its vectors are of another length than the index has', async () => {
  await expect(indexOf(false).add(freshIndexPlace(), SPACE, memberOf('m'), new Float32Array(3))).rejects.toThrow(
    'Upstash Vector answered 422',
  )
})
