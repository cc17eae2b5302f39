/** Whose credential a target is called with. */
import { describe, expect, it } from 'vitest'
import { OPERATOR } from '../../src/core/sealed.ts'
import type { Target } from '../../src/core/snapshot.ts'
import type { TenantCredential } from '../../src/core/tenant.ts'
import { credentialsOf, spareOf } from '../../src/route/credentials.ts'
import { callerOf, type Deployment, deploymentOf, sealed } from '../support/path.ts'

const document = (provider: object) => ({
  providers: { p: { protocol: 'openai', ...provider } },
  models: { model: { targets: [{ provider: 'p', model: 'm' }] } },
})
const deployment = deploymentOf(document({ credential: 'main' }), { main: 'operator-value', access: 'access-value' })
const targetOf = (of: Deployment): Target => of.models.get('model')?.targets[0] as Target
const target = targetOf(deployment)
const alive = () => false

const own = (fallbackToOperator: boolean, version = 1): TenantCredential => ({
  record: sealed('own-value', { version }),
  fallbackToOperator,
})

describe('the primary credential', () => {
  it("is the operator's where the tenant has none of that name", () => {
    const found = credentialsOf(target, callerOf({ credentials: { unrelated: own(true) } }), deployment, alive)
    expect(found?.primary).toEqual({ owner: OPERATOR, name: 'main', record: deployment.credentials.main })
    expect(found?.headers).toEqual([])
  })

  it("is the tenant's own before the operator's", () => {
    const found = credentialsOf(target, callerOf({ credentials: { main: own(false) } }), deployment, alive)
    expect(found?.primary).toMatchObject({ owner: 'acme', name: 'main', record: { ciphertext: 'own-value' } })
  })

  it('may be one that only the tenant has', () => {
    const bare = deploymentOf(document({ credential: 'main' }))
    expect(credentialsOf(targetOf(bare), callerOf(), bare, alive)).toBeNull()
    const found = credentialsOf(targetOf(bare), callerOf({ credentials: { main: own(true) } }), bare, () => true)
    expect(found?.primary?.owner).toBe('acme')
  })

  it('is none for a target that takes none', () => {
    const open = deploymentOf(document({}))
    expect(credentialsOf(targetOf(open), callerOf(), open, alive)).toMatchObject({ primary: null, headers: [] })
  })
})

describe('a dead credential of the tenant', () => {
  const find = (credential: TenantCredential, isDead: (identity: string) => boolean) =>
    credentialsOf(target, callerOf({ credentials: { main: credential } }), deployment, isDead)
  const identity = find(own(true), alive)?.identity ?? ''

  it("gives way to the operator's only if the tenant said so", () => {
    const isDead = (asked: string) => asked === identity
    expect(find(own(true), isDead)?.primary?.owner).toBe(OPERATOR)
    expect(find(own(false), isDead)).toMatchObject({ identity, primary: { owner: 'acme' } })
  })

  it("may be stood in for in the same request, by the operator's, only if the tenant said so", () => {
    const spare = (credentials: Record<string, TenantCredential>) =>
      spareOf(target, callerOf({ credentials }), deployment)?.primary?.owner
    expect(spare({ main: own(true) })).toBe(OPERATOR)
    expect(spare({ main: own(false) })).toBeUndefined()
    expect(spare({})).toBeUndefined()
  })

  it('does not give way while it lives', () => {
    expect(find(own(true), alive)?.primary?.owner).toBe('acme')
  })
})

describe('headers', () => {
  const withHeaders = deploymentOf(
    document({ credential: 'main', headers: { 'x-team': 'blue', 'cf-access': { credential: 'access' } } }),
    { main: 'operator-value', access: 'access-value' },
  )

  it('are literal, or hold a credential', () => {
    const found = credentialsOf(targetOf(withHeaders), callerOf(), withHeaders, alive)
    expect(found?.headers).toEqual([
      ['x-team', 'blue'],
      ['cf-access', { owner: OPERATOR, name: 'access', record: withHeaders.credentials.access }],
    ])
  })

  it("hold the tenant's own before the operator's", () => {
    const caller = callerOf({ credentials: { access: own(false) } })
    const found = credentialsOf(targetOf(withHeaders), caller, withHeaders, alive)
    expect(found?.primary?.owner).toBe(OPERATOR)
    expect(found?.headers[1]?.[1]).toMatchObject({ owner: 'acme', name: 'access' })
  })

  it('that need a missing record make the target unusable', () => {
    const bare = deploymentOf(document({ headers: { 'cf-access': { credential: 'access' } } }))
    expect(credentialsOf(targetOf(bare), callerOf(), bare, alive)).toBeNull()
  })

  it('and the credential of a pool come from the pool', () => {
    const pooled = deploymentOf(
      document({
        credential: 'main',
        pool: {
          replicas: [{ id: 'a', url: 'https://a.example/v1' }],
          credential: 'access',
          headers: { 'x-pool': '1' },
        },
      }),
      { main: 'operator-value', access: 'access-value' },
    )
    const found = credentialsOf(targetOf(pooled), callerOf(), pooled, alive)
    expect(found?.primary?.name).toBe('access')
    expect(found?.headers).toEqual([['x-pool', '1']])
  })
})

describe('identity', () => {
  const identityOf = (credentials: Readonly<Record<string, TenantCredential>>, tenant = {}) =>
    credentialsOf(target, callerOf({ credentials, tenant }), deployment, alive)?.identity

  it('is the same for two callers with the same credentials', () => {
    expect(identityOf({}, { id: 'one' })).toBe(identityOf({}, { id: 'two' }))
  })

  it('differs by owner, version, sealing and target', () => {
    const identities = [
      identityOf({}),
      identityOf({ main: own(false) }),
      identityOf({ main: own(false) }, { id: 'other' }),
      identityOf({ main: own(false, 2) }),
      identityOf({
        main: { record: sealed('', { createdAt: '2026-02-02T00:00:00.000Z' }), fallbackToOperator: false },
      }),
      credentialsOf({ ...target, id: 'p/other' }, callerOf(), deployment, alive)?.identity,
    ]
    expect(new Set(identities).size).toBe(identities.length)
  })
})
