/** Our front for vectors, spoken to by Upstash's own client with its own HTTP: if they understand each other, tests over it count. */
import { Index } from '@upstash/vector'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { startUpstashVector, type UpstashVector } from '../support/upstash-vector.ts'

let upstash: UpstashVector
let index: Index
beforeAll(async () => {
  upstash = await startUpstashVector(2)
  index = new Index({ url: upstash.url, token: upstash.token })
})
afterAll(() => upstash.close())
beforeEach(() => upstash.namespaces.clear())

const post = (path: string, body: string, headers: Record<string, string> = {}) =>
  fetch(upstash.url + path, { method: 'POST', body, headers: { authorization: `Bearer ${upstash.token}`, ...headers } })

it('scores by (1 + cosine) ÷ 2, the best first, whatever the length', async () => {
  expect(
    await index.upsert([
      { id: 'opposite', vector: [-3, 0] },
      { id: 'same', vector: [5, 0], metadata: { a: 1 } },
      { id: 'across', vector: [0, 1] },
    ]),
  ).toBe('Success')
  expect(await index.query({ vector: [1, 0], topK: 3 })).toEqual([
    { id: 'same', score: 1 },
    { id: 'across', score: 0.5 },
    { id: 'opposite', score: 0 },
  ])
  expect(await index.query({ vector: [1, 0], topK: 1, includeMetadata: true, includeVectors: true })).toEqual([
    { id: 'same', score: 1, vector: [5, 0], metadata: { a: 1 } },
  ])
})

it('replaces, fetches and deletes by id', async () => {
  const space = index.namespace('one')
  await space.upsert({ id: 'a', vector: [1, 0], metadata: { n: 1 } })
  await space.upsert({ id: 'a', vector: [0, 1], metadata: { n: 2 } })
  expect(await space.fetch(['a', 'b'], { includeMetadata: true })).toEqual([{ id: 'a', metadata: { n: 2 } }, null])
  expect(await index.fetch(['a'])).toEqual([null])
  expect(await space.delete(['a', 'b'])).toEqual({ deleted: 1 })
  await space.upsert([
    { id: 'x-1', vector: [1, 0] },
    { id: 'y-1', vector: [1, 0] },
  ])
  expect(await space.delete({ prefix: 'x-' })).toEqual({ deleted: 1 })
})

it('filters queries and deletions by metadata', async () => {
  const space = index.namespace('one')
  for (const [id, n, word] of [
    ['a', 1, 'x'],
    ['b', 2, "it's"],
    ['c', 3, 'x'],
  ] as const)
    await space.upsert({ id, vector: [1, 0], metadata: { n, word } })
  const ids = async (filter: string) => (await space.query({ vector: [1, 0], topK: 9, filter })).map(({ id }) => id)
  expect(await ids('n > 1')).toEqual(['b', 'c'])
  expect(await ids("n >= 1 AND word = 'x'")).toEqual(['a', 'c'])
  expect(await ids('word = "it\'s" and n != 1')).toEqual(['b'])
  expect(await ids('unknown < 5')).toEqual([])
  await expect(ids('n > > 1')).rejects.toThrow('not understood')
  expect(await space.delete({ filter: 'n <= 2' })).toEqual({ deleted: 2 })
})

it('pages through a namespace, and tells how many are where', async () => {
  const space = index.namespace('many')
  await space.upsert(Array.from({ length: 5 }, (_, one) => ({ id: `v${one}`, vector: [1, one], metadata: { one } })))
  const first = await space.range({ cursor: 0, limit: 3, includeMetadata: true })
  expect([first.vectors.length, first.vectors[2]]).toEqual([3, { id: 'v2', metadata: { one: 2 } }])
  const second = await space.range({ cursor: first.nextCursor, limit: 3 })
  expect(second).toEqual({ nextCursor: '', vectors: [{ id: 'v3' }, { id: 'v4' }] })
  expect(await index.info()).toMatchObject({
    vectorCount: 5,
    dimension: 2,
    similarityFunction: 'COSINE',
    namespaces: { many: { vectorCount: 5, pendingVectorCount: 0 } },
  })
  expect(await index.listNamespaces()).toContain('many')
  expect(await space.reset()).toBe('Success')
  expect(await index.deleteNamespace('many')).toBe('Success')
  expect(await index.listNamespaces()).not.toContain('many')
})

it('knows nothing of a namespace that nobody wrote to', async () => {
  const space = index.namespace('nobody')
  expect(await space.query({ vector: [1, 0], topK: 3 })).toEqual([])
  expect(await space.delete(['a'])).toEqual({ deleted: 0 })
})

it('wants the token, and refuses what it cannot do with the reason', async () => {
  const refused = await post('/query', '{}', { authorization: 'Bearer wrong' })
  expect([refused.status, await refused.json()]).toEqual([
    401,
    { error: 'Unauthorized: Invalid auth token', status: 401 },
  ])
  for (const [path, body, status] of [
    ['/query', '{"vector":[1,0,0],"topK":1}', 422],
    ['/upsert', '{"id":"a","vector":[1]}', 422],
    ['/query', 'no JSON', 400],
    ['/delete', '{}', 400],
    ['/no-such-operation', '{}', 404],
    ['/delete-namespace/unknown', '[]', 404],
  ] as const) {
    const reply = await post(path, body)
    expect([path, body, reply.status]).toEqual([path, body, status])
    expect(await reply.json()).toMatchObject({ error: expect.any(String), status })
  }
  expect((await fetch(upstash.url, { method: 'PATCH' })).status).toBe(405)
})
