/** Recall by meaning of one request: whose question is compared, with which vector, and what is served or learned. */
import { describe, expect, it } from 'vitest'
import { learn } from '../../src/core/semantic/decision.ts'
import type { Member, Observation } from '../../src/core/semantic/types.ts'
import { toBase64 } from '../../src/lib/hash.ts'
import { askByMeaning } from '../../src/recall/by-meaning.ts'
import type { Search } from '../../src/recall/search.ts'
import { requestOf } from '../support/path.ts'
import { keyring, recalling, replyOf, sealedReply } from '../support/recalling.ts'

const VECTOR = Float32Array.from([0.6, 0.8])
const MEMBER: Member = { id: 'm1', group: 'g', traits: {}, atMs: 0, expiresAtMs: 1e15, knowledgeVersion: null }
const saying = (content: unknown) => requestOf({ body: { model: 'model', messages: [{ role: 'user', content }] } })

/** A world whose embedder gives the same vector for every question, or what it is told to. */
function world(cache: Parameters<typeof recalling>[0] = { exact: true, semantic: { enabled: true } }) {
  const at = recalling(cache)
  const embedded: string[] = []
  const embedder = {
    id: 'embed/up/minilm',
    vectors: [VECTOR] as readonly Float32Array[] | null,
    async embed(texts: readonly string[]) {
      embedded.push(...texts)
      return this.vectors
    },
  }
  const ask = (request = saying('when do you open'), more: Partial<Search> = {}) =>
    askByMeaning(at.services, at.searchOf({ request, embedder, ...more }))
  return { ...at, embedded, embedder, ask }
}

/** The same, on a route that has proved the neighbour's group, whose reply is there. */
async function proved(similarity = 0.99) {
  const at = world()
  const neighbours = [{ member: MEMBER, similarity }]
  const groups = { g: { members: 5, right: 5, wrong: 0 } }
  at.store.nearest = async () => ({ neighbours, facts: { state: null, groups } })
  const { asked } = await at.ask()
  const candidate = asked?.meaning.candidate
  if (candidate == null) throw new Error('no candidate')
  const { group, features, disagreements } = candidate
  const observation: Observation = { group, features, disagreements, right: true, weight: 1, atMs: 0 }
  const { state } = learn(
    null,
    Array.from({ length: 600 }, () => observation),
    0.02,
  )
  at.store.nearest = async () => ({ neighbours, facts: { state, groups } })
  at.store.values.set('g', await sealedReply('g', replyOf('at nine')))
  at.asked.length = 0
  return at
}

describe('nothing is asked', () => {
  it.each([
    ['of a model without it', { exact: true }, saying('when do you open'), {}],
    ['without an embedder', undefined, saying('when do you open'), { embedder: null }],
    ['of an image', undefined, saying([{ type: 'image_url', image_url: { url: 'https://x.test/a.png' } }]), {}],
    ['of what is personal', undefined, saying('what is my account balance'), {}],
    ['of what changes with time', undefined, saying('what is the weather like today'), {}],
  ] as const)('%s', async (_, cache, request, more) => {
    const { ask, embedded, asked } = world(cache)
    expect(await ask(request, more)).toEqual({ hit: null, asked: null })
    expect([embedded, asked]).toEqual([[], []])
  })

  it('where no vector can be had, or the index is out of reach', async () => {
    const { ask, embedder, store, lines } = world()
    embedder.vectors = null
    expect(await ask()).toEqual({ hit: null, asked: null })
    embedder.vectors = [VECTOR]
    store.nearest = () => Promise.reject(new Error('out of reach'))
    expect(await ask()).toEqual({ hit: null, asked: null })
    expect(lines.map(({ store: which }) => which)).toEqual(['embedder', 'vectors'])
  })
})

describe('the vector of a question', () => {
  it('is made of its own words alone, once, and is to be kept with the answer', async () => {
    const { ask, embedded, asked } = world()
    const first = await ask()
    const again = await ask()
    expect(embedded).toEqual(['when do you open'])
    expect(asked.filter((one) => one.startsWith('nearest'))).toEqual([
      'nearest model embed/up/minilm/2',
      'nearest model embed/up/minilm/2',
    ])
    expect(first.asked?.news).toMatchObject({ kind: 'put', value: { about: { kind: 'embedding', savedTokens: 0 } } })
    expect(again.asked?.news).toBeNull()
  })

  it('comes from the store where another isolate has made it', async () => {
    const { ask, embedded, store } = world()
    const key = keyring.fingerprint(JSON.stringify(['embedding', 'embed/up/minilm', 'when do you open']))
    const sealed = await keyring.seal(key, toBase64(new Uint8Array(VECTOR.buffer)))
    store.values.set(key, { ...(await sealedReply(key, replyOf(''))), sealed })
    expect((await ask()).asked?.meaning.question.vector).toEqual(VECTOR)
    expect(embedded).toEqual([])
  })

  it('is compared only where everything else in the request is the same', async () => {
    const { ask } = world()
    const scopeOf = async (body: object) =>
      (await ask(requestOf({ body: { model: 'model', ...body } }))).asked?.meaning.question.space.scope
    const question = { role: 'user', content: 'when do you open' }
    const plain = await scopeOf({ messages: [question] })
    expect(await scopeOf({ messages: [{ ...question, content: 'what are your hours' }] })).toBe(plain)
    for (const other of [
      { messages: [{ role: 'system', content: 'You sell shoes.' }, question] },
      { messages: [question], tools: [{ type: 'function', function: { name: 'f' } }] },
      { messages: [question], seed: 7 },
    ])
      expect(await scopeOf(other)).not.toBe(plain)
  })
})

it('reads a body that comes again once, and anew for whoever it has another key', async () => {
  const { ask } = world()
  const request = saying('when do you open in Paris')
  const first = (await ask(request)).asked?.meaning.question
  expect((await ask(request)).asked?.meaning.question.traits).toBe(first?.traits)
  const other = (await ask(request, { key: 'k2' })).asked?.meaning.question
  expect(other?.traits).not.toBe(first?.traits)
  expect(other?.traits).toEqual(first?.traits)
})

describe('an answer', () => {
  it('is served from the group that the question falls into', async () => {
    const { ask } = await proved()
    expect(await ask()).toMatchObject({ hit: { as: 'semantic', similarity: 0.99, reply: replyOf('at nine') } })
  })

  it('is not served to who only writes, and they teach all the same', async () => {
    const { ask } = await proved()
    const may = { read: false, write: true, exact: true, reason: null }
    expect(await ask(undefined, { may })).toMatchObject({
      hit: null,
      asked: { meaning: { candidate: { group: 'g' } } },
    })
  })

  it('that is gone is a miss, and its group is forgotten', async () => {
    const { ask, store, asked, settle } = await proved()
    store.values.clear()
    expect(await ask()).toMatchObject({ hit: null, asked: { meaning: { candidate: null } } })
    await settle()
    expect(asked).toContain('dropGroup g')
  })
})
