/** Which limits apply to a request: whom they count, what they are called by, and that they are worked out once. */
import { describe, expect, it } from 'vitest'
import { limitsFor } from '../../src/admit/limits.ts'
import { type Config, configSchema, type Limit } from '../../src/core/config.ts'
import { APPLIED_LIMITS_PER_CALLER_MAX } from '../../src/core/limits.ts'
import type { Caller } from '../../src/core/tenant.ts'
import { callerOf } from '../support/path.ts'

const rpm: Limit = { name: 'rpm', of: 'requests', amount: 600, perSeconds: 60 }
const tpm: Limit = { name: 'tpm', of: 'tokens', amount: 9000, perSeconds: 60 }
const flight: Limit = { name: 'flight', of: 'concurrency', amount: 5 }
const month: Limit = { name: 'month', of: 'usd', amount: 0.5, per: 'month' }

const configOf = (...limits: Limit[]): Config => configSchema.parse({ limits })
const caller = (tenant: Limit[] = [], key: Limit[] = [], keyId = 'key00001'): Caller => {
  const made = callerOf({ tenant: { limits: tenant } })
  return { ...made, key: { ...made.key, id: keyId, limits: key } }
}
const idsOf = (limits: Limit[], who = caller(), alias = 'chat', user?: string) =>
  limitsFor(configOf(...limits), who, alias, user).counters.map(({ id }) => id)

it('is nothing, and the same nothing, where no limit is written or none applies', () => {
  const none = limitsFor(configOf(), caller(), 'chat', 'u')
  expect(none).toEqual({ counters: [], setId: '', hasMoney: null, isWorstCase: false })
  expect(limitsFor(configOf({ ...rpm, model: 'x*' }, { ...tpm, scope: 'user' }), caller(), 'chat', undefined)).toBe(
    none,
  )
})

it('makes counters of what is in force', () => {
  const { counters } = limitsFor(configOf(rpm, tpm), caller([{ ...tpm, amount: 5, hard: true }]), 'chat', undefined)
  expect(counters).toEqual([
    {
      id: 'rpm requests sliding 60000 tenant',
      limit: 'rpm',
      of: 'requests',
      window: { kind: 'sliding', perMs: 60_000 },
      amount: 600,
      hard: false,
      scope: 'tenant',
      subject: null,
    },
    {
      id: 'tpm tokens sliding 60000 tenant',
      limit: 'tpm',
      of: 'tokens',
      window: { kind: 'sliding', perMs: 60_000 },
      amount: 5,
      hard: true,
      scope: 'tenant',
      subject: null,
    },
  ])
})

it('leaves out limits whose glob does not match the alias, after the overriding', () => {
  const chat = { ...rpm, model: 'chat-*' }
  expect(idsOf([chat], caller(), 'chat-large')).toHaveLength(1)
  expect(idsOf([chat], caller(), 'embed')).toEqual([])
  expect(idsOf([chat], caller([{ ...rpm, model: 'embed' }]), 'chat-large')).toEqual([])
})

describe('whom a limit counts', () => {
  const subjects = (scope: Limit['scope'], who = caller(), alias = 'chat', user?: string) =>
    limitsFor(configOf({ ...rpm, ...(scope && { scope }) }), who, alias, user).counters.map(({ subject }) => subject)

  it('is the tenant, one of its keys, or an alias', () => {
    expect(subjects(undefined)).toEqual([null])
    expect(subjects('tenant')).toEqual([null])
    expect(subjects('key', caller([], [], 'other000'))).toEqual(['other000'])
    expect(subjects('model', caller(), 'embed')).toEqual(['embed'])
  })

  it('is an end user only where one is named', () => {
    expect(subjects('user', caller(), 'chat', 'u1')).toEqual(['u1'])
    expect(subjects('user')).toEqual([])
    const limits = [{ ...rpm, scope: 'user' as const }, tpm]
    expect(idsOf(limits)).toEqual(['tpm tokens sliding 60000 tenant'])
    expect(idsOf(limits, caller(), 'chat', 'u 1')).toEqual([
      'rpm requests sliding 60000 user u 1',
      'tpm tokens sliding 60000 tenant',
    ])
  })

  it('is the key for a limit that is written on the key', () => {
    expect(idsOf([rpm], caller([], [rpm]))).toEqual(['rpm requests sliding 60000 key key00001'])
  })
})

describe('the id of a counter', () => {
  it('does not change with the amount', () => {
    expect(idsOf([{ ...rpm, amount: 1 }])).toEqual(idsOf([rpm]))
    expect(idsOf([rpm], caller([{ ...rpm, amount: 1 }]))).toEqual(idsOf([rpm]))
  })

  it('differs for whatever counts differently', () => {
    const ids = [
      rpm,
      { ...rpm, name: 'other' },
      { ...rpm, of: 'tokens' as const },
      { ...rpm, perSeconds: 61 },
      { ...rpm, scope: 'key' as const },
      { ...rpm, scope: 'model' as const },
      { ...rpm, shape: 'paced' as const },
      { ...rpm, shape: 'paced' as const, burst: 1 },
      { ...rpm, perSeconds: undefined, per: 'day' as const },
      { ...rpm, perSeconds: undefined, per: 'month' as const },
      { ...rpm, perSeconds: undefined, per: 'day' as const, timeZone: 'Europe/Berlin' },
      { ...flight, name: 'rpm' },
    ].flatMap((limit) => idsOf([limit]))
    // A burst is like an amount: two of them are one count.
    expect(new Set(ids).size).toBe(11)
  })
})

it('says what is reserved: money by its first limit, and worst cases', () => {
  const of = (...limits: Limit[]) => limitsFor(configOf(...limits), caller(), 'chat', 'u')
  expect(of(rpm, tpm, flight)).toMatchObject({ hasMoney: null, isWorstCase: false })
  expect(of({ ...rpm, hard: true })).toMatchObject({ hasMoney: null, isWorstCase: false })
  expect(of({ ...tpm, hard: true })).toMatchObject({ hasMoney: null, isWorstCase: true })
  expect(of(rpm, month, { ...month, name: 'day' })).toMatchObject({ hasMoney: 'month', isWorstCase: true })
  expect(of({ ...month, scope: 'user' })).toMatchObject({ hasMoney: 'month', isWorstCase: true })
})

it('names a set by its counters in their order, whatever their amounts', () => {
  const setId = (...limits: Limit[]) => limitsFor(configOf(...limits), caller(), 'chat', undefined).setId
  expect(setId(rpm, tpm)).toBe(setId({ ...rpm, amount: 1 }, tpm))
  expect(new Set([setId(rpm), setId(tpm), setId(rpm, tpm), setId(tpm, rpm)]).size).toBe(4)
})

describe('what was worked out', () => {
  it('serves until the caller or the config is another', () => {
    const config = configOf(rpm, { ...tpm, model: 'embed' })
    const who = caller()
    const first = limitsFor(config, who, 'chat', undefined)
    expect(limitsFor(config, who, 'chat', 'ignored')).toBe(first)
    expect(limitsFor(config, who, 'embed', undefined).counters).toHaveLength(2)
    expect(limitsFor(config, who, 'chat', undefined)).toBe(first)
    expect(limitsFor(configOf({ ...rpm, amount: 1 }), who, 'chat', undefined).counters[0]?.amount).toBe(1)
    expect(limitsFor(config, { ...who, tenant: { ...who.tenant, limits: [] } }, 'chat', undefined)).not.toBe(first)
  })

  it('is bounded for one caller', () => {
    const config = configOf(rpm)
    const who = caller()
    const first = limitsFor(config, who, 'alias', undefined)
    for (let index = 1; index < APPLIED_LIMITS_PER_CALLER_MAX; index += 1)
      limitsFor(config, who, `a${index}`, undefined)
    expect(limitsFor(config, who, 'alias', undefined)).toBe(first)
    limitsFor(config, who, 'one more', undefined)
    expect(limitsFor(config, who, 'alias', undefined)).not.toBe(first)
    expect(limitsFor(config, who, 'alias', undefined)).toEqual(first)
  })
})
