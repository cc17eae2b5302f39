/** API keys: their form, their check, and what a forger is up against. */
import fc from 'fast-check'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { OPERATOR, PEPPER_NAME, type SealedRecord, VaultError } from '../../src/core/sealed.ts'
import { toBase64 } from '../../src/lib/hash.ts'
import { createApiKeys } from '../../src/vault/api-keys.ts'
import { createVault } from '../../src/vault/vault.ts'
import { manualClock } from '../support/manual-clock.ts'

const FIRST = toBase64(new Uint8Array(32).fill(1))
const SECOND = toBase64(new Uint8Array(32).fill(2))
const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

const vault = createVault({ masterKey: FIRST, clock: manualClock() })
const apiKeys = createApiKeys(vault)
let pepper: SealedRecord
beforeAll(async () => {
  pepper = await apiKeys.newPepper()
})

const tenantIds = fc.stringMatching(/^[a-z0-9-]{1,32}$/)

async function mac(text: string): Promise<Uint8Array> {
  return vault.use(OPERATOR, PEPPER_NAME, pepper, async (value) => {
    const secret = Uint8Array.from(atob(value), (character) => character.charCodeAt(0))
    const key = await crypto.subtle.importKey('raw', secret, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
    return new Uint8Array(await crypto.subtle.sign('HMAC', key, new TextEncoder().encode(text)))
  })
}

describe('a minted key', () => {
  it('has the form, a check that this deployment verifies, and the digest that reading it gives', async () => {
    await fc.assert(
      fc.asyncProperty(tenantIds, async (tenantId) => {
        const { key, id, digest } = await apiKeys.mint(pepper, tenantId)
        expect(key).toMatch(/^slc_[a-z0-9-]{1,32}_[0-9A-Za-z]{8}_[0-9A-Za-z]{38}$/)
        expect(await apiKeys.read(pepper, key)).toEqual({ tenantId, keyId: id, digest })
        expect(await apiKeys.verify(pepper, key)).toBe(true)
      }),
      { numRuns: 30 },
    )
  })

  it('ends in HMAC(pepper, all before it) modulo 62^6, and is kept as HMAC(pepper, all of it)', async () => {
    const { key, digest } = await apiKeys.mint(pepper, 'acme')
    let number = 0n
    for (const byte of await mac(key.slice(0, -6))) number = number * 256n + BigInt(byte)
    let check = ''
    for (let rest = number % 62n ** 6n; check.length < 6; rest /= 62n) check = DIGITS.charAt(Number(rest % 62n)) + check
    expect(key.slice(-6)).toBe(check)
    expect(digest).toBe(toBase64(await mac(key)))
  })

  it('is never the same twice, and its secret is in neither id nor digest', async () => {
    const minted = await Promise.all(Array.from({ length: 100 }, () => apiKeys.mint(pepper, 'acme')))
    expect(new Set(minted.map(({ id }) => id)).size).toBe(100)
    expect(new Set(minted.map(({ key }) => key.slice(18, 50))).size).toBe(100)
  })
})

describe('a key that was not minted here', () => {
  it('has a wrong check whatever single character of it is changed', async () => {
    const { key } = await apiKeys.mint(pepper, 'acme')
    const at = fc.integer({ min: 0, max: key.length - 1 })
    const unit = fc.constantFrom(...DIGITS, '-', '_')
    await fc.assert(
      fc.asyncProperty(at, unit, async (index, character) => {
        const changed = key.slice(0, index) + character + key.slice(index + 1)
        return (await apiKeys.verify(pepper, changed)) === (changed === key)
      }),
    )
  })

  it('of another deployment has the form, and another digest, but not the check', async () => {
    const elsewhere = await apiKeys.newPepper()
    const { key, digest } = await apiKeys.mint(elsewhere, 'acme')
    const read = await apiKeys.read(pepper, key)
    expect(read?.tenantId).toBe('acme')
    expect(read?.digest).not.toBe(digest)
    expect(await apiKeys.verify(pepper, key)).toBe(false)
    expect(await apiKeys.verify(elsewhere, key)).toBe(true)
  })

  const secret = 'a'.repeat(38)
  it.each([
    '',
    'slc_',
    'sk-1234',
    `slc_acme_12345678_${secret}a`,
    `slc_acme_12345678_${secret.slice(1)}`,
    `slc_acme_1234567_${secret}`,
    `slc_acme_123456789_${secret}`,
    `slc__12345678_${secret}`,
    `slc_Acme_12345678_${secret}`,
    `slc_${'a'.repeat(33)}_12345678_${secret}`,
    `slc_a_b_12345678_${secret}`,
    `slc_acme_1234567-_${secret}`,
    `slc_acme_12345678_${secret}\n`,
    ` slc_acme_12345678_${secret}`,
    `SLC_acme_12345678_${secret}`,
    `slc_acme_12345678_${'é'.repeat(38)}`,
  ])('without the form is neither read nor verified: %j', async (text) => {
    expect(await apiKeys.read(pepper, text)).toBeNull()
    expect(await apiKeys.verify(pepper, text)).toBe(false)
  })

  it('of any text whatever is read only with the form', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string(), async (text) => (await apiKeys.read(pepper, text)) === null),
      { numRuns: 50 },
    )
  })
})

describe("a worker's token", () => {
  it('is made as a key is, for a pool of any name', async () => {
    const pools = fc.stringMatching(/^[a-z0-9-]{1,64}$/)
    await fc.assert(
      fc.asyncProperty(pools, async (pool) => {
        const { token, id, digest } = await apiKeys.mintWorker(pepper, pool)
        expect(token).toMatch(/^slw_[a-z0-9-]{1,64}_[0-9A-Za-z]{8}_[0-9A-Za-z]{38}$/)
        expect(await apiKeys.readWorker(pepper, token)).toEqual({ pool, id, digest })
        expect(await apiKeys.verify(pepper, token)).toBe(true)
        expect(
          await apiKeys.verify(
            pepper,
            token.replace(/.$/, (last) => (last === 'a' ? 'b' : 'a')),
          ),
        ).toBe(false)
      }),
      { numRuns: 20 },
    )
  })

  it('is no key, and a key is none', async () => {
    const [{ token }, { key }] = [await apiKeys.mintWorker(pepper, 'gpu'), await apiKeys.mint(pepper, 'gpu')]
    expect(await apiKeys.read(pepper, token)).toBeNull()
    expect(await apiKeys.readWorker(pepper, key)).toBeNull()
    expect(await apiKeys.verify(pepper, key.replace('slc_', 'slw_'))).toBe(false)
  })
})

describe('the pepper', () => {
  it('costs its opening once: then reading is one HMAC and verifying is one', async () => {
    const fresh = createApiKeys(createVault({ masterKey: FIRST, clock: manualClock() }))
    const { key } = await fresh.mint(pepper, 'acme')
    const spies = (['sign', 'decrypt', 'importKey', 'deriveKey', 'digest'] as const).map((name) =>
      vi.spyOn(crypto.subtle, name),
    )
    const counts = () => spies.map(({ mock }) => mock.calls.length)
    try {
      await fresh.read(structuredClone(pepper), key)
      expect(counts()).toEqual([1, 0, 0, 0, 0])
      await fresh.verify(pepper, key)
      expect(counts()).toEqual([2, 0, 0, 0, 0])
    } finally {
      for (const spy of spies) spy.mockRestore()
    }
  })

  it('resealed under a new master key verifies every key of before, without the old master key', async () => {
    const { key, digest } = await apiKeys.mint(pepper, 'acme')
    const both = createVault({ masterKey: SECOND, previous: FIRST, clock: manualClock() })
    const resealed = await both.reseal(OPERATOR, PEPPER_NAME, pepper)
    if (resealed === null) throw new Error('not resealed')
    const after = createApiKeys(createVault({ masterKey: SECOND, clock: manualClock() }))
    expect((await after.read(resealed, key))?.digest).toBe(digest)
    expect(await after.verify(resealed, key)).toBe(true)
  })

  it('that changes while an isolate lives is followed', async () => {
    const other = await apiKeys.newPepper()
    const { key } = await apiKeys.mint(other, 'acme')
    expect(await apiKeys.verify(pepper, key)).toBe(false)
    expect(await apiKeys.verify(other, key)).toBe(true)
  })

  it('that does not open, or is not one, is the vault error it is', async () => {
    const text = `slc_acme_12345678_${'a'.repeat(38)}`
    const without = createApiKeys(createVault({ masterKey: SECOND, clock: manualClock() }))
    await expect(without.read(pepper, text)).rejects.toThrow(VaultError)
    const short = await vault.seal(OPERATOR, PEPPER_NAME, 1, 'AAAA')
    await expect(createApiKeys(vault).read(short, text)).rejects.toThrow(VaultError)
  })
})
