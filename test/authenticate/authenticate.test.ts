/** The guard's verdicts, and what each costs outside the isolate. */
import { describe, expect, it, vi } from 'vitest'
import { guarded } from '../support/guard.ts'

const OUT_OF_REACH = () => Promise.reject(new Error('out of reach'))

describe('a good key', () => {
  it('lets its tenant in, with the tenant, the key and the generation', async () => {
    const deployment = await guarded()
    deployment.addTenant('acme', { metadata: { plan: 'gold' } })
    const { key, id } = await deployment.addKey('acme')
    const answer = await deployment.present(`Bearer ${key}`)
    expect(answer).toMatchObject({
      kind: 'caller',
      caller: { tenantId: 'acme', generation: 'acme#1', tenant: { metadata: { plan: 'gold' } }, key: { id } },
    })
    expect(JSON.stringify(answer)).not.toContain(key.slice(-38))
    expect(await deployment.present(null, key)).toMatchObject({ kind: 'caller' })
  })

  it('costs no cryptography and no call when it was let in a moment ago, one HMAC after a minute', async () => {
    const deployment = await guarded()
    deployment.addTenant('acme')
    const { key } = await deployment.addKey('acme')
    await deployment.present(`Bearer ${key}`)
    const before = { ...deployment.calls }
    const spies = (['sign', 'decrypt', 'importKey', 'deriveKey', 'digest'] as const).map((name) =>
      vi.spyOn(crypto.subtle, name),
    )
    try {
      await deployment.present(`Bearer ${key}`)
      expect(spies.map(({ mock }) => mock.calls.length)).toEqual([0, 0, 0, 0, 0])
      expect(deployment.calls).toEqual(before)
      await deployment.clock.advance(60_000)
      await deployment.present(`Bearer ${key}`)
      expect(spies.map(({ mock }) => mock.calls.length)).toEqual([1, 0, 0, 0, 0])
    } finally {
      for (const spy of spies) spy.mockRestore()
    }
  })

  it('is read anew under another pepper, however lately it was let in', async () => {
    const deployment = await guarded()
    deployment.addTenant('acme')
    const { key } = await deployment.addKey('acme')
    expect(await deployment.code(key)).toBe('ok')
    deployment.pepper = await deployment.apiKeys.newPepper()
    expect(await deployment.code(key)).toBe('invalid_api_key')
  })

  it('costs no second HMAC when it must be confirmed anew: its check was verified', async () => {
    const deployment = await guarded()
    deployment.addTenant('acme')
    const { key } = await deployment.addKey('acme')
    await deployment.code(key)
    await deployment.clock.advance(60_000)
    const sign = vi.spyOn(crypto.subtle, 'sign')
    try {
      expect(await deployment.code(key)).toBe('ok')
      expect(sign).toHaveBeenCalledTimes(1)
    } finally {
      sign.mockRestore()
    }
  })

  it('may call what both its tenant and itself may', async () => {
    const deployment = await guarded()
    deployment.addTenant('acme', { models: ['chat-*', 'embed'] })
    const { key } = await deployment.addKey('acme', { models: ['*-large', 'embed', 'other'] })
    const answer = await deployment.present(`Bearer ${key}`)
    if (answer.kind !== 'caller') throw new Error('refused')
    const allowed = ['chat-large', 'chat-small', 'embed', 'other', 'code-large'].filter(answer.caller.mayCall)
    expect(allowed).toEqual(['chat-large', 'embed'])
  })
})

describe('no key of ours', () => {
  it.each([
    [null, null],
    ['Bearer sk-other', null],
    ['Basic dXNlcjpwYXNz', null],
    [null, ''],
  ])('authorization %j, x-api-key %j: told how to send one', async (authorization, apiKey) => {
    const deployment = await guarded()
    const answer = await deployment.present(authorization, apiKey)
    expect(answer).toMatchObject({ kind: 'refused', refusal: { code: 'invalid_api_key', status: 401, param: null } })
    expect(JSON.stringify(answer)).toMatch(/Authorization: Bearer slc_.*x-api-key: slc_/)
  })

  it('two different ones are refused, though both be good', async () => {
    const deployment = await guarded()
    deployment.addTenant('acme')
    const [one, two] = [await deployment.addKey('acme'), await deployment.addKey('acme')]
    expect(await deployment.present(`Bearer ${one.key}`, two.key)).toMatchObject({
      refusal: { code: 'invalid_api_key' },
    })
    expect(await deployment.present(`Bearer ${one.key}`, one.key)).toMatchObject({ kind: 'caller' })
    expect(await deployment.present('Bearer sk-other', one.key)).toMatchObject({ kind: 'caller' })
  })

  it('malformed or forged ones touch nothing outside the isolate', async () => {
    const deployment = await guarded()
    deployment.addTenant('acme')
    const { key } = await deployment.addKey('acme')
    expect(await deployment.code('slc_nonsense')).toBe('invalid_api_key')
    const last = key.endsWith('0') ? '1' : '0'
    expect(await deployment.code(key.slice(0, -1) + last)).toBe('invalid_api_key')
    for (let tenant = 0; tenant < 200; tenant++) {
      expect(await deployment.code(`slc_forged-${tenant}_12345678_${'a'.repeat(38)}`)).toBe('invalid_api_key')
    }
    expect(deployment.calls).toEqual({ place: 0, lookUp: 0, ensurePepper: 0 })
  })
})

describe('a key that is good no longer', () => {
  it('expires to the moment, cached as it is', async () => {
    const deployment = await guarded()
    deployment.addTenant('acme')
    const { key } = await deployment.addKey('acme', { expiresAt: '2026-01-01T00:00:03Z' })
    expect(await deployment.code(key)).toBe('ok')
    await deployment.clock.advance(2999)
    expect(await deployment.code(key)).toBe('ok')
    await deployment.clock.advance(1)
    expect(await deployment.code(key)).toBe('expired_api_key')
    expect(deployment.calls.lookUp).toBe(1)
  })

  it.each([
    [{ expiresAt: '2026-01-01T00:00:09Z', overlapUntil: '2026-01-01T00:00:02Z' }],
    [{ expiresAt: '2026-01-01T00:00:02Z', overlapUntil: '2026-01-01T00:00:09Z' }],
    [{ overlapUntil: '2026-01-01T02:00:02+02:00' }],
  ])('ends at the earlier of expiry and overlap: %j', async (dates) => {
    const deployment = await guarded()
    deployment.addTenant('acme')
    const { key } = await deployment.addKey('acme', dates)
    await deployment.clock.advance(1999)
    expect(await deployment.code(key)).toBe('ok')
    await deployment.clock.advance(1)
    expect(await deployment.code(key)).toBe('expired_api_key')
  })

  it('with a date that cannot be read is not good', async () => {
    const deployment = await guarded()
    deployment.addTenant('acme')
    const { key } = await deployment.addKey('acme', { expiresAt: 'soon' })
    expect(await deployment.code(key)).toBe('expired_api_key')
  })

  it('is told that it was revoked for 30 days, then it is unknown; expired or suspended besides or not', async () => {
    const deployment = await guarded()
    deployment.addTenant('acme', { state: 'suspended' })
    const revokedAt = '2026-01-01T00:00:00Z'
    const { key } = await deployment.addKey('acme', { revokedAt, expiresAt: revokedAt })
    expect(await deployment.code(key)).toBe('revoked_api_key')
    await deployment.clock.advance(30 * 86_400_000 - 1)
    expect(await deployment.code(key)).toBe('revoked_api_key')
    await deployment.clock.advance(1)
    expect(await deployment.code(key)).toBe('invalid_api_key')
  })

  it('of a suspended tenant is told so, unless it has expired', async () => {
    const deployment = await guarded()
    deployment.addTenant('acme', { state: 'suspended' })
    const good = await deployment.addKey('acme')
    const expired = await deployment.addKey('acme', { expiresAt: '2025-01-01T00:00:00Z' })
    expect(await deployment.present(`Bearer ${good.key}`)).toMatchObject({
      refusal: { code: 'tenant_suspended', status: 403 },
    })
    expect(await deployment.code(expired.key)).toBe('expired_api_key')
  })
})

describe('what is out of reach or wrong', () => {
  it('the tenant’s object or the Directory: a key not known here is refused with 503', async () => {
    const deployment = await guarded()
    deployment.addTenant('acme')
    const { key } = await deployment.addKey('acme')
    deployment.reach.tenant = OUT_OF_REACH
    expect(await deployment.present(`Bearer ${key}`)).toMatchObject({
      refusal: { code: 'overloaded', status: 503, retryAfterMs: 1000 },
    })
    deployment.reach.tenant = async () => {}
    expect(await deployment.code(key)).toBe('ok')
    const cold = await guarded()
    cold.addTenant('acme')
    cold.reach.directory = OUT_OF_REACH
    expect(await cold.code((await cold.addKey('acme')).key)).toBe('overloaded')
  })

  it('the master key: misconfigured, naming the variable', async () => {
    const deployment = await guarded({ masterKey: 'wrong' })
    const answer = await deployment.present(null, (await deployment.addKey('acme')).key)
    expect(answer).toMatchObject({ refusal: { code: 'misconfigured', status: 503 } })
    expect(JSON.stringify(answer)).toContain('SLUICE_MASTER_KEY')
  })
})

describe('a snapshot without a pepper', () => {
  it('is completed from the Directory once, so that the first key works at once', async () => {
    const deployment = await guarded()
    deployment.addTenant('acme')
    const { key } = await deployment.addKey('acme')
    deployment.pepper = null
    expect(await deployment.code(key)).toBe('ok')
    expect(await deployment.code(key)).toBe('ok')
    expect(deployment.calls.ensurePepper).toBe(1)
  })

  it('and without a Directory checks no key', async () => {
    const deployment = await guarded()
    const { key } = await deployment.addKey('acme')
    deployment.pepper = null
    deployment.reach.directory = OUT_OF_REACH
    expect(await deployment.code(key)).toBe('overloaded')
  })
})

it('an error that is nobody’s unreachability is not hidden', async () => {
  const deployment = await guarded()
  const { key } = await deployment.addKey('acme')
  const read = vi.spyOn(deployment.apiKeys, 'read').mockRejectedValue(new TypeError('a fault of ours'))
  await expect(deployment.present(null, key)).rejects.toThrow(TypeError)
  read.mockRestore()
})
