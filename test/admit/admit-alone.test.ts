/** Admission while the ledger is out of reach: what an isolate lets through alone, and how it finds back. */
import { describe, expect, it } from 'vitest'
import { LEASE_RENEW_MS, LOCAL_OPEN_MS, LOCAL_TRY_MS } from '../../src/core/limits.ts'
import { admitted, admitting, FLIGHT, granted, MONTH, RPM, TPM, told } from '../support/admitting.ts'

describe('a ledger out of reach', () => {
  it('opens rates to an eighth for half a minute, then nothing', async () => {
    const { clock, outOfReach, next } = admitting([RPM])
    outOfReach()
    const codes: string[] = []
    for (let count = 0; count < 20; count += 1) codes.push(await told(next()))
    expect(codes.filter((code) => code === 'ok').length).toBe(10)
    expect(new Set(codes)).toEqual(new Set(['ok', 'overloaded']))
    // It is tried now and then all the while, or nobody knows that it is still out of reach.
    for (let second = 0; second < LOCAL_OPEN_MS / 1000; second += 1) {
      await next()
      await clock.advance(1000)
    }
    for (let minute = 0; minute < 3; minute += 1) {
      expect(await told(next())).toBe('overloaded')
      await clock.advance(1000)
    }
  })

  it('tells the ledger afterwards of what it let through, in the row', async () => {
    const { outOfReach, next, withdrawn } = admitting([RPM])
    outOfReach()
    expect(await next()).toMatchObject({
      kind: 'admitted',
      limits: null,
      charge: { counters: [{ limit: 'rpm' }] },
    })
    expect(withdrawn).toEqual([])
  })

  it.each([
    ['money', MONTH],
    ['a hard limit', { ...TPM, hard: true }],
  ])('closes %s at once, and takes back what may have been heard', async (_, limit) => {
    const { outOfReach, next, withdrawn } = admitting([RPM, limit])
    outOfReach()
    expect(await next()).toMatchObject({
      kind: 'refused',
      limits: null,
      refusal: { code: 'overloaded', status: 503, retryAfterMs: 1000 },
    })
    expect(withdrawn).toEqual(['r1'])
  })

  it('counts requests in flight by itself until they end', async () => {
    const { outOfReach, next, renewed, clock } = admitting([FLIGHT])
    outOfReach()
    const first = admitted(await next())
    expect(await told(next())).toBe('ok')
    expect(await told(next())).toBe('overloaded')
    first.release()
    expect(await told(next())).toBe('ok')
    await clock.advance(LEASE_RENEW_MS)
    expect(renewed).toEqual([])
  })

  it('is tried by one request a second, the others wait for no deadline', async () => {
    const { clock, ledger, asks, withdrawn, next } = admitting([MONTH])
    ledger.admit = () => Promise.reject(new Error('out of reach'))
    for (let tick = 0; tick < 30; tick += 1) {
      expect(await told(next())).toBe('overloaded')
      await clock.advance(LOCAL_TRY_MS / 10)
    }
    expect(asks.map(({ id }) => id)).toEqual(['r1', 'r11', 'r21'])
    expect(withdrawn).toEqual(['r1', 'r11', 'r21'])
  })

  it('is in reach again as soon as it answers', async () => {
    const { clock, services, ledger, next, outOfReach } = admitting([MONTH])
    outOfReach()
    expect(await told(next())).toBe('overloaded')
    ledger.admit = async () => {
      services.localLimiter.answered('acme.g1', clock.now())
      return granted()
    }
    expect(await told(next())).toBe('overloaded')
    await clock.advance(LOCAL_TRY_MS)
    expect(await told(next())).toBe('ok')
    expect(await told(next())).toBe('ok')
    expect(services.localLimiter.degradedMs(clock.now())).toBe(LOCAL_TRY_MS)
  })

  it('is told to the log once per outage', async () => {
    const { lines, clock, outOfReach, next } = admitting([RPM])
    outOfReach()
    for (let count = 0; count < 5; count += 1) {
      await next()
      await clock.advance(LOCAL_TRY_MS)
    }
    expect(lines).toEqual([{ level: 'error', event: 'ledger-out-of-reach', tenant: 'acme' }])
  })

  it('does not keep the slices of this isolate from serving', async () => {
    const { ledger, next, outOfReach, services, clock } = admitting([MONTH])
    ledger.admit = async () => granted({ id: 's1', units: [10_000_000], lifeMs: Number.POSITIVE_INFINITY })
    await next()
    outOfReach()
    services.localLimiter.failed('acme.g1', clock.now())
    expect(next()).toMatchObject({ kind: 'admitted', charge: { slice: 's1' } })
  })
})
