/** Admission that takes its time: waiting for a turn, and clients that leave in every phase. */
import { describe, expect, it } from 'vitest'
import type { AskReply, Verdict } from '../../src/core/ledger/types.ts'
import { ADMIT_DEADLINE_MIN_MS, OBJECT_CALL_MS } from '../../src/core/limits.ts'
import { admitting, granted, MONTH, pending, QUEUED, RPM, refused, told } from '../support/admitting.ts'
import { turn } from '../support/manual-clock.ts'

describe('waiting', () => {
  it('goes on when its turn comes, and says how long it waited', async () => {
    const { clock, services, ledger, turns, next } = admitting([RPM])
    services.roundTrips.observe('acme.g1', 1)
    ledger.admit = async () => QUEUED
    const turnOf = pending<Verdict>()
    ledger.turn = () => turnOf.promise
    const admission = next({ maxWaitMs: 4000 })
    await clock.advance(700)
    expect(turns).toEqual([{ id: 'r1', deadlineMs: 4000 + ADMIT_DEADLINE_MIN_MS }])
    turnOf.resolve(granted())
    expect(await admission).toMatchObject({ kind: 'admitted', queueMs: 700, charge: null })
  })

  it('is refused at its bound as one that waited', async () => {
    const { clock, ledger, next } = admitting([RPM])
    ledger.admit = async () => QUEUED
    const turnOf = pending<Verdict>()
    ledger.turn = () => turnOf.promise
    const admission = next({ maxWaitMs: 4000 })
    await clock.advance(4000)
    turnOf.resolve(refused())
    const refusal = { code: 'queue_timeout', limitedBy: 'rpm', retryAfterMs: 1500 }
    expect(await admission).toMatchObject({ kind: 'refused', queueMs: 4000, refusal })
  })

  it('asks again, with what is left of its wait, when the object is lost meanwhile', async () => {
    const { clock, ledger, asks, withdrawn, next } = admitting([RPM])
    ledger.admit = async () => QUEUED
    const [first, second] = [pending<Verdict>(), pending<Verdict>()]
    ledger.turn = () => (asks.length === 1 ? first.promise : second.promise)
    const admission = next({ maxWaitMs: 4000 })
    await clock.advance(1000)
    first.reject(new Error('lost'))
    await clock.advance(500)
    second.resolve(granted())
    expect(await admission).toMatchObject({ kind: 'admitted', queueMs: 1500 })
    expect(asks.map(({ id, maxWaitMs }) => [id, maxWaitMs])).toEqual([
      ['r1', 4000],
      ['r1', 3000],
    ])
    expect(withdrawn).toEqual([])
  })

  it('asks a bounded number of times, and then decides alone', async () => {
    const { ledger, asks, next } = admitting([RPM])
    ledger.admit = async () => QUEUED
    ledger.turn = () => Promise.reject(new Error('lost'))
    expect(await next({ maxWaitMs: 4000 })).toMatchObject({ kind: 'admitted', limits: null })
    expect(asks.length).toBe(3)
  })

  it('does not ask again an object that has let its whole wait pass', async () => {
    const { clock, ledger, asks, withdrawn, next } = admitting([MONTH])
    ledger.admit = async () => QUEUED
    const turnOf = pending<Verdict>()
    ledger.turn = () => turnOf.promise
    const admission = next({ maxWaitMs: 4000 })
    await clock.advance(4000 + OBJECT_CALL_MS)
    turnOf.reject(new Error('late'))
    expect(await admission).toMatchObject({ kind: 'refused', refusal: { code: 'overloaded' }, queueMs: 6000 })
    expect(asks.length).toBe(1)
    expect(withdrawn).toEqual(['r1'])
  })
})

describe('a client that leaves', () => {
  it('before it is asked for: nothing is asked', async () => {
    const { asks, withdrawn, next } = admitting([RPM])
    expect(await next({}, AbortSignal.abort())).toMatchObject({ kind: 'cancelled', queueMs: 0 })
    expect([asks, withdrawn]).toEqual([[], []])
  })

  it('while the ledger is asked: gone at once, and what it was granted is given back once it is known', async () => {
    const { ledger, withdrawn, background, services, next } = admitting([RPM])
    const reply = pending<AskReply>()
    ledger.admit = () => reply.promise
    const client = new AbortController()
    const admission = next({}, client.signal)
    client.abort()
    expect(await admission).toMatchObject({ kind: 'cancelled' })
    expect(withdrawn).toEqual([])
    reply.resolve(granted({ id: 's1', units: [3], lifeMs: Number.POSITIVE_INFINITY }))
    await Promise.all(background)
    expect(withdrawn).toEqual(['r1'])
    // The slice is this isolate's all the same.
    expect(services.slices.take('acme.g1', 'rpm requests sliding 60000 tenant', [1], 0)).not.toBeNull()
  })

  it.each([
    ['was refused', async (): Promise<AskReply> => refused(), []],
    ['was queued', async (): Promise<AskReply> => QUEUED, ['r1']],
    ['was perhaps not heard', () => Promise.reject(new Error('lost')), ['r1']],
  ])('while the ledger is asked, that %s', async (_, answer, withdrawals) => {
    const { ledger, withdrawn, background, next } = admitting([RPM])
    const client = new AbortController()
    ledger.admit = async () => {
      await turn()
      return answer()
    }
    const admission = next({}, client.signal)
    client.abort()
    expect(await told(admission)).toBe('cancelled')
    await Promise.all(background)
    expect(withdrawn).toEqual(withdrawals)
  })

  it('while it waits: it leaves the queue', async () => {
    const { clock, ledger, withdrawn, background, next } = admitting([RPM])
    ledger.admit = async () => QUEUED
    ledger.turn = () => new Promise(() => {})
    ledger.withdraw = () => Promise.reject(new Error('lost too'))
    const client = new AbortController()
    const admission = next({ maxWaitMs: 4000 }, client.signal)
    await clock.advance(300)
    client.abort()
    expect(await admission).toMatchObject({ kind: 'cancelled', queueMs: 300 })
    expect(withdrawn).toEqual(['r1'])
    await Promise.all(background)
  })
})
