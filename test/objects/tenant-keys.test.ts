/** What a tenant's object compares and shows of its keys. */
import { expect, it } from 'vitest'
import { REVOKED_KEY_MS } from '../../src/core/limits.ts'
import { isForgotten, isLiving, matches, publicKey, sidesOf } from '../../src/objects/tenant-keys.ts'
import { digestOf, keyOf } from '../support/control-plane.ts'

it('matches a digest with itself alone, and nothing with a key that is not there', () => {
  expect(matches(digestOf(1), digestOf(1))).toBe(true)
  expect(matches(digestOf(1), digestOf(2))).toBe(false)
  expect(matches('AQ==', digestOf(1))).toBe(false)
  expect(matches('', digestOf(1))).toBe(false)
  expect(matches(digestOf(1), undefined)).toBe(false)
  // What stands in for the digest of no key must not open anything.
  expect(matches(digestOf(0), undefined)).toBe(false)
})

it('forgets a revoked key after its time, to the millisecond', () => {
  const revokedAt = '2026-11-20T00:00:00.000Z'
  const endMs = Date.parse(revokedAt) + REVOKED_KEY_MS
  expect(isForgotten(keyOf('key00001', { revokedAt }), endMs - 1)).toBe(false)
  expect(isForgotten(keyOf('key00001', { revokedAt }), endMs)).toBe(true)
  expect(isForgotten(keyOf('key00001'), endMs)).toBe(false)
})

it('says which key can still be used', () => {
  const [pastMs, nowMs, later] = [
    Date.parse('2026-01-01T00:00:00Z'),
    Date.parse('2026-06-01T00:00:00Z'),
    '2027-01-01T00:00:00Z',
  ]
  const past = new Date(pastMs).toISOString()
  const living = [{}, { expiresAt: later }, { overlapUntil: later }]
  const ended = [
    { revokedAt: past },
    { expiresAt: past },
    { overlapUntil: past },
    { expiresAt: later, overlapUntil: past },
  ]
  expect(living.map((more) => isLiving(keyOf('key00001', more), nowMs))).toEqual([true, true, true])
  expect(ended.map((more) => isLiving(keyOf('key00001', more), nowMs))).toEqual([false, false, false, false])
})

it('shows of a change what it makes different, by what values hold', () => {
  const before = { a: [1], b: { c: 1 }, d: 'd', e: undefined }
  const after = { a: [1], b: { c: 2 }, d: undefined, e: 5 }
  expect(sidesOf(before, after, ['a', 'b', 'd'])).toEqual({
    before: { b: { c: 1 }, d: 'd' },
    after: { b: { c: 2 }, d: null },
  })
  expect(sidesOf(before, after, ['e'])).toEqual({ before: { e: null }, after: { e: 5 } })
  expect(sidesOf(before, after, ['a'])).toBeNull()
  expect(sidesOf(before, after, [])).toBeNull()
})

it('shows a key without its digest, or anything that changes by itself', () => {
  const key = keyOf('key00001', { models: ['chat-*'], lastUsedOn: '2026-11-20', debug: true })
  expect(publicKey(key)).toEqual({
    id: 'key00001',
    name: 'key key00001',
    expiresAt: null,
    models: ['chat-*'],
    limits: undefined,
    debug: true,
  })
})
