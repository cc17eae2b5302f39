/** Digests and encodings against published vectors. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromBase64, hmac, hmacKey, hmacText, sameText, sha256Hex, toBase64, utf8 } from '../../src/lib/hash.ts'

describe('base64', () => {
  it('there and back is the same bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        expect(fromBase64(toBase64(bytes))).toEqual(bytes)
      }),
    )
  })

  it('encodes the part that a view shows, not the buffer under it', () => {
    expect(toBase64(utf8('xfoobarx').subarray(1, 7))).toBe('Zm9vYmFy')
  })

  it.each(['Zm9v YmFy', 'Zm8', 'Zm9=', '_-__', 'Zm9v\n', 'é'])('does not read %j', (text) => {
    expect(fromBase64(text)).toBeNull()
  })
})

it('SHA-256 of "abc" (FIPS 180-2)', () => {
  const digest = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
  expect(sha256Hex('abc')).toBe(digest)
  expect(sha256Hex(utf8('abc'))).toBe(digest)
})

it('HMAC-SHA-256 (RFC 4231, test case 2), under a key that cannot be read back', async () => {
  const key = await hmacKey(utf8('Jefe'))
  const mac = await hmac(key, 'what do ya want for nothing?')
  expect(Buffer.from(mac).toString('hex')).toBe('5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843')
  expect(key.extractable).toBe(false)
})

it('HMAC-SHA-256 at once, as base64url (RFC 4231, test case 2)', () => {
  const mac = hmacText(utf8('Jefe'), 'what do ya want for nothing?')
  expect(mac).toBe('W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM')
})

it('HMAC-SHA-256 at once, of UTF-8', async () => {
  const secret = utf8('secret')
  const same = await hmac(await hmacKey(secret), 'größer 漢字')
  expect(hmacText(secret, 'größer 漢字')).toBe(Buffer.from(same).toString('base64url'))
})

it.each([
  ['', '', true],
  ['abc', 'abc', true],
  ['abc', 'abd', false],
  ['abc', 'ab', false],
  ['é', 'e', false],
])('%j and %j are the same text: %j', (left, right, expected) => {
  expect(sameText(left, right)).toBe(expected)
})
