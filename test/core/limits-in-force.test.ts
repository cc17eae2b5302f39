/** Limits override each other by name, and have their defaults filled in. */
import { expect, it } from 'vitest'
import type { Limit } from '../../src/core/config.ts'
import { counterOf, limitsInForce, withSubject } from '../../src/core/limits-in-force.ts'

const rpm: Limit = { name: 'rpm', of: 'requests', amount: 600, perSeconds: 60 }
const month: Limit = { name: 'month', of: 'usd', amount: 0.1, per: 'month' }

it('fills in scope, window and hardness', () => {
  const flight: Limit = { name: 'flight', of: 'concurrency', amount: 5, scope: 'user' }
  const tpm: Limit = {
    name: 'tpm',
    of: 'tokens',
    amount: 9,
    perSeconds: 1,
    hard: true,
    model: 'chat-*',
    scope: 'model',
  }
  expect(limitsInForce({ limits: [rpm, month, flight, tpm] }, {}, null)).toEqual([
    {
      name: 'rpm',
      of: 'requests',
      window: { kind: 'sliding', perMs: 60_000 },
      amount: 600,
      hard: false,
      scope: 'tenant',
      model: undefined,
    },
    {
      name: 'month',
      of: 'usd',
      window: { kind: 'calendar', per: 'month', timeZone: 'UTC' },
      amount: 100_000,
      hard: true,
      scope: 'tenant',
      model: undefined,
    },
    {
      name: 'flight',
      of: 'concurrency',
      window: { kind: 'held' },
      amount: 5,
      hard: false,
      scope: 'user',
      model: undefined,
    },
    {
      name: 'tpm',
      of: 'tokens',
      window: { kind: 'sliding', perMs: 1000 },
      amount: 9,
      hard: true,
      scope: 'model',
      model: 'chat-*',
    },
  ])
})

it('takes the tenant over the deployment, and the key over the tenant', () => {
  const limits = (tenant: Limit[], key: Limit[] | null) =>
    limitsInForce({ limits: [rpm, month] }, { limits: tenant }, key && { limits: key }).map(
      ({ name, amount, scope }) => `${name} ${amount} ${scope}`,
    )
  expect(limits([], null)).toEqual(['rpm 600 tenant', 'month 100000 tenant'])
  expect(limits([{ ...rpm, amount: 5 }], null)).toEqual(['rpm 5 tenant', 'month 100000 tenant'])
  expect(limits([{ ...rpm, amount: 5 }], [{ ...rpm, amount: 2 }])).toEqual(['rpm 2 key', 'month 100000 tenant'])
  expect(limits([], [{ ...rpm, amount: 2, scope: 'tenant' }])).toEqual(['rpm 2 tenant', 'month 100000 tenant'])
  expect(limits([{ name: 'rpm', amount: null }], null)).toEqual(['month 100000 tenant'])
  expect(limits([{ name: 'rpm', amount: null }], [rpm])).toEqual(['month 100000 tenant', 'rpm 600 key'])
  expect(limits([], [{ name: 'none', amount: null }])).toEqual(['rpm 600 tenant', 'month 100000 tenant'])
})

it('lets a paced limit burst by a tenth of its amount, or by one, unless it says how much', () => {
  const burst = (amount: number, more: Partial<Limit> = {}) =>
    limitsInForce({ limits: [{ ...rpm, amount, shape: 'paced', ...more }] }, {}, null)[0]?.window
  expect(burst(600)).toEqual({ kind: 'paced', perMs: 60_000, burst: 60 })
  expect(burst(9)).toEqual({ kind: 'paced', perMs: 60_000, burst: 1 })
  expect(burst(0), 'nothing is nothing at once, too').toEqual({ kind: 'paced', perMs: 60_000, burst: 0 })
  expect(burst(600, { burst: 3 })).toEqual({ kind: 'paced', perMs: 60_000, burst: 3 })
})

it('counts days in the zone that the limit names', () => {
  const zoned: Limit = { name: 'day', of: 'tokens', amount: 1, per: 'day', timeZone: 'Europe/Berlin' }
  expect(limitsInForce({ limits: [zoned] }, {}, null)[0]?.window).toEqual({
    kind: 'calendar',
    per: 'day',
    timeZone: 'Europe/Berlin',
  })
})

it.each([
  [0.29, 290_000],
  [123_456_789.123456, 123_456_789_123_456],
  [0.000_001_9, 1],
  [0.000_000_9, 0],
  [0, 0],
])('counts %s USD as %i micro-dollars, never as more', (amount, expected) => {
  expect(limitsInForce({ limits: [{ ...month, amount }] }, {}, null)[0]?.amount).toBe(expected)
})

it('takes the burst of a limit on money in its own unit', () => {
  const burst = (more: Partial<Limit>) =>
    limitsInForce(
      { limits: [{ name: 'm', of: 'usd', amount: 5, perSeconds: 60, shape: 'paced', ...more }] },
      {},
      null,
    )[0]?.window
  expect(burst({})).toEqual({ kind: 'paced', perMs: 60_000, burst: 500_000 })
  expect(burst({ burst: 2 })).toEqual({ kind: 'paced', perMs: 60_000, burst: 2_000_000 })
})

it('counts what is the same under one id, whatever the amount or the burst', () => {
  const idOf = (more: Partial<Limit>, subject?: string) => {
    const counters = limitsInForce({ limits: [{ ...rpm, ...more }] }, {}, null).map(counterOf)
    return counters.map((counter) => (subject === undefined ? counter : withSubject(counter, subject)).id)[0]
  }
  expect(idOf({ amount: 5, hard: true })).toBe(idOf({}))
  expect(idOf({ shape: 'paced', burst: 3 })).toBe(idOf({ shape: 'paced' }))
  const others = [
    { name: 'other' },
    { of: 'tokens' },
    { perSeconds: 61 },
    { shape: 'paced' },
    { scope: 'key' },
    { perSeconds: undefined, per: 'day' },
    { perSeconds: undefined, per: 'month' },
    { perSeconds: undefined, per: 'day', timeZone: 'Europe/Berlin' },
    { of: 'concurrency', perSeconds: undefined },
  ] as const
  const ids = [...others.map((more) => idOf(more)), idOf({}), idOf({}, 'a'), idOf({}, 'b')]
  expect(new Set(ids).size).toBe(ids.length)
})

it('names the limit and whom it counts', () => {
  const [limit] = limitsInForce({ limits: [month] }, {}, null)
  const counter = counterOf(limit ?? expect.fail())
  expect(counter).toMatchObject({
    limit: 'month',
    of: 'usd',
    amount: 100_000,
    hard: true,
    scope: 'tenant',
    subject: null,
  })
  expect(withSubject(counter, 'k1')).toEqual({ ...counter, id: expect.stringMatching(/ k1$/), subject: 'k1' })
})
