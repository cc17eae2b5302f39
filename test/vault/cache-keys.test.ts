/** Keys of a tenant's cache: from one secret that is made once, and what neither a store nor another tenant can do. */
import { env } from 'cloudflare:test'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { AUTH_STALE_MS } from '../../src/core/limits.ts'
import { CACHE_READ_MS, CACHE_SECRET_REST_MS } from '../../src/core/recall/limits.ts'
import { CACHE_SECRET_NAME, type SealedRecord, VaultError } from '../../src/core/sealed.ts'
import type { TenantPlace } from '../../src/core/tenant.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { toBase64, utf8 } from '../../src/lib/hash.ts'
import { createTenantAdmin } from '../../src/stores/embedded/tenants.ts'
import { createCacheKeys } from '../../src/vault/cache-keys.ts'
import type { CacheKeyring } from '../../src/vault/types.ts'
import { createVault } from '../../src/vault/vault.ts'
import { type ManualClock, manualClock } from '../support/manual-clock.ts'
import { directory, freshPlace, tenants, tools } from '../support/tenant-object.ts'

const masterKey = toBase64(new Uint8Array(32).fill(1))
const NO_SECRET = { cacheSecret: null }
const ACME = { id: 'acme', generation: 'g1' }

/** The cache keys of one isolate over a store that keeps what it is first given. */
function isolateOf(options: { stored?: Map<string, SealedRecord>; clock?: ManualClock } = {}) {
  const { stored = new Map<string, SealedRecord>(), clock = manualClock() } = options
  const state = { asked: 0, isDown: false, isGone: false, isSilent: false }
  const keys = createCacheKeys(createVault({ masterKey, clock }), {
    clock,
    tenants: {
      async ensureCacheSecret({ id }: TenantPlace, candidate: SealedRecord) {
        state.asked += 1
        if (state.isSilent) await new Promise(() => {})
        if (state.isDown) throw new Error('down')
        if (state.isGone) return null
        if (!stored.has(id)) stored.set(id, candidate)
        return stored.get(id) ?? null
      },
    },
  })
  return { keys, stored, clock, state }
}

/** A keyring of a tenant of its own. */
const keyring = async (place: TenantPlace = ACME): Promise<CacheKeyring> => isolateOf().keys.keysOf(NO_SECRET, place)

async function failure(opening: Promise<unknown>): Promise<void> {
  await expect(opening).rejects.toBeInstanceOf(VaultError)
}

describe('the secret', () => {
  it('is made on first need, once for all isolates, and known at once afterwards', async () => {
    const one = isolateOf()
    const two = isolateOf({ stored: one.stored })
    const first = await one.keys.keysOf(NO_SECRET, ACME)
    const second = await two.keys.keysOf(NO_SECRET, ACME)
    expect(first.fingerprint('x')).toBe(second.fingerprint('x'))
    // Before anything is awaited, whether the caller has it in hand by now or not.
    expect(one.keys.keysOf(NO_SECRET, ACME)).toBe(first)
    expect(one.keys.keysOf({ cacheSecret: one.stored.get('acme') ?? null }, ACME)).toBe(first)
    expect(one.state.asked).toBe(1)
  })

  it('is asked for again once every caller must have been confirmed anew', async () => {
    const { keys, clock, state } = isolateOf()
    await keys.keysOf(NO_SECRET, ACME)
    await clock.advance(AUTH_STALE_MS - 1)
    await keys.keysOf(NO_SECRET, ACME)
    expect(state.asked).toBe(1)
    await clock.advance(1)
    await keys.keysOf(NO_SECRET, ACME)
    expect(state.asked).toBe(2)
  })

  it('that cannot be had is not asked for by every request', async () => {
    const { keys, clock, state } = isolateOf()
    state.isDown = true
    await expect(keys.keysOf(NO_SECRET, ACME)).rejects.toThrow('down')
    state.isDown = false
    await expect(keys.keysOf(NO_SECRET, ACME)).rejects.toThrow('a moment ago')
    expect(state.asked).toBe(1)
    await keys.keysOf(NO_SECRET, { id: 'other', generation: 'g1' })
    await clock.advance(CACHE_SECRET_REST_MS)
    await keys.keysOf(NO_SECRET, ACME)
    expect(state.asked).toBe(3)
  })

  it('is not waited for longer than for a look-up', async () => {
    const { keys, clock, state } = isolateOf()
    state.isSilent = true
    const waiting = expect(keys.keysOf(NO_SECRET, ACME)).rejects.toThrow('in time')
    await vi.waitFor(() => expect(clock.timers).toBe(1))
    await clock.advance(CACHE_READ_MS)
    await waiting
    expect(clock.timers).toBe(0)
    await expect(keys.keysOf(NO_SECRET, ACME)).rejects.toThrow('a moment ago')
  })

  it('of a tenant that is gone is none', async () => {
    const { keys, state } = isolateOf()
    state.isGone = true
    await expect(keys.keysOf(NO_SECRET, ACME)).rejects.toThrow('gone')
  })

  it('of one tenant does not open for another, known or not, and what is no secret is refused', async () => {
    const { keys, stored } = isolateOf()
    await keys.keysOf(NO_SECRET, ACME)
    const cacheSecret = stored.get('acme') ?? null
    await failure(keys.keysOf({ cacheSecret }, { id: 'evil', generation: 'g1' }) as Promise<unknown>)
    const vault = createVault({ masterKey, clock: manualClock() })
    const short = await vault.seal('acme', CACHE_SECRET_NAME, 1, toBase64(new Uint8Array(31)))
    await failure(isolateOf().keys.keysOf({ cacheSecret: short }, ACME) as Promise<unknown>)
  })

  it('lives in the tenant’s object, sealed, and its name can be no credential’s', async () => {
    const place = await freshPlace()
    const vault = createVault({ masterKey, clock: systemClock })
    const made = () => createCacheKeys(vault, { tenants, clock: systemClock }).keysOf(NO_SECRET, place)
    const [one, two] = await Promise.all([made(), made()])
    expect(one.fingerprint('x')).toBe(two.fingerprint('x'))
    const admin = createTenantAdmin(env.TENANT, place, tools)
    expect(await admin.sealedRecords()).toMatchObject([{ name: CACHE_SECRET_NAME, record: { version: 1 } }])
    expect(await admin.credentials()).toEqual([])
    await directory.deleteTenant(place.id, 'admin')
    await expect(made()).rejects.toThrow('gone')
  })

  it('follows from no master key: sealed under another one, it makes the same keys', async () => {
    const { keys, stored, clock } = isolateOf()
    const before = await keys.keysOf(NO_SECRET, ACME)
    const sealed = await before.seal('k', 'kept')
    const record = stored.get('acme')
    if (record === undefined) throw new Error('no record')
    const next = toBase64(new Uint8Array(32).fill(2))
    const cacheSecret = await createVault({ masterKey: next, previous: masterKey, clock }).reseal(
      'acme',
      CACHE_SECRET_NAME,
      record,
    )
    const alone = createCacheKeys(createVault({ masterKey: next, clock }), { tenants, clock })
    const after = await alone.keysOf({ cacheSecret }, ACME)
    expect(after.fingerprint('x')).toBe(before.fingerprint('x'))
    expect(await after.open('k', sealed)).toBe('kept')
  })
})

describe('names', () => {
  it('are 43 and 8 characters of base64url, the same for the same text, and tell uses and kinds apart', async () => {
    const one = await keyring()
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (left, right) => {
        expect(one.fingerprint(left)).toMatch(/^[\w-]{43}$/)
        expect(one.mark('entity', left)).toMatch(/^[\w-]{8}$/)
        expect(one.fingerprint(left) === one.fingerprint(right)).toBe(left === right)
        expect(one.mark('entity', left)).toBe(one.mark('entity', left))
        expect(one.mark('entity', left)).not.toBe(one.mark('number', left))
        expect(one.fingerprint(`entity\n${left}`).slice(0, 8)).not.toBe(one.mark('entity', left))
      }),
    )
  })

  it('are other ones for every tenant', async () => {
    const [one, two] = [await keyring(), await keyring()]
    expect(one.fingerprint('x')).not.toBe(two.fingerprint('x'))
    expect(one.mark('entity', 'x')).not.toBe(two.mark('entity', 'x'))
  })
})

describe('a value', () => {
  it('opens to what was sealed, text or bytes, and is never the same twice', async () => {
    const ring = await keyring()
    await fc.assert(
      fc.asyncProperty(fc.string({ maxLength: 50 }), fc.string({ unit: 'grapheme' }), async (key, text) => {
        const [one, two] = [await ring.seal(key, text), await ring.seal(key, utf8(text))]
        expect(one).not.toBe(two)
        expect([await ring.open(key, one), await ring.open(key, two)]).toEqual([text, text])
      }),
      { numRuns: 30 },
    )
    const long = '\uFEFF'.padEnd(300_000, 'é')
    expect(await ring.open('k', await ring.seal('k', long))).toBe(long)
  })

  it('opens for no other tenant, under no other key, and not when it was changed anywhere', async () => {
    const [ring, other] = [await keyring(), await keyring()]
    const sealed = await ring.seal('key', 'canary-4711')
    expect(atob(sealed)).not.toContain('canary')
    await failure(other.open('key', sealed))
    await failure(ring.open('kez', sealed))
    const bytes = Uint8Array.from(atob(sealed), (character) => character.charCodeAt(0))
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
        const changed = bytes.slice()
        changed[at] = (changed[at] ?? 0) ^ flip
        await failure(ring.open('key', toBase64(changed)))
        await failure(ring.open('key', toBase64(bytes.slice(0, at))))
      }),
      { numRuns: 40 },
    )
  })

  it.each(['', '?', 'AAAA', 'no base64', toBase64(new Uint8Array(28))])('does not open from %j', async (sealed) => {
    await failure((await keyring()).open('key', sealed))
  })

  it('that is no text does not open', async () => {
    const ring = await keyring()
    await failure(ring.open('key', await ring.seal('key', Uint8Array.of(0xff))))
  })
})
