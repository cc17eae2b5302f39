/** Single-flight: who leads, who waits, and what becomes of those who wait when nothing comes. */
import { describe, expect, it } from 'vitest'
import { CACHE_LEASE_RENEW_MS } from '../../src/core/recall/limits.ts'
import { follow, keepLease } from '../../src/recall/follow.ts'
import type { CacheLookUp } from '../../src/stores/types.ts'
import { requestOf } from '../support/path.ts'
import { MARK, recalling, replyOf, sealedReply } from '../support/recalling.ts'

const LEASE = requestOf().requestId
const turn = (one: CacheLookUp['turn']): CacheLookUp => ({ mark: MARK, found: null, turn: one })

/** Answers to the look-ups to come; the last goes on answering. */
function following(...answers: (() => Promise<CacheLookUp>)[]) {
  const world = recalling({ exact: true, coalesce: 'wait' })
  let next = 0
  world.store.lookUp = () => {
    const answer = answers[Math.min(next, answers.length - 1)]
    next += 1
    return answer === undefined ? Promise.reject(new Error('no answer')) : answer()
  }
  return world
}
const found = async (): Promise<CacheLookUp> => ({
  mark: MARK,
  found: await sealedReply('k1', replyOf('hello')),
  turn: null,
})

describe('follow', () => {
  it('is served at once what is there', async () => {
    const { services, searchOf } = following(found)
    expect(await follow(services, searchOf())).toMatchObject({ as: 'hit', reply: replyOf('hello') })
  })

  it('leads where nobody does', async () => {
    const { services, searchOf } = following(async () => turn('lead'))
    expect(await follow(services, searchOf())).toEqual({ lead: LEASE })
  })

  it('waits behind a leader, and is served its reply', async () => {
    const { services, store, searchOf, asked } = following(async () => turn('wait'), found)
    store.wait = async () => 'stored'
    expect(await follow(services, searchOf())).toMatchObject({ as: 'coalesced' })
    expect(asked).toEqual(['lookUp k1', `wait ${LEASE}`, 'lookUp k1'])
  })

  it('takes the lead that falls to it, and goes on alone when told to', async () => {
    for (const [told, expected] of [
      ['lead', { lead: LEASE }],
      ['alone', null],
    ] as const) {
      const { services, store, searchOf } = following(async () => turn('wait'))
      store.wait = async () => told
      expect(await follow(services, searchOf())).toEqual(expected)
    }
  })

  it('looks again when its wait is lost', async () => {
    const { services, store, searchOf } = following(
      async () => turn('wait'),
      async () => turn('lead'),
    )
    store.wait = () => Promise.reject(new Error('the object is gone'))
    expect(await follow(services, searchOf())).toEqual({ lead: LEASE })
  })

  it('goes on alone where the store is out of reach', async () => {
    const { services, searchOf } = following(() => Promise.reject(new Error('out of reach')))
    expect(await follow(services, searchOf())).toBeNull()
  })

  it('passes on what may fall to it once its client has left', async () => {
    const { services, searchOf, asked } = following(async () => turn('wait'))
    const client = new AbortController()
    const waiting = follow(services, searchOf({ client: client.signal }))
    await Promise.resolve()
    client.abort()
    expect(await waiting).toBe('cancelled')
    expect(asked.at(-1)).toBe(`release ${LEASE} lead`)
  })

  it('waits no longer than the request may take', async () => {
    const { services, store, searchOf, clock } = following(async () => turn('wait'))
    store.wait = async () => {
      await clock.advance(400)
      throw new Error('nothing came')
    }
    expect(await follow(services, searchOf({ request: requestOf({ timeoutMs: 1000 }) }))).toBeNull()
    expect(clock.now() - requestOf().startedAtMs).toBe(1200)
  })
})

describe('a lease', () => {
  it('is renewed until it is stopped', async () => {
    const { services, searchOf, clock, asked } = recalling()
    const lease = keepLease(services, searchOf(), 'r1')
    await clock.advance(2 * CACHE_LEASE_RENEW_MS)
    lease.stop()
    await clock.advance(5 * CACHE_LEASE_RENEW_MS)
    expect(asked).toEqual(['renew r1', 'renew r1'])
  })
})
