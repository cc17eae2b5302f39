/** Rows of limits: what is in force, merged with what the ledger has counted. */
import { expect, it } from 'vitest'
import type { Limit } from '../../src/core/config.ts'
import type { CounterLevel, LedgerView } from '../../src/core/ledger/types.ts'
import { counterOf, limitsInForce, withSubject } from '../../src/core/limits-in-force.ts'
import { limitRows, type Subjects, watched } from '../../src/core/limits-view.ts'

const NOBODY: Subjects = { keys: [], aliases: [], users: [] }
const rpm: Limit = { name: 'rpm', of: 'requests', amount: 600, perSeconds: 60 }

function levelOf(limit: Limit, subject: string | null, used: number, more: Partial<CounterLevel> = {}): CounterLevel {
  const [inForce] = limitsInForce({ limits: [limit] }, {}, null)
  const whole = counterOf(inForce ?? expect.fail())
  const counter = subject === null ? whole : withSubject(whole, subject)
  const level = { remaining: counter.amount - used, resetMs: 500 }
  return { counter, used, level, nextFreeMs: 0, waiting: 0, ...more }
}

function rows(limits: Limit[], subjects: Partial<Subjects>, counters: CounterLevel[] = []) {
  const view: LedgerView = { counters, reservations: 0, slices: 0, waiting: 0 }
  return limitRows(watched(limitsInForce({ limits }, {}, null), { ...NOBODY, ...subjects }), view)
}
const brief = (found: ReturnType<typeof rows>) => found.map(({ name, subject, used }) => `${name} ${subject} ${used}`)

it('shows a limit that nobody has used, in the words of the config', () => {
  const limits: Limit[] = [
    rpm,
    { name: 'day', of: 'tokens', amount: 9, per: 'day', timeZone: 'Asia/Tokyo', model: 'chat-*', hard: true },
    { name: 'even', of: 'requests', amount: 10, perSeconds: 1, shape: 'paced', burst: 2 },
    { name: 'flight', of: 'concurrency', amount: 5 },
    { name: 'month', of: 'usd', amount: 12.5, per: 'month' },
    { name: 'shut', of: 'requests', amount: 0, perSeconds: 1 },
  ]
  const idle = { scope: 'tenant', subject: null, used: 0, resetMs: 0, nextFreeMs: 0, waiting: 0, hard: false }
  expect(rows(limits, {})).toEqual([
    { ...idle, name: 'rpm', of: 'requests', amount: 600, perSeconds: 60, remaining: 600 },
    {
      ...idle,
      name: 'day',
      of: 'tokens',
      amount: 9,
      per: 'day',
      timeZone: 'Asia/Tokyo',
      model: 'chat-*',
      hard: true,
      remaining: 9,
    },
    { ...idle, name: 'even', of: 'requests', amount: 10, perSeconds: 1, shape: 'paced', burst: 2, remaining: 2 },
    { ...idle, name: 'flight', of: 'concurrency', amount: 5, remaining: 5, resetMs: null },
    { ...idle, name: 'month', of: 'usd', amount: 12.5, per: 'month', timeZone: 'UTC', hard: true, remaining: 12.5 },
    { ...idle, name: 'shut', of: 'requests', amount: 0, perSeconds: 1, remaining: 0, nextFreeMs: null },
  ])
})

it('shows how one stands: whole units, money in dollars, never as null what is a time', () => {
  const month: Limit = { name: 'month', of: 'usd', amount: 1, per: 'month' }
  const more = { level: { remaining: 0, resetMs: 59_999.2 }, nextFreeMs: 1000.5, waiting: 3 }
  expect(rows([rpm, month], {}, [levelOf(rpm, null, 599.5, more), levelOf(month, null, 250_000)])).toMatchObject([
    { used: 600, remaining: 0, resetMs: 60_000, nextFreeMs: 1001, waiting: 3 },
    { used: 0.25, remaining: 0.75, amount: 1 },
  ])
  const never = levelOf(rpm, null, 700, { nextFreeMs: Number.POSITIVE_INFINITY })
  expect(rows([rpm], {}, [never])).toMatchObject([{ used: 700, remaining: 0, nextFreeMs: null }])
})

it('reckons what is left from the amount in force, not from the one the ledger was told last', () => {
  expect(rows([{ ...rpm, amount: 50 }], {}, [levelOf(rpm, null, 20)])).toMatchObject([
    { amount: 50, used: 20, remaining: 30 },
  ])
})

it('has a row for every key and alias that used something, and one for a limit that none has used', () => {
  const perKey: Limit = { ...rpm, name: 'key', scope: 'key' }
  const perModel: Limit = { ...rpm, name: 'model', scope: 'model', model: 'chat-*' }
  const subjects = { keys: ['k1', 'k2', 'k3'], aliases: ['chat-a', 'chat-b', 'other'] }
  const counted = [
    levelOf(perKey, 'k3', 3),
    levelOf(perKey, 'k1', 1),
    levelOf(perKey, 'gone', 9),
    levelOf(perModel, 'chat-b', 2),
    levelOf(perModel, 'other', 9),
  ]
  expect(brief(rows([perKey, perModel], subjects, counted))).toEqual(['key k1 1', 'key k3 3', 'model chat-b 2'])
  expect(brief(rows([perKey, perModel], subjects))).toEqual(['key null 0', 'model null 0'])
  expect(brief(rows([perKey], { keys: ['k1'] }))).toEqual(['key k1 0'])
})

it('asks the ledger for exactly the counters that the subjects make', () => {
  const limits = limitsInForce(
    {
      limits: [
        rpm,
        { ...rpm, name: 'key', scope: 'key' },
        { ...rpm, name: 'model', scope: 'model', model: 'a*' },
        { ...rpm, name: 'user', scope: 'user' },
      ],
    },
    {},
    null,
  )
  const asked = (subjects: Subjects) =>
    watched(limits, subjects).flatMap(({ counters }) => counters.map(({ limit, subject }) => `${limit} ${subject}`))
  expect(asked({ keys: ['k1', 'k2'], aliases: ['a1', 'b1'], users: ['u1'] })).toEqual([
    'rpm null',
    'key k1',
    'key k2',
    'model a1',
    'user u1',
  ])
  expect(asked({ ...NOBODY, users: 'all' })).toEqual(['rpm null'])
})

it('shows every end user to who may see all, and else those who are named', () => {
  const perUser: Limit = { ...rpm, name: 'user', scope: 'user' }
  const counted = [
    levelOf(perUser, 'ann', 1),
    levelOf(perUser, 'bob', 2),
    levelOf({ ...perUser, name: 'users' }, 'x', 3),
  ]
  expect(brief(rows([perUser], { users: 'all' }, counted))).toEqual(['user ann 1', 'user bob 2'])
  expect(brief(rows([perUser], { users: ['bob'] }, counted))).toEqual(['user bob 2'])
  expect(brief(rows([perUser], { users: [] }, counted))).toEqual(['user null 0'])
})
