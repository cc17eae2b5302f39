/** Usage rows on their way: who must flush, what a flush takes, and what becomes of rows that did not arrive. */
import { describe, expect, it } from 'vitest'
import {
  USAGE_BUFFER_ROWS_MAX,
  USAGE_FLUSH_MS,
  USAGE_HITS_FLUSH_MS,
  USAGE_HITS_WAITING_MAX,
  USAGE_SEGMENT_ROWS_MAX,
} from '../../src/core/limits.ts'
import { UsageBuffer, type UsageRows } from '../../src/core/usage-buffer.ts'
import type { UsageRecord } from '../../src/core/usage-record.ts'

const NOW = 1_700_000_000_000
const acme = { id: 'acme', generation: 'g1' }
const other = { id: 'other', generation: 'g1' }

const row = (requestId: string | number): UsageRecord => ({ requestId: String(requestId) }) as UsageRecord
const ids = (taken: UsageRows | null): string[] => taken?.rows.map(({ requestId }) => requestId) ?? []

/** Takes what there is to take, which is something. */
function taken(buffer: UsageBuffer, owner = acme, nowMs = NOW): UsageRows {
  const rows = buffer.take(owner, nowMs)
  if (rows === null) throw new Error('there is nothing')
  return rows
}

/** A buffer that holds rows numbered up to `count` of one owner. */
function filled(count: number, owner = acme): UsageBuffer {
  const buffer = new UsageBuffer()
  for (let index = 0; index < count; index += 1) buffer.add(owner, row(index), null, NOW)
  return buffer
}

describe('add', () => {
  it('asks the first to flush, and nobody else until that is void', () => {
    const buffer = new UsageBuffer()
    expect(buffer.add(acme, row(1), null, NOW)).toBe(true)
    expect(buffer.add(acme, row(2), null, NOW)).toBe(false)
    expect(buffer.add(acme, row(3), null, NOW + 2 * USAGE_FLUSH_MS - 1)).toBe(false)
    expect(buffer.add(acme, row(4), null, NOW + 2 * USAGE_FLUSH_MS)).toBe(true)
    expect(buffer.add(acme, row(5), null, NOW + 2 * USAGE_FLUSH_MS)).toBe(false)
  })

  it('lets one of an owner hurry in the time of a flush', () => {
    const buffer = new UsageBuffer()
    const at = (afterMs: number, owner = acme) => buffer.mayHurry(owner, NOW + afterMs)
    expect([at(0), at(0), at(USAGE_FLUSH_MS - 1), at(0, other)]).toEqual([true, false, false, true])
    expect([at(USAGE_FLUSH_MS), at(2 * USAGE_FLUSH_MS - 1), at(2 * USAGE_FLUSH_MS)]).toEqual([true, false, true])
  })

  it('lets rows wait for more that may, as long as they are few and not for long', () => {
    const buffer = new UsageBuffer()
    const at = (afterMs: number) => buffer.mayWait(acme, NOW + afterMs)
    expect(at(0), 'there is nothing').toBe(false)
    buffer.add(acme, row(1), null, NOW, true)
    const last = USAGE_HITS_FLUSH_MS - USAGE_FLUSH_MS
    expect([at(USAGE_FLUSH_MS), at(last), at(last + 1)]).toEqual([true, true, false])
    expect(buffer.add(acme, row(2), null, NOW + last + USAGE_FLUSH_MS, true), 'somebody is expected').toBe(false)
    for (let index = 3; index <= USAGE_HITS_WAITING_MAX; index += 1) buffer.add(acme, row(index), null, NOW, true)
    expect(at(USAGE_FLUSH_MS), 'they are many').toBe(false)
  })

  it('lets nothing wait with a row that may not, or that comes a second time', () => {
    const buffer = new UsageBuffer()
    const mayWait = () => buffer.mayWait(acme, NOW + USAGE_FLUSH_MS)
    buffer.add(acme, row(1), null, NOW, true)
    buffer.add(acme, row(2), null, NOW)
    expect(mayWait()).toBe(false)
    const rows = taken(buffer)
    buffer.add(acme, row(3), null, NOW, true)
    expect(mayWait()).toBe(true)
    buffer.putBack(acme, rows, NOW)
    expect(mayWait()).toBe(false)
  })

  it('asks once for each tenant and each generation of it', () => {
    const buffer = filled(1)
    expect(buffer.add(other, row(1), null, NOW)).toBe(true)
    expect(buffer.add({ id: 'acme', generation: 'g2' }, row(1), null, NOW)).toBe(true)
    expect(ids(buffer.take(acme, NOW))).toEqual(['0'])
  })

  it('drops and counts what is beyond its bound, over all tenants', () => {
    const buffer = filled(USAGE_BUFFER_ROWS_MAX)
    expect(buffer.dropped).toBe(0)
    buffer.add(other, row('late'), null, NOW)
    buffer.add(acme, row('late'), null, NOW)
    expect(buffer.dropped).toBe(2)
    expect(buffer.take(other, NOW)).toBeNull()
  })
})

describe('take', () => {
  it('takes rows in order, one segment at a time', () => {
    const buffer = filled(USAGE_SEGMENT_ROWS_MAX + 2)
    const first = taken(buffer)
    expect(first.rows.length).toBe(USAGE_SEGMENT_ROWS_MAX)
    expect(first.rows[0]?.requestId).toBe('0')
    expect(ids(buffer.take(acme, NOW))).toEqual([String(USAGE_SEGMENT_ROWS_MAX), String(USAGE_SEGMENT_ROWS_MAX + 1)])
    expect(buffer.take(acme, NOW)).toBeNull()
    expect(buffer.take(other, NOW)).toBeNull()
  })

  it('has the charges of those rows beside them, by request', () => {
    const buffer = filled(USAGE_SEGMENT_ROWS_MAX - 1)
    const charge = (unit: number) => ({ slice: 's1', units: [unit] })
    buffer.add(acme, row('a'), charge(1), NOW)
    buffer.add(acme, row('b'), charge(2), NOW)
    buffer.add(acme, row('c'), null, NOW)
    expect(taken(buffer).charges).toEqual({ a: charge(1) })
    expect(taken(buffer).charges).toEqual({ b: charge(2) })
  })

  it('makes room again, and the next row asks for a flush of its own', () => {
    const buffer = filled(USAGE_BUFFER_ROWS_MAX)
    while (buffer.take(acme, NOW) !== null);
    expect(buffer.add(acme, row('next'), null, NOW)).toBe(true)
    expect(buffer.dropped).toBe(0)
    expect(ids(buffer.take(acme, NOW))).toEqual(['next'])
  })
})

describe('putBack', () => {
  const AGAIN = NOW + 1000

  it('puts rows and their charges in front of the newer ones', () => {
    const buffer = new UsageBuffer()
    const charge = { slice: 's1', units: [1] }
    buffer.add(acme, row('0'), charge, NOW)
    buffer.add(acme, row('1'), null, NOW)
    const rows = taken(buffer)
    buffer.add(acme, row('newer'), { slice: 's2', units: [2] }, NOW)
    buffer.putBack(acme, rows, AGAIN)
    const again = taken(buffer, acme, AGAIN)
    expect(ids(again)).toEqual(['0', '1', 'newer'])
    expect(again.charges).toEqual({ 0: charge, newer: { slice: 's2', units: [2] } })
  })

  it('has nobody take them, or asked to, before their time', () => {
    const buffer = filled(1)
    buffer.putBack(acme, taken(buffer), AGAIN)
    expect(buffer.add(acme, row('next'), null, AGAIN - 1)).toBe(false)
    expect(buffer.take(acme, AGAIN - 1)).toBeNull()
    expect(ids(buffer.take(acme, AGAIN))).toEqual(['0', 'next'])
  })

  it('leaves them to whoever comes when the one that failed is gone', () => {
    const buffer = filled(1)
    buffer.putBack(acme, taken(buffer), AGAIN)
    const goneAtMs = AGAIN + 2 * USAGE_FLUSH_MS
    expect(buffer.orphans(goneAtMs - 1)).toEqual([])
    expect(buffer.orphans(goneAtMs)).toEqual([acme])
    expect(buffer.add(acme, row('next'), null, goneAtMs)).toBe(true)
  })

  it('drops and counts what no longer fits', () => {
    const buffer = filled(USAGE_BUFFER_ROWS_MAX)
    const rows = taken(buffer)
    for (let index = 0; index < rows.rows.length - 3; index += 1) buffer.add(other, row(`o${index}`), null, NOW)
    buffer.putBack(acme, rows, NOW)
    expect(buffer.dropped).toBe(rows.rows.length - 3)
    expect(ids(buffer.take(acme, NOW)).slice(0, 4)).toEqual(['0', '1', '2', String(USAGE_SEGMENT_ROWS_MAX)])
  })
})

describe('orphans', () => {
  it('are owners with rows whose flush is overdue', () => {
    const buffer = filled(1)
    buffer.add(other, row(1), null, NOW + 1)
    expect(buffer.orphans(NOW + 2 * USAGE_FLUSH_MS - 1)).toEqual([])
    expect(buffer.orphans(NOW + 2 * USAGE_FLUSH_MS)).toEqual([acme])
    expect(buffer.orphans(NOW + 2 * USAGE_FLUSH_MS + 1)).toEqual([acme, other])
    buffer.take(acme, NOW)
    expect(buffer.orphans(NOW + 2 * USAGE_FLUSH_MS + 1)).toEqual([other])
  })

  it('are not owners whose rows were all dropped', () => {
    const buffer = filled(USAGE_BUFFER_ROWS_MAX, other)
    buffer.add(acme, row('dropped'), null, NOW)
    expect(buffer.orphans(NOW + 60_000)).toEqual([other])
  })
})
