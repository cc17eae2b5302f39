/** Which fields of a limit go together. */
import { expect, it } from 'vitest'
import { limitFaults } from '../../src/core/limit-faults.ts'

const at = (limit: unknown) => limitFaults([limit], []).map(({ path }) => path.slice('/0/'.length))

it.each([
  { name: 'rpm', of: 'requests', amount: 600, perSeconds: 60, scope: 'tenant' },
  { name: 'tpm', of: 'tokens', amount: 200_000, perSeconds: 60, model: 'chat-*', hard: false },
  { name: 'flight', of: 'concurrency', amount: 50 },
  { name: 'month', of: 'usd', amount: 0.5, per: 'month', timeZone: 'Europe/Berlin' },
  { name: 'even', of: 'requests', amount: 10, perSeconds: 10, shape: 'paced', burst: 1 },
  { name: 'even', of: 'tokens', amount: 10, perSeconds: 10, shape: 'paced', burst: 10 },
  { name: 'month', of: 'usd', amount: 1_000_000_000, per: 'month', hard: false },
  { name: 'flight', of: 'concurrency', amount: 0, hard: true, shape: 'window' },
  { name: 'off', amount: null },
])('takes %j', (limit) => {
  expect(at(limit)).toEqual([])
})

it.each<[object, string[]]>([
  [{ amount: 1, perSeconds: 1 }, ['of']],
  [{ of: 'requests', amount: 1 }, ['perSeconds']],
  [{ of: 'requests', amount: 1, perSeconds: 1, per: 'day' }, ['per']],
  [{ of: 'concurrency', amount: 1, perSeconds: 1, per: 'day' }, ['perSeconds', 'per']],
  [{ of: 'requests', amount: 1.5, perSeconds: 1 }, ['amount']],
  [{ of: 'usd', amount: 1, perSeconds: 1, timeZone: 'UTC' }, ['timeZone']],
  [{ of: 'usd', amount: 1, per: 'day', timeZone: 'Mars/Olympus' }, ['timeZone']],
  [{ of: 'requests', amount: 1, per: 'day', shape: 'paced' }, ['shape']],
  [{ of: 'usd', amount: 1_000_000_001, per: 'month' }, ['amount']],
  [{ of: 'requests', amount: 1, perSeconds: 1, burst: 2 }, ['burst']],
  [{ of: 'requests', amount: 2, perSeconds: 1, shape: 'paced', burst: 3 }, ['burst']],
  [{ of: 'requests', amount: 1, perSeconds: 1, shape: 'window', burst: 2 }, ['burst']],
])('refuses %j', (limit, paths) => {
  expect(at({ name: 'x', ...limit })).toEqual(paths)
})

it('names every repetition of a name, at the place given', () => {
  const off = { name: 'x', amount: null }
  expect(limitFaults([off, { ...off, name: 'y' }, off, off], ['limits']).map(({ path }) => path)).toEqual([
    '/limits/2/name',
    '/limits/3/name',
  ])
})

it('leaves what is no list of limits to the schema', () => {
  expect(limitFaults(undefined, [])).toEqual([])
  expect(limitFaults({ name: 'x' }, [])).toEqual([])
  expect(limitFaults(['rpm', null, 7], [])).toEqual([])
})
