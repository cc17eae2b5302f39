/** The stage's verdicts: at once from memory, from the store, behind a leader, or what is to be kept of a miss. */
import { describe, expect, it } from 'vitest'
import type { InferenceRequest } from '../../src/core/inference.ts'
import { fingerprintText } from '../../src/recall/fingerprint.ts'
import { recall } from '../../src/recall/recall.ts'
import { requestOf } from '../support/path.ts'
import { keyring, recalling, replyOf, sealedReply } from '../support/recalling.ts'

const nobody = new AbortController().signal

function world(cache: Parameters<typeof recalling>[0] = { exact: true }) {
  const at = recalling(cache)
  const look = (more: Partial<InferenceRequest> = {}, canLead = true, client: AbortSignal = nobody) =>
    recall(
      at.services,
      { caller: at.caller },
      requestOf(more),
      at.model,
      { canLead, embedder: null, judge: null },
      { signal: client },
    )
  const key = keyring.fingerprint(fingerprintText(requestOf(), at.model, at.caller))
  const have = async (): Promise<void> => void at.store.values.set(key, await sealedReply(key, replyOf('hello')))
  return { ...at, look, key, have }
}

describe('at once, without a promise', () => {
  it('what may not be recalled', () => {
    expect(world().look({ cacheMode: 'off' })).toEqual({ kind: 'bypass', reason: 'off' })
    expect(world().look({ body: { temperature: 1 } })).toEqual({ kind: 'bypass', reason: 'temperature' })
  })

  it('what is in memory', async () => {
    const { look, have, asked } = world()
    await have()
    await look()
    expect(look()).toMatchObject({ kind: 'hit', hit: { as: 'hit', reply: replyOf('hello') } })
    expect(asked).toHaveLength(1)
  })
})

describe('from the store', () => {
  it('a reply', async () => {
    const { look, have } = world()
    await have()
    expect(await look()).toMatchObject({ kind: 'hit', hit: { as: 'hit', ageS: 0, similarity: null } })
  })

  it('nothing, and no question, where it is known to have nothing', async () => {
    const { look, store, asked, key, model, place } = world()
    store.mayHold = false
    expect(await look()).toMatchObject({ kind: 'miss', ticket: { key, place, model, ttlSeconds: 86_400, lease: null } })
    expect(asked).toEqual([])
  })

  it('a miss where it is out of reach', async () => {
    const { look, store } = world()
    store.lookUp = () => Promise.reject(new Error('out of reach'))
    expect(await look()).toMatchObject({ kind: 'miss' })
  })

  it('no question of who only writes, and no ticket for who only reads', async () => {
    const { look, have, asked } = world()
    await have()
    expect(await look({ cacheMode: 'refresh' })).toMatchObject({ kind: 'miss', ticket: { lease: null } })
    expect(asked).toEqual([])
    expect(await look({ cacheMode: 'no-store', body: { messages: [] } })).toEqual({ kind: 'miss', ticket: null })
  })

  it('kept for as long as the caller says', async () => {
    expect(await world().look({ cacheTtlSeconds: 5 })).toMatchObject({ ticket: { ttlSeconds: 5 } })
  })
})

describe('behind a leader', () => {
  const waits = { exact: true, coalesce: 'wait' } as const

  it('leads with a lease that is renewed', async () => {
    const { look, store, asked, clock, key } = world(waits)
    store.lookUp = async () => ({ mark: 'm', found: null, turn: 'lead' })
    const looked = await look()
    expect(looked).toMatchObject({ kind: 'miss', ticket: { lease: { id: requestOf().requestId } } })
    await clock.advance(300)
    expect(asked).toEqual([`lookUp ${key}`, `renew ${requestOf().requestId}`])
  })

  it('is led by nobody who may not ask a target, or whose answer is not kept', async () => {
    for (const [more, canLead] of [
      [{}, false],
      [{ cacheMode: 'no-store' }, true],
    ] as const) {
      const { look, store } = world(waits)
      const leases: (string | null)[] = []
      store.lookUp = async (_, lease) => {
        leases.push(lease)
        return { mark: 'm', found: null, turn: null }
      }
      await look(more, canLead)
      expect(leases).toEqual([null])
    }
  })

  it('gives the lead on when its client has left meanwhile', async () => {
    const { look, store, asked } = world(waits)
    const client = new AbortController()
    store.lookUp = async () => {
      client.abort()
      return { mark: 'm', found: null, turn: 'lead' }
    }
    expect(await look({}, true, client.signal)).toEqual({ kind: 'cancelled' })
    expect(asked.at(-1)).toBe(`release ${requestOf().requestId} lead`)
  })
})

it('goes on without where the tenant has no keys to be had', async () => {
  const { services, look } = world()
  Object.assign(services, { cacheKeys: { keysOf: () => Promise.reject(new Error('gone')) } })
  expect(await look()).toEqual({ kind: 'bypass', reason: 'no-keys' })
})
