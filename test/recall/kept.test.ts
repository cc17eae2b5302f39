/** Vectors and passages through the store of replies: each kind by itself, and gone with what they were made for. */
import { expect, it } from 'vitest'
import { kept, keyOf, madeNews } from '../../src/recall/kept.ts'
import { requestOf, STARTED_AT_MS } from '../support/path.ts'
import { recalling } from '../support/recalling.ts'

it('keeps kinds, makers and texts apart', () => {
  const search = recalling().searchOf()
  const keys = [
    keyOf(search, 'embedding', 'minilm', 'when do you open'),
    keyOf(search, 'retrieval', 'minilm', 'when do you open'),
    keyOf(search, 'embedding', 'another', 'when do you open'),
    keyOf(search, 'embedding', 'minilm', 'when do you close'),
    keyOf(search, 'embedding', 'minilm","when', ' do you open'),
  ]
  expect(new Set(keys).size).toBe(keys.length)
})

it.each([
  ['embedding', null],
  ['retrieval', 'v7'],
] as const)('%s: what was made for one request is there for the next', async (kind, knowledgeVersion) => {
  const { services, searchOf, store } = recalling({ exact: true, knowledgeVersion: 'v7' })
  const search = searchOf({ request: requestOf({ cacheTtlSeconds: 60 }) })
  const key = keyOf(search, kind, 'maker', 'text')
  const news = await madeNews(services, search, kind, key, 'made of it')
  if (news.kind !== 'put') throw new Error(news.kind)
  expect(news.value.about).toMatchObject({
    kind,
    model: 'model',
    knowledgeVersion,
    expiresAtMs: STARTED_AT_MS + 60_000,
  })
  expect(await kept(services, search, key)).toBeNull()
  store.values.set(key, news.value)
  expect(await kept(services, search, key)).toBe('made of it')
})

it('asks nobody where it is known to be nowhere, and is nothing where it does not open or nobody answers', async () => {
  const { services, searchOf, store, asked } = recalling()
  const search = searchOf()
  const news = await madeNews(services, search, 'embedding', 'k1', 'made')
  if (news.kind !== 'put') throw new Error(news.kind)
  store.values.set('k1', { ...news.value, sealed: 'damaged' })
  expect(await kept(services, search, 'k1')).toBeNull()
  store.lookUp = () => Promise.reject(new Error('out of reach'))
  expect(await kept(services, search, 'k1')).toBeNull()
  store.mayHold = false
  asked.length = 0
  expect(await kept(services, search, 'k1')).toBeNull()
  expect(asked).toEqual([])
})
