/** What a tenant's object compares and shows of its keys. */
import { expect, it } from 'vitest'
import { REVOKED_KEY_MS } from '../../src/core/limits.ts'
import { differs, isForgotten, matches, publicKey } from '../../src/objects/tenant-keys.ts'
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

it('finds values different by what they hold', () => {
  expect(differs({ a: [1] }, { a: [1] })).toBe(false)
  expect(differs({ a: [1] }, { a: [2] })).toBe(true)
  expect(differs(undefined, null)).toBe(true)
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
