/** Usage rows on their way: who must flush, what a flush takes, and what becomes of rows that did not arrive. */
import { describe, expect, it } from 'vitest'
import { USAGE_BUFFER_ROWS_MAX, USAGE_FLUSH_MS, USAGE_SEGMENT_ROWS_MAX } from '../../src/core/limits.ts'
import { UsageBuffer } from '../../src/core/usage-buffer.ts'
import type { UsageRecord } from '../../src/core/usage-record.ts'

const NOW = 1_700_000_000_000
const acme = { id: 'acme', generation: 'g1' }
const other = { id: 'other', generation: 'g1' }

const row = (requestId: string | number): UsageRecord => ({ requestId: String(requestId) }) as UsageRecord
const ids = (rows: readonly UsageRecord[]): string[] => rows.map(({ requestId }) => requestId)

/** A buffer that holds rows numbered up to `count` of one owner. */
function filled(count: number, owner = acme): UsageBuffer {
  const buffer = new UsageBuffer()
  for (let index = 0; index < count; index += 1) buffer.add(owner, row(index), NOW)
  return buffer
}

describe('add', () => {
  it('asks the first to flush, and nobody else until that is void', () => {
    const buffer = new UsageBuffer()
    expect(buffer.add(acme, row(1), NOW)).toBe(true)
    expect(buffer.add(acme, row(2), NOW)).toBe(false)
    expect(buffer.add(acme, row(3), NOW + 2 * USAGE_FLUSH_MS - 1)).toBe(false)
    expect(buffer.add(acme, row(4), NOW + 2 * USAGE_FLUSH_MS)).toBe(true)
    expect(buffer.add(acme, row(5), NOW + 2 * USAGE_FLUSH_MS)).toBe(false)
  })

  it('asks once for each tenant and each generation of it', () => {
    const buffer = filled(1)
    expect(buffer.add(other, row(1), NOW)).toBe(true)
    expect(buffer.add({ id: 'acme', generation: 'g2' }, row(1), NOW)).toBe(true)
    expect(ids(buffer.take(acme))).toEqual(['0'])
  })

  it('drops and counts what is beyond its bound, over all tenants', () => {
    const buffer = filled(USAGE_BUFFER_ROWS_MAX)
    expect(buffer.dropped).toBe(0)
    buffer.add(other, row('late'), NOW)
    buffer.add(acme, row('late'), NOW)
    expect(buffer.dropped).toBe(2)
    expect(buffer.take(other)).toEqual([])
  })
})

describe('take', () => {
  it('takes rows in order, one segment at a time', () => {
    const buffer = filled(USAGE_SEGMENT_ROWS_MAX + 2)
    const first = buffer.take(acme)
    expect(first.length).toBe(USAGE_SEGMENT_ROWS_MAX)
    expect(first[0]?.requestId).toBe('0')
    expect(ids(buffer.take(acme))).toEqual([String(USAGE_SEGMENT_ROWS_MAX), String(USAGE_SEGMENT_ROWS_MAX + 1)])
    expect(buffer.take(acme)).toEqual([])
    expect(buffer.take(other)).toEqual([])
  })

  it('makes room again, and the next row asks for a flush of its own', () => {
    const buffer = filled(USAGE_BUFFER_ROWS_MAX)
    while (buffer.take(acme).length > 0);
    expect(buffer.add(acme, row('next'), NOW)).toBe(true)
    expect(buffer.dropped).toBe(0)
    expect(ids(buffer.take(acme))).toEqual(['next'])
  })
})

describe('putBack', () => {
  it('puts rows in front of the newer ones, and the next row asks for a flush', () => {
    const buffer = filled(2)
    const rows = buffer.take(acme)
    buffer.add(acme, row('newer'), NOW)
    buffer.putBack(acme, rows)
    expect(buffer.add(acme, row('newest'), NOW)).toBe(true)
    expect(ids(buffer.take(acme))).toEqual(['0', '1', 'newer', 'newest'])
  })

  it('keeps rows whose queue is gone', () => {
    const buffer = filled(1)
    buffer.putBack(acme, buffer.take(acme))
    expect(buffer.orphans(NOW)).toEqual([acme])
    expect(ids(buffer.take(acme))).toEqual(['0'])
  })

  it('drops and counts what no longer fits', () => {
    const buffer = filled(USAGE_BUFFER_ROWS_MAX)
    const rows = buffer.take(acme)
    for (let index = 0; index < rows.length - 3; index += 1) buffer.add(other, row(`o${index}`), NOW)
    buffer.putBack(acme, rows)
    expect(buffer.dropped).toBe(rows.length - 3)
    expect(ids(buffer.take(acme)).slice(0, 4)).toEqual(['0', '1', '2', String(USAGE_SEGMENT_ROWS_MAX)])
  })
})

describe('orphans', () => {
  it('are owners with rows whose flush is overdue', () => {
    const buffer = filled(1)
    buffer.add(other, row(1), NOW + 1)
    expect(buffer.orphans(NOW + 2 * USAGE_FLUSH_MS - 1)).toEqual([])
    expect(buffer.orphans(NOW + 2 * USAGE_FLUSH_MS)).toEqual([acme])
    expect(buffer.orphans(NOW + 2 * USAGE_FLUSH_MS + 1)).toEqual([acme, other])
    buffer.take(acme)
    expect(buffer.orphans(NOW + 2 * USAGE_FLUSH_MS + 1)).toEqual([other])
  })

  it('are not owners whose rows were all dropped', () => {
    const buffer = filled(USAGE_BUFFER_ROWS_MAX, other)
    buffer.add(acme, row('dropped'), NOW)
    expect(buffer.orphans(NOW + 60_000)).toEqual([other])
  })
})
