/** Roll-ups: what counts as what, null sums, groups. */
import { describe, expect, it } from 'vitest'
import {
  addRecord,
  emptyRollup,
  mergeRollup,
  RollupGroups,
  type RollupQuery,
  rollupKeyOf,
} from '../../src/core/rollup.ts'
import type { UsageRecord } from '../../src/core/usage-record.ts'
import { recordOf, usageOf } from '../support/control-plane.ts'

const AT = Date.parse('2026-11-20T23:59:59.999Z')
const rollupOf = (...records: Partial<UsageRecord>[]) => {
  const rollup = emptyRollup()
  for (const [index, more] of records.entries()) addRecord(rollup, recordOf(`r${index}`, AT, more))
  return rollup
}
const shown = (...records: Partial<UsageRecord>[]) => {
  const groups = new RollupGroups({ by: [] })
  for (const [index, more] of records.entries()) groups.addRecord(recordOf(`r${index}`, AT, more))
  return groups.rows()[0] ?? expect.fail()
}

describe('addRecord', () => {
  it('adds tokens, money and times of what was answered', () => {
    const usage = usageOf(10, 5, { cachedInputTokens: 3, cacheWriteTokens: 2, reasoningTokens: 1 })
    expect(shown({ usage }, { usage, firstTokenMs: null, totalMs: 300 })).toEqual({
      requests: 2,
      inputTokens: 20,
      cachedInputTokens: 6,
      cacheWriteTokens: 4,
      outputTokens: 10,
      reasoningTokens: 2,
      costMicroUsd: 14,
      unpricedRequests: 0,
      cacheHits: 0,
      errors: 0,
      cancelled: 0,
      refused: 0,
      firstTokenMs: { p50: expect.closeTo(20, 0), p95: expect.closeTo(20, 0) },
      totalMs: { p50: expect.closeTo(100, -1), p95: expect.closeTo(300, -1) },
    })
  })

  it('counts the refused in refused only', () => {
    const refused = { outcome: 'refused', status: 429, usage: null, costMicroUsd: null } as const
    expect(rollupOf(refused)).toEqual({ ...emptyRollup(), refused: 1 })
    expect(shown(refused)).toMatchObject({ requests: 0, costMicroUsd: 0, totalMs: { p50: null, p95: null } })
  })

  it('counts as errors what broke or was answered with 5xx, as cancelled the client’s own', () => {
    const rollup = rollupOf(
      { outcome: 'broken', status: 200 },
      { outcome: 'failed', status: 502 },
      { outcome: 'failed', status: 429 },
      { outcome: 'cancelled', status: 499 },
    )
    expect([rollup.requests, rollup.errors, rollup.cancelled]).toEqual([4, 2, 1])
  })

  it('counts hits of every kind', () => {
    const caches = ['hit', 'semantic', 'coalesced', 'miss', 'bypass'] as const
    expect(rollupOf(...caches.map((cache) => ({ cache }))).cacheHits).toBe(3)
  })

  it('has a sum of null with a request in it that cost nobody knows what', () => {
    const unknown = { costMicroUsd: null }
    expect(shown({}, unknown)).toMatchObject({ costMicroUsd: null, unpricedRequests: 1 })
    expect(shown({}, { ...unknown, usage: null })).toMatchObject({ costMicroUsd: null, unpricedRequests: 1 })
    expect(shown({}, { ...unknown, outcome: 'cancelled' })).toMatchObject({ costMicroUsd: null, unpricedRequests: 1 })
  })

  it('has no unknown sum for a request that ended before it used anything', () => {
    const nothing = { usage: null, costMicroUsd: null }
    for (const outcome of ['cancelled', 'failed', 'broken', 'refused'] as const) {
      expect(shown({}, { ...nothing, outcome })).toMatchObject({ costMicroUsd: 7, unpricedRequests: 0 })
    }
  })
})

it('merges to what the records together give', () => {
  const merged = rollupOf({}, { outcome: 'refused' })
  mergeRollup(merged, rollupOf({ totalMs: 9 }, { costMicroUsd: null }))
  expect(merged).toEqual(rollupOf({}, { outcome: 'refused' }, { totalMs: 9 }, { costMicroUsd: null }))
})

it('gives an alias that does not exist no roll-up of its own', () => {
  const key = (more: Partial<UsageRecord>) => rollupKeyOf(recordOf('r', AT, more)).model
  expect(key({})).toBe('chat')
  expect(key({ outcome: 'refused', status: 404, model: 'guess' })).toBeNull()
  expect(key({ outcome: 'refused', status: 403, model: 'secret' })).toBe('secret')
})

describe('RollupGroups', () => {
  const records = [
    recordOf('1', AT, { key: 'b', model: 'm' }),
    recordOf('2', AT, { key: 'a', model: 'm', status: 502, outcome: 'failed' }),
    recordOf('3', AT + 1, { key: 'a', model: null, outcome: 'refused' }),
    recordOf('4', AT + 1, { key: 'a', model: 'l' }),
  ]
  const rows = (by: RollupQuery['by'], of?: string) => {
    const groups = new RollupGroups({ by, key: of })
    for (const record of records) {
      const rollup = emptyRollup()
      addRecord(rollup, record)
      groups.add(rollupKeyOf(record), rollup)
    }
    return groups.rows().map(({ day, model, key, requests }) => ({ day, model, key, requests }))
  }

  it('groups by what is asked for, in order, and by nothing else', () => {
    expect(rows([])).toEqual([{ requests: 3 }])
    expect(rows(['key'])).toEqual([
      { key: 'a', requests: 2 },
      { key: 'b', requests: 1 },
    ])
    expect(rows(['day', 'model'])).toEqual([
      { day: '2026-11-20', model: 'm', requests: 2 },
      { day: '2026-11-21', model: null, requests: 0 },
      { day: '2026-11-21', model: 'l', requests: 1 },
    ])
  })

  it('leaves out every key but the one that is named', () => {
    expect(rows(['key'], 'b')).toEqual([{ key: 'b', requests: 1 }])
    expect(rows([], 'a')).toEqual([{ requests: 2 }])
    expect(rows([], 'c')).toEqual([])
    const groups = new RollupGroups({ by: [], key: 'b' })
    for (const record of records) groups.addRecord(record)
    expect(groups.rows()).toMatchObject([{ requests: 1 }])
  })

  it('has no row for nothing', () => {
    expect(new RollupGroups({ by: [] }).rows()).toEqual([])
  })

  it('does not change the roll-ups it is given', () => {
    const groups = new RollupGroups({ by: [] })
    const rollup = rollupOf({})
    const before = structuredClone(rollup)
    const key = rollupKeyOf(recordOf('r', AT))
    groups.add(key, rollup)
    groups.add(key, rollup)
    expect(rollup).toEqual(before)
  })
})
