/** How long the guard believes what it has heard, and whom it asks when. */
import { describe, expect, it } from 'vitest'
import { guarded } from '../support/guard.ts'
import { turn } from '../support/manual-clock.ts'

const OUT_OF_REACH = () => Promise.reject(new Error('out of reach'))
const NEVER = new Promise<never>(() => {})

async function withKey() {
  const deployment = await guarded()
  deployment.addTenant('acme')
  return { deployment, ...(await deployment.addKey('acme')) }
}

/** Waits for real cryptography, which takes turns of the event loop but none of the test's time. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turn()
}

describe('a known key', () => {
  it('is asked for anew in the background while there is traffic, and not when there is none', async () => {
    const { deployment, key } = await withKey()
    await deployment.code(key)
    await deployment.clock.advance(4999)
    await deployment.code(key)
    expect(deployment.calls.lookUp).toBe(1)
    await deployment.clock.advance(1)
    deployment.reach.tenant = () => NEVER
    expect(await deployment.code(key)).toBe('ok')
    expect(deployment.calls.lookUp).toBe(2)
    expect(deployment.background).toHaveLength(2)
    expect(deployment.calls.place).toBe(1)
  })

  it('is refused within 10 s of its revocation, under steady traffic', async () => {
    const { deployment, key, change } = await withKey()
    await deployment.code(key)
    change({ revokedAt: '2026-01-01T00:00:00Z' })
    let seconds = 0
    while ((await deployment.code(key)) === 'ok') {
      await deployment.clock.advance(500)
      seconds += 0.5
    }
    expect(await deployment.code(key)).toBe('revoked_api_key')
    expect(seconds).toBeLessThanOrEqual(6)
  })

  it('is refused 10 s after its revocation by an isolate that had no traffic in between', async () => {
    const { deployment, key, change } = await withKey()
    await deployment.code(key)
    change({ revokedAt: '2026-01-01T00:00:00Z' })
    await deployment.clock.advance(9001)
    expect(await deployment.code(key)).toBe('revoked_api_key')
  })

  it('is refused in time though the request that began the refresh was reset', async () => {
    const { deployment, key, change } = await withKey()
    await deployment.code(key)
    await deployment.clock.advance(5000)
    deployment.reach.tenant = () => NEVER
    expect(await deployment.code(key)).toBe('ok')
    change({ revokedAt: '2026-01-01T00:00:00Z' })
    deployment.reach.tenant = async () => {}
    await deployment.clock.advance(4001)
    const asked = deployment.code(key)
    await until(() => deployment.calls.lookUp === 3)
    expect(await asked).toBe('revoked_api_key')
  })

  it('whose tenant is suspended, or allowed other models, follows within 10 s', async () => {
    const { deployment, key } = await withKey()
    await deployment.code(key)
    deployment.addTenant('acme', { models: ['only'] })
    await deployment.clock.advance(9001)
    const answer = await deployment.present(null, key)
    if (answer.kind !== 'caller') throw new Error('refused')
    expect(['only', 'other'].filter(answer.caller.mayCall)).toEqual(['only'])
    deployment.addTenant('acme', { state: 'suspended' })
    await deployment.clock.advance(9001)
    expect(await deployment.code(key)).toBe('tenant_suspended')
  })

  it('serves for 30 s since it was last confirmed while its object is out of reach, and no longer', async () => {
    const { deployment, key } = await withKey()
    await deployment.code(key)
    deployment.reach.tenant = OUT_OF_REACH
    for (let second = 1; second <= 30; second++) {
      await deployment.clock.advance(1000)
      expect(await deployment.code(key)).toBe('ok')
    }
    await deployment.clock.advance(1)
    expect(await deployment.code(key)).toBe('overloaded')
    deployment.reach.tenant = async () => {}
    await deployment.clock.advance(1000)
    expect(await deployment.code(key)).toBe('ok')
  })

  it('still expires to the moment while its object is out of reach', async () => {
    const { deployment, key, change } = await withKey()
    change({ expiresAt: '2026-01-01T00:00:20Z' })
    await deployment.code(key)
    deployment.reach.tenant = OUT_OF_REACH
    await deployment.clock.advance(19_999)
    expect(await deployment.code(key)).toBe('ok')
    await deployment.clock.advance(1)
    expect(await deployment.code(key)).toBe('expired_api_key')
  })
})

it('what is known of a key is known of its whole text: the id with another secret is another key', async () => {
  const { deployment, key, id, digest } = await withKey()
  await deployment.code(key)
  expect(deployment.cache.peek({ tenantId: 'acme', keyId: id, digest })).toHaveProperty('caller')
  const other = { tenantId: 'acme', keyId: id, digest: `${digest.startsWith('x') ? 'y' : 'x'}${digest.slice(1)}` }
  expect(deployment.cache.has(other)).toBe(false)
  expect(deployment.cache.peek(other)).toBeUndefined()
  expect(await deployment.cache.standing(other)).toBe('unknown')
  expect(deployment.cache.peek(other)).toBe('unknown')
})

describe('a key that no tenant knows', () => {
  it('is believed unknown for 5 s, then asked for again', async () => {
    const { deployment, key, id } = await withKey()
    const stored = deployment.keys.get(`acme#1/${id}`)
    if (stored === undefined) throw new Error('not stored')
    deployment.keys.clear()
    expect(await deployment.code(key)).toBe('invalid_api_key')
    deployment.keys.set(`acme#1/${id}`, stored)
    await deployment.clock.advance(4999)
    expect(await deployment.code(key)).toBe('invalid_api_key')
    expect(deployment.calls.lookUp).toBe(1)
    await deployment.clock.advance(1)
    expect(await deployment.code(key)).toBe('ok')
  })

  it('of a tenant that is not there asks the Directory once in 5 s, and no object', async () => {
    const deployment = await guarded()
    const keys = [await deployment.addKey('nobody'), await deployment.addKey('nobody')]
    for (const { key } of keys) expect(await deployment.code(key)).toBe('invalid_api_key')
    expect(deployment.calls).toMatchObject({ place: 1, lookUp: 0 })
    await deployment.clock.advance(5000)
    for (const { key } of keys) expect(await deployment.code(key)).toBe('invalid_api_key')
    expect(deployment.calls).toMatchObject({ place: 2, lookUp: 0 })
  })
})

describe('a tenant that was deleted', () => {
  it('has no callers within 10 s', async () => {
    const { deployment, key } = await withKey()
    await deployment.code(key)
    deployment.places.clear()
    deployment.tenants.clear()
    await deployment.clock.advance(9001)
    expect(await deployment.code(key)).toBe('invalid_api_key')
  })

  it('and made anew: its new keys work at once on an isolate that knew the old place, its old ones never', async () => {
    const { deployment, key } = await withKey()
    await deployment.code(key)
    deployment.tenants.delete('acme#1')
    deployment.addTenant('acme', {}, 'acme#2')
    const fresh = await deployment.addKey('acme', {}, 'acme#2')
    expect(await deployment.present(null, fresh.key)).toMatchObject({ caller: { generation: 'acme#2' } })
    await deployment.clock.advance(9001)
    expect(await deployment.code(key)).toBe('invalid_api_key')
    expect(deployment.calls.place).toBe(2)
  })

  it('whose object is gone while the Directory still names it is unknown, and asked once', async () => {
    const { deployment, key } = await withKey()
    deployment.tenants.clear()
    expect(await deployment.code(key)).toBe('invalid_api_key')
    expect(deployment.calls).toMatchObject({ place: 2, lookUp: 1 })
  })
})

describe('a cold isolate', () => {
  it('asks once for a key that 50 requests present at the same moment', async () => {
    const { deployment, key } = await withKey()
    const codes = await Promise.all(Array.from({ length: 50 }, () => deployment.code(key)))
    expect(new Set(codes)).toEqual(new Set(['ok']))
    expect(deployment.calls).toMatchObject({ place: 1, lookUp: 1 })
  })

  it('answers 50 requests although the first was reset while it asked', async () => {
    const { deployment, key } = await withKey()
    deployment.reach.tenant = () => NEVER
    void deployment.code(key)
    await until(() => deployment.calls.lookUp === 1)
    deployment.reach.tenant = async () => {}
    const others = Array.from({ length: 50 }, () => deployment.code(key))
    await until(() => deployment.clock.timers === 51)
    await deployment.clock.advance(250)
    expect(new Set(await Promise.all(others))).toEqual(new Set(['ok']))
    expect(deployment.calls.lookUp).toBe(2)
  })
})
