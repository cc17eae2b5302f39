/** The guard over a Directory and tenants' objects that answer from memory, with real keys and a clock in the test's hand. */
import { authenticate } from '../../src/authenticate/authenticate.ts'
import { createAuthCache } from '../../src/authenticate/cache.ts'
import type { SealedRecord } from '../../src/core/sealed.ts'
import type { ApiKey, Tenant } from '../../src/core/tenant.ts'
import { toBase64 } from '../../src/lib/hash.ts'
import type { KeyVerdict, TenantPlace } from '../../src/stores/types.ts'
import { createApiKeys } from '../../src/vault/api-keys.ts'
import { createVault } from '../../src/vault/vault.ts'
import { manualClock } from './manual-clock.ts'

interface StoredKey extends Omit<ApiKey, 'digest'> {
  readonly digest: string
}

/** One deployment and one isolate of it. */
export async function guarded(options: { masterKey?: string } = {}) {
  const clock = manualClock()
  const vault = createVault({ masterKey: toBase64(new Uint8Array(32).fill(1)), clock })
  const apiKeys = createApiKeys(vault)
  const pepper = await apiKeys.newPepper()
  const calls = { place: 0, lookUp: 0, ensurePepper: 0 }
  const places = new Map<string, TenantPlace>()
  const tenants = new Map<string, Tenant>()
  const keys = new Map<string, StoredKey>()
  const state = {
    clock,
    calls,
    pepper: pepper as SealedRecord | null,
    /** Stand between the guard and the objects; tests replace them. */
    reach: { directory: async (): Promise<void> => {}, tenant: async (): Promise<void> => {} },
    background: [] as Promise<unknown>[],
  }

  const lookUp = (place: TenantPlace, keyId: string, digest: string): KeyVerdict => {
    const tenant = tenants.get(place.generation)
    if (tenant === undefined) return { kind: 'gone' }
    const key = keys.get(`${place.generation}/${keyId}`)
    if (key === undefined || key.digest !== digest) return { kind: 'unknown' }
    const { digest: _, ...shown } = key
    return { kind: 'known', epoch: 1, tenant, key: shown, credentials: {}, cacheSecret: null, webhook: null }
  }

  const sources = {
    clock,
    random: () => 0.5,
    background: (work: Promise<unknown>) => void state.background.push(work),
    apiKeys,
    directory: {
      async place(tenantId: string) {
        calls.place += 1
        await state.reach.directory()
        return places.get(tenantId) ?? null
      },
      async ensurePepper(_: SealedRecord) {
        calls.ensurePepper += 1
        await state.reach.directory()
        return pepper
      },
    },
    tenants: {
      async lookUp(place: TenantPlace, keyId: string, digest: string) {
        calls.lookUp += 1
        // The object decides when it is reached, not when its answer is.
        const verdict = lookUp(place, keyId, digest)
        await state.reach.tenant()
        return verdict
      },
    },
  }

  const wrongKey = toBase64(new Uint8Array(32).fill(9))
  const guard = {
    clock,
    cache: createAuthCache(sources),
    apiKeys: options.masterKey === 'wrong' ? createApiKeys(createVault({ masterKey: wrongKey, clock })) : apiKeys,
  }

  const present = (authorization: string | null, apiKey: string | null = null) =>
    authenticate(guard, { authorization, apiKey }, { pepper: state.pepper })

  return Object.assign(state, {
    apiKeys,
    cache: guard.cache,
    places,
    tenants,
    keys,
    present,
    /** Makes a tenant at a place of its own; a known id moves there. */
    addTenant(id: string, fields: Partial<Tenant> = {}, generation = `${id}#1`) {
      places.set(id, { id, generation })
      tenants.set(generation, { id, name: id, state: 'active', createdAt: '2026-01-01T00:00:00Z', ...fields })
    },
    /** Mints and stores a key of the tenant. */
    async addKey(tenantId: string, fields: Partial<StoredKey> = {}, generation = `${tenantId}#1`) {
      const { key, id, digest } = await apiKeys.mint(pepper, tenantId)
      const dates = { createdAt: '2026-01-01T00:00:00Z', expiresAt: null, revokedAt: null, overlapUntil: null }
      keys.set(`${generation}/${id}`, { id, name: 'test', digest, lastUsedOn: null, ...dates, ...fields })
      const change = (changed: Partial<StoredKey>): void => {
        const stored = keys.get(`${generation}/${id}`)
        if (stored !== undefined) keys.set(`${generation}/${id}`, { ...stored, ...changed })
      }
      return { key, id, digest, change }
    },
    /** What a caller is told: `ok`, or the code. */
    async code(key: string): Promise<string> {
      const answer = await present(`Bearer ${key}`)
      return answer.kind === 'caller' ? 'ok' : answer.refusal.code
    },
  })
}
