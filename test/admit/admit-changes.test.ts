/** Policy that changes while a request waits: it is held to what holds now, as whoever comes now is. */
import { describe, expect, it } from 'vitest'
import { refusal } from '../../src/core/errors.ts'
import type { AskReply, Verdict } from '../../src/core/ledger/types.ts'
import { WAIT_CONFIRM_MS } from '../../src/core/limits.ts'
import { admitting, FLIGHT, granted, MONTH, pending, QUEUED, RPM, refused } from '../support/admitting.ts'

/** One request that waits for its turn. */
function waiting(
  limits: Parameters<typeof admitting>[0] = [RPM],
  more: Parameters<ReturnType<typeof admitting>['next']>[0] = {},
) {
  const world = admitting(limits)
  const turn = pending<Verdict>()
  world.ledger.admit = async () => QUEUED
  world.ledger.turn = () => turn.promise
  return { ...world, turn, admission: world.next({ maxWaitMs: 60_000, ...more }) }
}

describe('nothing has changed', () => {
  it('waits on, and asks nobody', async () => {
    const { clock, turn, asks, turns, admission } = waiting()
    await clock.advance(10 * WAIT_CONFIRM_MS)
    turn.resolve(granted())
    expect(await admission).toMatchObject({ kind: 'admitted', queueMs: 10 * WAIT_CONFIRM_MS })
    expect([asks.length, turns.length]).toEqual([1, 1])
  })

  it('waits on while nobody can say', async () => {
    const { clock, turn, policy, withdrawn, admission } = waiting()
    policy.confirm = async () => ({ kind: 'refused', refusal: refusal('overloaded', 'Later.') })
    await clock.advance(3 * WAIT_CONFIRM_MS)
    turn.resolve(granted())
    expect(await admission).toMatchObject({ kind: 'admitted' })
    expect(withdrawn).toEqual([])
  })
})

describe('a caller who would not be let in now', () => {
  it('is sent away with the reason, and gives its place back', async () => {
    const { clock, policy, withdrawn, admission } = waiting()
    policy.confirm = async () => ({ kind: 'refused', refusal: refusal('tenant_suspended', 'Suspended.') })
    await clock.advance(WAIT_CONFIRM_MS)
    const told = { kind: 'refused', refusal: { code: 'tenant_suspended' }, queueMs: WAIT_CONFIRM_MS }
    expect(await admission).toMatchObject(told)
    expect(withdrawn).toEqual(['r1'])
  })
})

describe('limits that changed', () => {
  it('are asked for at once, at the place and within the bound it has', async () => {
    const { clock, turn, relimit, asks, turns, admission } = waiting()
    relimit([{ ...RPM, amount: 7 }])
    await clock.advance(3 * WAIT_CONFIRM_MS)
    turn.resolve(granted())
    const admitted = { kind: 'admitted', limits: { counters: [{ limit: 'rpm', amount: 7 }] } }
    expect(await admission).toMatchObject(admitted)
    expect(asks.map(({ id, counters, maxWaitMs }) => [id, counters[0]?.amount, maxWaitMs])).toEqual([
      ['r1', 80, 60_000],
      ['r1', 7, 60_000 - WAIT_CONFIRM_MS],
    ])
    expect(turns.length).toBe(1)
  })

  it('that let it go, let it go', async () => {
    const { clock, ledger, relimit, admission } = waiting()
    relimit([{ ...RPM, amount: 800 }])
    ledger.admit = async () => granted()
    await clock.advance(WAIT_CONFIRM_MS)
    expect(await admission).toMatchObject({ kind: 'admitted', queueMs: WAIT_CONFIRM_MS })
  })

  it('that refuse it, refuse it by the name of the new one', async () => {
    const { clock, ledger, relimit, admission } = waiting()
    relimit([FLIGHT])
    ledger.admit = async () => refused(1)
    await clock.advance(WAIT_CONFIRM_MS)
    expect(await admission).toMatchObject({ kind: 'refused', refusal: { limitedBy: 'flight' } })
  })

  it('are told again where the object did not hear of them', async () => {
    const { clock, turn, ledger, relimit, asks, admission } = waiting()
    relimit([{ ...RPM, amount: 7 }])
    const answers: (() => Promise<AskReply>)[] = [() => Promise.reject(new Error('lost')), async () => QUEUED]
    ledger.admit = () => (answers.shift() ?? (async () => QUEUED))()
    await clock.advance(5 * WAIT_CONFIRM_MS)
    turn.resolve(granted())
    expect(await admission).toMatchObject({ kind: 'admitted' })
    expect(asks.map(({ counters }) => counters[0]?.amount)).toEqual([80, 7, 7])
  })

  it('that are no more let it go without a reservation', async () => {
    const { clock, relimit, withdrawn, admission } = waiting()
    relimit([{ name: 'rpm', amount: null }])
    await clock.advance(WAIT_CONFIRM_MS)
    const admitted = { kind: 'admitted', limits: null, charge: null, queueMs: WAIT_CONFIRM_MS }
    expect(await admission).toMatchObject(admitted)
    expect(withdrawn).toEqual(['r1'])
  })

  it('on money stop what has no price', async () => {
    const { clock, relimit, withdrawn, admission } = waiting([RPM], { alias: 'free' })
    relimit([MONTH])
    await clock.advance(WAIT_CONFIRM_MS)
    expect(await admission).toMatchObject({ kind: 'short', refusal: { code: 'budget_exceeded', limitedBy: 'month' } })
    expect(withdrawn).toEqual(['r1'])
  })
})
