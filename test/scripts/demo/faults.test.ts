/** Faults: their short form, whom they befall, and that each is used up. */
import { expect, test } from 'vitest'
import { createFaults, faultSchema, isInstead, readFault } from '../../../scripts/demo/faults.ts'

test('a fault befalls as many requests as it says, and then the next one its turn', () => {
  const faults = createFaults()
  faults.add(faultSchema.parse({ kind: '503', count: 2 }))
  faults.add(faultSchema.parse({ kind: 'cut' }))
  expect(Array.from({ length: 4 }, () => faults.take('/v1/models')?.kind)).toEqual(['503', '503', 'cut', undefined])
})

test('a fault for one path leaves the others alone', () => {
  const faults = createFaults()
  faults.add(faultSchema.parse({ kind: '500', path: '/health' }))
  expect(faults.take('/v1/models')).toBeUndefined()
  expect(faults.take('/health')?.kind).toBe('500')
})

test('clearing takes them all away', () => {
  const faults = createFaults()
  faults.add(faultSchema.parse({ kind: 'cut', count: 9 }))
  faults.clear()
  expect(faults.due()).toEqual([])
})

test('the short form', () => {
  expect(readFault('stall:3')).toMatchObject({ kind: 'stall', count: 3 })
  expect(readFault('429')).toMatchObject({ kind: '429', count: 1 })
  expect(readFault('nonsense')).toBeUndefined()
  expect(readFault('cut:0')).toBeUndefined()
})

test('which faults leave no reply to spoil', () => {
  const kinds = ['refuse', 'html', '503', 'stall', 'cut-event']
  expect(kinds.map((kind) => isInstead(faultSchema.parse({ kind })))).toEqual([true, true, true, false, false])
})
