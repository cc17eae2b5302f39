/** What stores are told: answers sealed, hits counted, in one batch behind the replies. */
import { describe, expect, it } from 'vitest'
import { RECORDED_REPLY_BYTES_MAX } from '../../src/core/recall/limits.ts'
import { sealed, tellSoon } from '../../src/recall/flush.ts'
import type { Answer } from '../../src/recall/types.ts'
import { STARTED_AT_MS } from '../support/path.ts'
import { keyring, MARK, recalling, USED } from '../support/recalling.ts'
import { whole } from '../support/wire.ts'

const answerOf = (ticket: Answer['ticket'], body: string): Answer => ({
  ticket,
  body,
  isAssembled: false,
  target: 'up/m',
  usage: USED,
  costMicroUsd: 92,
  endedAtMs: STARTED_AT_MS,
})

describe('an answer', () => {
  it('is sealed with what a hit of it saves, and remembered', async () => {
    const { services, ticketOf } = recalling()
    const news = await sealed(services, answerOf(ticketOf(), whole('hello')))
    if (news?.kind !== 'put') throw new Error('nothing to tell')
    expect(news.value).toMatchObject({
      key: 'k1',
      about: { kind: 'reply', model: 'model', expiresAtMs: STARTED_AT_MS + 60_000, savedTokens: 18, savedMicroUsd: 92 },
    })
    const reply = JSON.parse(await keyring.open('k1', news.value.sealed))
    expect(reply).toMatchObject({ operation: 'chat', target: 'up/m', usage: USED, answeredAtMs: STARTED_AT_MS })
    expect(Object.keys(JSON.parse(reply.body))).not.toContain('id')
    expect(services.memory.get('k1')).toMatchObject({ mark: MARK, reply })
  })

  it('is not remembered while nobody can say what was purged, but told all the same', async () => {
    const { services, store, ticketOf } = recalling()
    store.mark = null
    expect(await sealed(services, answerOf(ticketOf(), whole('hello')))).toMatchObject({ kind: 'put' })
    expect(services.memory.size).toBe(0)
  })

  it('is nothing to tell when it is not complete, or too long', async () => {
    const { services, ticketOf } = recalling()
    const cut = whole('hel').replace('"finish_reason":"stop"', '"finish_reason":"length"')
    for (const body of [cut, 'no JSON', whole('é'.repeat(RECORDED_REPLY_BYTES_MAX / 2))])
      expect(await sealed(services, answerOf(ticketOf(), body))).toBeNull()
  })
})

describe('telling', () => {
  it('waits a moment, and takes everything along', async () => {
    const { services, place, told, settle, ticketOf, clock } = recalling()
    const { outbox } = services
    const answer = answerOf(ticketOf(), whole('hello'))
    tellSoon(
      services,
      place,
      outbox.add(place, () => sealed(services, answer), 100, clock.now()),
    )
    tellSoon(services, place, outbox.hit(place, 'k2', 'hit', clock.now()))
    expect(told).toEqual([])
    await settle()
    expect(told).toMatchObject([{ kind: 'hits', key: 'k2', as: 'hit', count: 1 }, { kind: 'put' }])
  })

  it('sees to the news of those who are gone', async () => {
    const { services, place, told, settle, clock } = recalling()
    const orphan = { id: 'orphan', generation: 'g1' }
    services.outbox.hit(orphan, 'k3', 'hit', clock.now() - 60_000)
    tellSoon(services, place, services.outbox.hit(place, 'k2', 'hit', clock.now()))
    await settle()
    expect(told).toHaveLength(2)
  })

  it('loses what its store does not take, without an error', async () => {
    const { services, place, store, settle, lines, clock } = recalling()
    store.tell = () => Promise.reject(new Error('out of reach'))
    tellSoon(services, place, services.outbox.hit(place, 'k2', 'hit', clock.now()))
    await settle()
    expect(lines).toMatchObject([{ event: 'recall-store-failed', store: 'replies' }])
    expect(services.outbox.take(place)).toBeNull()
  })
})
