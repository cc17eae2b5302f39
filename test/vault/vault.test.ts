/** The vault inside the runtime it is for: what opens, what never does, and what survives a change of the master key. */
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { type SealedRecord, VaultError } from '../../src/core/sealed.ts'
import { toBase64 } from '../../src/lib/hash.ts'
import { createVault, masterKeyFault } from '../../src/vault/vault.ts'
import { manualClock } from '../support/manual-clock.ts'

const FIRST = toBase64(new Uint8Array(32).fill(1))
const SECOND = toBase64(new Uint8Array(32).fill(2))
const SECRET = 'sk-canary-0123456789'

const vaultOf = (masterKey = FIRST, previous?: string, clock = manualClock()) =>
  createVault({ masterKey, previous, clock })

const same = (value: string): string => value

/** The error of opening; fails the test when the record opens. */
async function failure(opening: Promise<unknown>): Promise<Error> {
  const error = await opening.then(
    () => new Error('it opened'),
    (reason: Error) => reason,
  )
  expect(error).toBeInstanceOf(VaultError)
  return error
}

describe('a sealed record', () => {
  it('opens for its owner and name, in another isolate too', async () => {
    const record = await vaultOf().seal('acme', 'openai', 3, SECRET)
    expect(await vaultOf().use('acme', 'openai', record, same)).toBe(SECRET)
    expect(await vaultOf().use('acme', 'openai', record, async (value) => value.length)).toBe(SECRET.length)
  })

  it('keeps every value exactly', async () => {
    const vault = vaultOf()
    const value = fc.string({ unit: 'grapheme', maxLength: 40 })
    await fc.assert(
      fc.asyncProperty(value, async (text) => {
        const record = await vault.seal('acme', 'n', 1, text)
        return (await vaultOf().use('acme', 'n', record, same)) === text
      }),
      { numRuns: 30 },
    )
    const marked = await vault.seal('acme', 'n', 1, '\uFEFFx')
    expect(await vaultOf().use('acme', 'n', marked, same)).toBe('\uFEFFx')
  })

  it('says when it was made, which master key and version it is of, and nothing of the value but its tail', async () => {
    const record = await vaultOf().seal('acme', 'openai', 3, SECRET)
    expect(record).toMatchObject({ version: 3, createdAt: '2026-01-01T00:00:00.000Z', last4: '6789' })
    // sha256('sluice/kek' ‖ 32 × 0x01), by another implementation.
    expect(record.kekVersion).toBe('14df1ca9b712e101')
    expect(atob(record.iv)).toHaveLength(12)
    const { last4: _, ...rest } = record
    expect(JSON.stringify(rest)).not.toContain('6789')
  })

  it.each([
    ['12345678901', ''],
    ['123456789012', '9012'],
  ])('of %j shows %j', async (value, last4) => {
    expect((await vaultOf().seal('acme', 'n', 1, value)).last4).toBe(last4)
  })

  it('is never the same twice: neither salt nor iv nor ciphertext', async () => {
    const vault = vaultOf()
    const [one, two] = [await vault.seal('acme', 'n', 1, SECRET), await vault.seal('acme', 'n', 1, SECRET)]
    expect(one.salt).not.toBe(two.salt)
    expect(one.iv).not.toBe(two.iv)
    expect(one.ciphertext).not.toBe(two.ciphertext)
  })

  it('is what the specification says, opened step by step without the vault', async () => {
    const record = await vaultOf().seal('acme', 'openai', 3, SECRET)
    const bytes = (text: string) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
    const base = await crypto.subtle.importKey('raw', bytes(FIRST), 'HKDF', false, ['deriveKey'])
    const info = new TextEncoder().encode('sluice/vault/v1|acme')
    const derivation = { name: 'HKDF', hash: 'SHA-256', salt: bytes(record.salt), info }
    const key = await crypto.subtle.deriveKey(derivation, base, { name: 'AES-GCM', length: 256 }, false, ['decrypt'])
    const additionalData = new TextEncoder().encode(`["acme","openai",3,"${record.kekVersion}"]`)
    const algorithm = { name: 'AES-GCM', iv: bytes(record.iv), additionalData }
    const plain = await crypto.subtle.decrypt(algorithm, key, bytes(record.ciphertext))
    expect(new TextDecoder().decode(plain)).toBe(SECRET)
  })
})

describe('a record that was changed or moved', () => {
  const flipped = (text: string): string => (text.startsWith('A') ? 'B' : 'A') + text.slice(1)
  const cases: [string, string, string, (record: SealedRecord) => Partial<SealedRecord>][] = [
    ['to another tenant', 'evil', 'openai', () => ({})],
    ['to the operator', '_', 'openai', () => ({})],
    ['to another name', 'acme', 'other', () => ({})],
    ['to another version', 'acme', 'openai', () => ({ version: 4 })],
    ['in its salt', 'acme', 'openai', ({ salt }) => ({ salt: flipped(salt) })],
    ['in its iv', 'acme', 'openai', ({ iv }) => ({ iv: flipped(iv) })],
    ['in its ciphertext', 'acme', 'openai', ({ ciphertext }) => ({ ciphertext: flipped(ciphertext) })],
    ['to no base64', 'acme', 'openai', () => ({ iv: '?' })],
    ['to another master key', 'acme', 'openai', () => ({ kekVersion: '0000000000000000' })],
  ]

  it.each(cases)(
    '%s does not open, cold or warm, and the error has no secret in it',
    async (_, owner, name, change) => {
      const warm = vaultOf()
      const record = await warm.seal('acme', 'openai', 3, SECRET)
      await warm.use('acme', 'openai', record, same)
      const moved = { ...record, ...change(record) }
      for (const vault of [warm, vaultOf()]) {
        const { message } = await failure(vault.use(owner, name, moved, same))
        expect(message).not.toContain('canary')
        expect(message).not.toContain(record.ciphertext)
      }
    },
  )

  it('does not confuse a kek version with a record claiming the current one', async () => {
    const record = await vaultOf(SECOND).seal('acme', 'openai', 1, SECRET)
    const { kekVersion } = await vaultOf(FIRST).seal('acme', 'openai', 1, 'x')
    await failure(vaultOf(FIRST, SECOND).use('acme', 'openai', { ...record, kekVersion }, same))
  })
})

it("an error of the action is the action's own", async () => {
  const vault = vaultOf()
  const record = await vault.seal('acme', 'n', 1, SECRET)
  const broken = vault.use('acme', 'n', record, () => Promise.reject(new TypeError('mine')))
  await expect(broken).rejects.toThrow(TypeError)
})

describe('on a warm isolate', () => {
  it('opening costs no cryptography for 60 s, then it is done anew', async () => {
    const clock = manualClock()
    const vault = vaultOf(FIRST, undefined, clock)
    const record = await vault.seal('acme', 'n', 1, SECRET)
    const decrypt = vi.spyOn(crypto.subtle, 'decrypt')
    try {
      await vault.use('acme', 'n', record, same)
      await clock.advance(59_999)
      let opened = ''
      void vault.use('acme', 'n', structuredClone(record), (value) => {
        opened = value
      })
      // Before anything was awaited.
      expect(opened).toBe(SECRET)
      expect(decrypt).toHaveBeenCalledTimes(1)
      await clock.advance(1)
      await vault.use('acme', 'n', record, same)
      expect(decrypt).toHaveBeenCalledTimes(2)
    } finally {
      decrypt.mockRestore()
    }
  })

  it('a new version of the value is what opens, not the kept one', async () => {
    const vault = vaultOf()
    const before = await vault.seal('acme', 'n', 1, 'before')
    await vault.use('acme', 'n', before, same)
    const after = await vault.seal('acme', 'n', 2, 'after')
    expect(await vault.use('acme', 'n', after, same)).toBe('after')
  })
})

describe('a change of the master key', () => {
  it('old records open while the previous key is there, and new ones are of the current', async () => {
    const record = await vaultOf(FIRST).seal('acme', 'n', 1, SECRET)
    const both = vaultOf(SECOND, FIRST)
    expect(both.isCurrent(record)).toBe(false)
    expect(await both.use('acme', 'n', record, same)).toBe(SECRET)
    expect(both.isCurrent(await both.seal('acme', 'n', 2, SECRET))).toBe(true)
    await failure(vaultOf(SECOND).use('acme', 'n', record, same))
  })

  it('resealed, a record opens without the previous key and is else the same', async () => {
    const record = await vaultOf(FIRST).seal('acme', 'n', 7, SECRET)
    const both = createVault({ masterKey: SECOND, previous: FIRST, clock: manualClock(Date.UTC(2030, 0, 1)) })
    const resealed = await both.reseal('acme', 'n', record)
    if (resealed === null) throw new Error('not resealed')
    const { version, createdAt, last4 } = record
    expect(resealed).toMatchObject({ version, createdAt, last4 })
    expect(both.isCurrent(resealed)).toBe(true)
    expect(await vaultOf(SECOND).use('acme', 'n', resealed, same)).toBe(SECRET)
    await failure(vaultOf(FIRST).use('acme', 'n', resealed, same))
    expect(await both.reseal('acme', 'n', resealed)).toBeNull()
  })

  it('what does not open is not resealed', async () => {
    const record = await vaultOf(FIRST).seal('acme', 'n', 1, SECRET)
    await failure(vaultOf(SECOND, FIRST).reseal('evil', 'n', record))
    await failure(vaultOf(SECOND).reseal('acme', 'n', record))
  })
})

describe('the value of a master key', () => {
  const short = toBase64(new Uint8Array(31))
  const long = toBase64(new Uint8Array(33))

  it.each([[FIRST], [SECOND]])('%s will do', (value) => {
    expect(masterKeyFault(value)).toBeNull()
  })

  it.each([[undefined], ['']])('%j is missing', (value) => {
    expect(masterKeyFault(value)).toMatch(/not set/)
  })

  it.each([['secret'], [short], [long], [FIRST.replace('=', '')], [` ${FIRST}`], ['A'.repeat(64)]])(
    '%j is malformed, which is said without saying it, and no vault comes of it',
    (value) => {
      expect(masterKeyFault(value)).toMatch(/malformed/)
      expect(masterKeyFault(value)).not.toContain(value)
      expect(() => vaultOf(value)).toThrow(VaultError)
      expect(() => vaultOf(FIRST, value)).toThrow(VaultError)
    },
  )
})
