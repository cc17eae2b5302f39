/** Leases by key in a clock of the test's own: who leads, who waits, and who is told what. */
import { beforeEach, describe, expect, it } from 'vitest'
import { Leases, type LeaseTurn } from '../../../src/core/recall/leases.ts'
import { CACHE_LEASE_MS, CACHE_LEASES_MAX, CACHE_WAITERS_MAX } from '../../../src/core/recall/limits.ts'

const LONG_MS = 10_000
let leases: Leases
let told: string[]
const wait = (key: string, lease: string, nowMs = 0, untilMs = nowMs + LONG_MS): void =>
  leases.wait(key, lease, nowMs, untilMs, (turn: LeaseTurn) => void told.push(`${lease} ${turn}`))

beforeEach(() => {
  leases = new Leases()
  told = []
})

describe('Leases', () => {
  it('have one leader a key', () => {
    expect([leases.take('k', 'a', 0), leases.take('k', 'b', 0), leases.take('k', 'a', 0)]).toEqual([
      'lead',
      'wait',
      'lead',
    ])
    expect(leases.take('other', 'b', 0)).toBe('lead')
  })

  it('tell all who wait that the reply is there, and nobody twice', () => {
    leases.take('k', 'a', 0)
    wait('k', 'b')
    wait('k', 'c')
    expect([leases.isAwaited('k'), told]).toEqual([true, []])
    leases.stored('k', 'a')
    leases.stored('k', 'a')
    expect(told).toEqual(['b stored', 'c stored'])
    expect([leases.isAwaited('k'), leases.nextMs()]).toEqual([false, Number.POSITIVE_INFINITY])
    expect(leases.take('k', 'd', 0)).toBe('lead')
  })

  it('pass to the next in line when given back, in order of arrival', () => {
    leases.take('k', 'a', 0)
    wait('k', 'b')
    wait('k', 'c')
    leases.release('k', 'a', 'lead', 0)
    expect(told).toEqual(['b lead'])
    leases.release('k', 'b', 'lead', 0)
    leases.release('k', 'c', 'lead', 0)
    expect(told).toEqual(['b lead', 'c lead'])
    expect(leases.take('k', 'd', 0)).toBe('lead')
  })

  it('free all when given up, and whoever was about to wait', () => {
    leases.take('k', 'a', 0)
    wait('k', 'b')
    leases.release('k', 'a', 'alone', 0)
    wait('k', 'c', CACHE_LEASE_MS - 1)
    wait('k', 'd', CACHE_LEASE_MS)
    expect(told).toEqual(['b alone', 'c alone', 'd lead'])
  })

  it('do not hinder who leads anew after that', () => {
    leases.take('k', 'a', 0)
    leases.release('k', 'a', 'alone', 0)
    expect([leases.take('k', 'b', 1), leases.take('k', 'c', 1)]).toEqual(['lead', 'wait'])
    wait('k', 'c', 1)
    expect(told).toEqual([])
  })

  it('are over when not renewed, for who asks and for who waits', () => {
    leases.take('k', 'a', 0)
    expect(leases.take('k', 'b', CACHE_LEASE_MS)).toBe('lead')
    wait('k', 'c', CACHE_LEASE_MS)
    expect(leases.nextMs()).toBe(2 * CACHE_LEASE_MS)
    expect(leases.renew('k', 'b', CACHE_LEASE_MS + 300)).toBe(true)
    leases.expire(2 * CACHE_LEASE_MS)
    expect([told, leases.nextMs()]).toEqual([[], 2 * CACHE_LEASE_MS + 300])
    leases.expire(2 * CACHE_LEASE_MS + 300)
    expect(told).toEqual(['c lead'])
    expect(leases.renew('k', 'b', 2 * CACHE_LEASE_MS + 301)).toBe(false)
  })

  it('pass over those who have stopped waiting', () => {
    leases.take('k', 'a', 0)
    wait('k', 'b', 0, 500)
    wait('k', 'c', 0, 5000)
    wait('k', 'd', 0, 600)
    expect(leases.nextMs()).toBe(500)
    leases.expire(500)
    expect([told, leases.nextMs()]).toEqual([['b alone'], 600])
    leases.release('k', 'd', 'lead', 550)
    leases.release('k', 'a', 'lead', 700)
    expect(told).toEqual(['b alone', 'd alone', 'c lead'])
    leases.take('gone', 'x', 0)
    wait('gone', 'y', 0, 100)
    leases.release('gone', 'x', 'lead', 200)
    expect([told.at(-1), leases.take('gone', 'z', 200)]).toEqual(['y alone', 'lead'])
  })

  it('may be waited for again: the later call counts', () => {
    leases.take('k', 'a', 0)
    wait('k', 'b')
    wait('k', 'b', 10)
    expect(told).toEqual(['b alone'])
    leases.stored('k', 'a')
    expect(told).toEqual(['b alone', 'b stored'])
    leases.take('k', 'c', 0)
    wait('k', 'd')
    leases.release('k', 'c', 'lead', 0)
    // Its call was lost with the answer: it asks again, and leads already.
    wait('k', 'd')
    expect(told.slice(2)).toEqual(['d lead', 'd lead'])
  })

  it('hold again when the memory of them was lost, and not when they have ended', () => {
    expect(leases.renew('k', 'a', 0)).toBe(true)
    expect([leases.take('k', 'b', 0), leases.renew('k', 'b', 0)]).toEqual(['wait', false])
    leases.release('k', 'a', 'lead', 0)
    expect(leases.renew('k', 'a', 0)).toBe(false)
    leases.stored('other', 'z')
    expect(leases.renew('other', 'z', 0)).toBe(false)
    expect(leases.take('k', 'c', 0)).toBe('lead')
  })

  it('are all over when closed', () => {
    leases.take('k', 'a', 0)
    wait('k', 'b')
    leases.take('l', 'c', 0)
    leases.close()
    expect([told, leases.renew('l', 'c', 0)]).toEqual([['b alone'], false])
  })

  it('are bounded: more keys lead nobody, more requests go on alone', () => {
    for (let index = 0; index < CACHE_LEASES_MAX; index += 1) leases.take(`k${index}`, 'a', 0)
    expect([leases.take('more', 'a', 1), leases.take('more', 'b', 1)]).toEqual(['lead', 'lead'])
    wait('k0', 'waiting', 1)
    // Those that are over, and nobody waits for, make room.
    expect([leases.take('more', 'a', CACHE_LEASE_MS), leases.take('more', 'b', CACHE_LEASE_MS)]).toEqual([
      'lead',
      'wait',
    ])
    for (let index = 1; index <= CACHE_WAITERS_MAX; index += 1) wait('more', `w${index}`, CACHE_LEASE_MS)
    expect(told).toEqual([`w${CACHE_WAITERS_MAX} alone`])
  })
})
