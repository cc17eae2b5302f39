/** Packed records: what comes out is what went in, what is alike is said once, and what was stored before is read on. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Charge } from '../../src/core/ledger/types.ts'
import { PACKED_KINDS_MAX } from '../../src/core/limits.ts'
import { batchText, packRecords, readBatch, unpackRecords } from '../../src/core/usage-pack.ts'
import type { UsageRecord } from '../../src/core/usage-record.ts'

const AT = '2026-11-28T10:00:00.000Z'
const USAGE = {
  inputTokens: 5,
  cachedInputTokens: 0,
  cacheWriteTokens: 0,
  outputTokens: 7,
  reasoningTokens: 0,
  source: 'provider',
} as const

const hit = (requestId: string, more: Partial<UsageRecord> = {}): UsageRecord => ({
  requestId,
  at: AT,
  key: 'k1',
  model: 'chat',
  target: 'gpu/llama',
  outcome: 'finished',
  status: 200,
  cache: 'hit',
  attempts: 0,
  usage: null,
  costMicroUsd: 0,
  firstTokenMs: null,
  totalMs: 1,
  ...more,
})

const record = fc.record({
  at: fc.constantFrom(AT, '2026-11-28T10:00:00.001Z'),
  key: fc.constantFrom('k1', 'k2'),
  model: fc.constantFrom('chat', 'other', null),
  target: fc.constantFrom('gpu/llama', null),
  outcome: fc.constantFrom('finished' as const, 'refused' as const, 'cancelled' as const),
  status: fc.constantFrom(200, 429),
  cache: fc.constantFrom('hit' as const, 'miss' as const),
  attempts: fc.constantFrom(0, 1),
  usage: fc.constantFrom(null, USAGE),
  costMicroUsd: fc.constantFrom(null, 0, 12),
  firstTokenMs: fc.constantFrom(null, 3),
  totalMs: fc.nat(5),
})
const charge = fc.constantFrom<Charge | undefined>(
  undefined,
  { slice: 's1', units: [1, 300] },
  { slice: 's1', units: [1, 301] },
  { slice: 's2', units: [1] },
  { counters: [] },
)
const rows = fc
  .array(fc.tuple(record, charge), { maxLength: 60 })
  .map((all) => all.map(([fields, of], index) => ({ row: { requestId: `r${index}`, ...fields } as UsageRecord, of })))

const byId = (all: readonly UsageRecord[]) => [...all].sort((a, b) => a.requestId.localeCompare(b.requestId))

describe('records', () => {
  it('come back as they were', () => {
    fc.assert(
      fc.property(rows, (all) => {
        const records = all.map(({ row }) => row)
        const stored = JSON.parse(JSON.stringify(packRecords(records)))
        const read = unpackRecords(stored)
        expect(byId(read)).toEqual(byId(records))
        // They are shown as they are read.
        for (const one of read) expect(Object.keys(one)).toEqual(Object.keys(hit('any')))
      }),
    )
  })

  it('are read as they were stored before', () => {
    const records = [hit('a'), hit('b', { usage: USAGE })]
    expect(unpackRecords(JSON.parse(JSON.stringify(records)))).toEqual(records)
  })

  it('say once what they have in common', () => {
    const thousand = Array.from({ length: 1000 }, (_, index) => hit(`request-${index}`))
    expect(packRecords(thousand)).toMatchObject({ kinds: [{ common: { key: 'k1' } }], rows: [] })
    expect(JSON.stringify(packRecords(thousand)).length).toBeLessThan(JSON.stringify(thousand).length / 4)
  })

  it('are written whole where they use something, or are of too many kinds', () => {
    const used = [hit('a', { usage: USAGE }), hit('b', { usage: USAGE })]
    expect(packRecords(used)).toEqual({ kinds: [], rows: used })
    const models = Array.from({ length: PACKED_KINDS_MAX + 5 }, (_, index) => hit(`r${index}`, { model: `m${index}` }))
    const packed = packRecords(models)
    expect([packed.kinds.length, packed.rows.length]).toEqual([PACKED_KINDS_MAX, 5])
  })
})

describe('a batch', () => {
  it('comes back with the charges of its rows', () => {
    fc.assert(
      fc.property(rows, (all) => {
        const charges = Object.fromEntries(
          all.flatMap(({ row, of }) => (of === undefined ? [] : [[row.requestId, of]])),
        )
        const batch = { rows: all.map(({ row }) => row), charges, slices: [{ id: 's0', left: [1], usedMs: 2 }] }
        const read = readBatch(batchText(batch))
        expect({ ...read, rows: byId(read.rows) }).toEqual({ ...batch, rows: byId(batch.rows) })
      }),
    )
  })

  it('keeps what goes with it', () => {
    const batch = {
      rows: [hit('a')],
      charges: {},
      slices: [],
      owned: [{ kind: 'stream' as const, id: 'i', untilMs: 1 }],
    }
    expect(readBatch(batchText(batch))).toEqual(batch)
  })

  it('is read as it was written before', () => {
    const batch = { rows: [hit('a')], charges: { a: { slice: 's1', units: [1] } }, slices: [] }
    expect(readBatch(JSON.stringify(batch))).toEqual(batch)
  })
})
