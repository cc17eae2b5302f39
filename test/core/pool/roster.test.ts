/** Which replicas a request may go to. */
import { describe, expect, it } from 'vitest'
import { Roster } from '../../../src/core/pool/roster.ts'
import type { PoolReplica } from '../../../src/core/pool/types.ts'
import { blocksOf, RULES, replicasOf } from '../../support/pool.ts'

function rosterOf(replicas: readonly PoolReplica[]): Roster {
  const roster = new Roster()
  roster.configure(RULES, replicas, 0)
  return roster
}
const eligible = (roster: Roster, tried: readonly string[] = [], model = 'chat', nowMs = 0): string[] =>
  roster.eligible({ model, tried }, nowMs).map(({ id }) => id)
function putOut(roster: Roster, ...ids: string[]): void {
  for (const id of ids) {
    const replica = roster.get(id)
    if (replica !== undefined) roster.putOut(replica, 0)
  }
}

describe('a request may go', () => {
  it('to active replicas that serve its model', () => {
    const [a, b, c, d] = replicasOf('a', 'b', 'c', 'd')
    if (a === undefined || b === undefined || c === undefined || d === undefined) throw new Error('four were made')
    const roster = rosterOf([a, { ...b, state: 'draining' }, { ...c, state: 'disabled' }, { ...d, models: ['other'] }])
    expect([eligible(roster), eligible(roster, [], 'other')]).toEqual([['a'], ['a', 'd']])
  })

  it('not to those that have failed it, unless no other is left', () => {
    const roster = rosterOf(replicasOf('a', 'b'))
    expect([eligible(roster, ['a']), eligible(roster, ['a', 'b'])]).toEqual([['b'], ['a', 'b']])
  })

  it('not to those that rest after an overload, unless all do', () => {
    const roster = rosterOf(replicasOf('a', 'b'))
    roster.get('a')?.overloaded(0)
    expect(eligible(roster)).toEqual(['b'])
    roster.get('b')?.overloaded(0)
    expect(eligible(roster)).toEqual(['a', 'b'])
  })
})

describe('out', () => {
  it('is half of the pool at most', () => {
    const roster = rosterOf(replicasOf('a', 'b', 'c', 'd', 'e'))
    putOut(roster, 'a', 'b', 'c', 'd', 'e')
    expect(eligible(roster)).toEqual(['c', 'd', 'e'])
    const alone = rosterOf(replicasOf('a'))
    putOut(alone, 'a')
    expect(alone.get('a')?.health.state(0)).toBe('ok')
  })

  it('means nothing when all that could be asked are', () => {
    const [a, b] = replicasOf('a', 'b')
    if (a === undefined || b === undefined) throw new Error('two were made')
    const roster = rosterOf([a, b])
    putOut(roster, 'a')
    roster.configure(RULES, [a, { ...b, state: 'disabled' }], 0)
    expect(eligible(roster)).toEqual(['a'])
  })

  it('takes the index with it', () => {
    const roster = rosterOf(replicasOf('a', 'b'))
    roster.get('a')?.index.use(blocksOf('prompt'))
    putOut(roster, 'a')
    expect(roster.get('a')?.index.size).toBe(0)
  })
})

describe('a config', () => {
  it('keeps who stays, and names who is gone', () => {
    const roster = rosterOf(replicasOf('a', 'b'))
    const a = roster.get('a')
    expect(roster.configure(RULES, replicasOf('c', 'a'), 0)).toEqual(['b'])
    expect(roster.get('a')).toBe(a)
    expect(roster.all.map(({ id }) => id)).toEqual(['c', 'a'])
  })

  it('bounds what all indexes hold together', () => {
    const roster = rosterOf(
      Array.from({ length: 20 }, (_, index) => ({ id: `${index}`, state: 'active', kvTokens: 1e9 })),
    )
    expect(roster.all.reduce((sum, { index }) => sum + index.capacity, 0)).toBe(1_000_000)
  })
})

it('weighs prefill the more, the longer all have been busy', () => {
  const roster = rosterOf(replicasOf('a'))
  roster.pass(0)
  expect(roster.prefillWeight).toBe(1)
})

it('knows what all of those who take any compute together', () => {
  const roster = rosterOf([
    { id: 'a', state: 'active', prefillTokensPerSecond: 10_000 },
    { id: 'b', state: 'active', prefillTokensPerSecond: 30_000 },
    { id: 'c', state: 'draining', prefillTokensPerSecond: 50_000 },
  ])
  expect(roster.tokensPerMs).toBeCloseTo(40)
  expect(rosterOf([]).tokensPerMs).toBeGreaterThan(0)
})
