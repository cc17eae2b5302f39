/** What the admin API takes: defaults, and what is turned into what. */
import { expect, it } from 'vitest'
import {
  configQuerySchema,
  credentialNameSchema,
  keyInputSchema,
  keyPatchSchema,
  pageQuerySchema,
  rotateInputSchema,
  tenantCredentialInputSchema,
  tenantIdSchema,
  tenantInputSchema,
  tenantPatchSchema,
  usageQuerySchema,
} from '../../src/core/admin-schemas.ts'

it('has defaults', () => {
  expect(pageQuerySchema.parse({})).toEqual({ limit: 100 })
  expect(configQuerySchema.parse({})).toEqual({ dryRun: false })
  expect(usageQuerySchema.parse({})).toEqual({ by: [] })
  expect(rotateInputSchema.parse({})).toEqual({ overlapSeconds: 86_400 })
  expect(tenantCredentialInputSchema.parse({ value: 'v' })).toEqual({ value: 'v', fallbackToOperator: false })
})

it('reads queries', () => {
  expect(pageQuerySchema.parse({ limit: '1000', after: 'x' })).toEqual({ limit: 1000, after: 'x' })
  for (const limit of ['0', '1001', '1.5', 'x', ''])
    expect(pageQuerySchema.safeParse({ limit }).success, limit).toBe(false)
  expect(configQuerySchema.parse({ dryRun: 'true' })).toEqual({ dryRun: true })
  expect(configQuerySchema.safeParse({ dryRun: 'yes' }).success).toBe(false)
  expect(usageQuerySchema.parse({ by: 'model,key,day' }).by).toEqual(['model', 'key', 'day'])
})

it('turns instants into UTC, so that they compare as text', () => {
  const { expiresAt } = keyInputSchema.parse({ name: 'a', expiresAt: '2099-06-01T12:00:00.5+02:00' })
  expect(expiresAt).toBe('2099-06-01T10:00:00.500Z')
  expect(keyInputSchema.parse({ name: 'a', expiresAt: null }).expiresAt).toBeNull()
  expect(keyPatchSchema.parse({ expiresAt: '2099-06-01T12:00:00+02:00' }).expiresAt).toBe('2099-06-01T10:00:00.000Z')
  // The later wall clock is the earlier instant.
  const range = { from: '2026-01-01T10:00:00+05:00', to: '2026-01-01T09:00:00Z' }
  expect(usageQuerySchema.safeParse(range).success).toBe(true)
  expect(usageQuerySchema.safeParse({ from: range.to, to: range.from }).success).toBe(false)
})

it('knows ids and names', () => {
  for (const id of ['a', '0', 'a-b', '-', 'a'.repeat(32)]) expect(tenantIdSchema.safeParse(id).success, id).toBe(true)
  for (const id of ['', 'A', 'a_b', 'a b', 'é', 'a'.repeat(33)])
    expect(tenantIdSchema.safeParse(id).success, id).toBe(false)
  expect(credentialNameSchema.safeParse('a'.repeat(64)).success).toBe(true)
  expect(credentialNameSchema.safeParse('a'.repeat(65)).success).toBe(false)
})

it('bounds what one tenant may say', () => {
  const tenant = { id: 'a', name: 'a' }
  const fits = (more: object) => tenantInputSchema.safeParse({ ...tenant, ...more }).success
  const entries = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, 'v']))
  expect([fits({ metadata: entries(32) }), fits({ metadata: entries(33) })]).toEqual([true, false])
  expect([fits({ models: Array(256).fill('a') }), fits({ models: Array(257).fill('a') })]).toEqual([true, false])
  expect([fits({ name: 'n'.repeat(128) }), fits({ name: 'n'.repeat(129) }), fits({ name: '' })]).toEqual([
    true,
    false,
    false,
  ])
})

it('tells a field taken away from one that is not named', () => {
  expect(tenantPatchSchema.parse({ models: null, limits: [] })).toEqual({ models: null, limits: [] })
  expect(tenantPatchSchema.safeParse({ name: null }).success).toBe(false)
  const lifted = { models: null, limits: null, expiresAt: null, debug: null }
  expect(keyPatchSchema.parse(lifted)).toEqual(lifted)
  expect(keyPatchSchema.parse({})).toEqual({})
  for (const bad of [{ name: null }, { name: '' }, { id: 'x' }, { overlapUntil: null }, { limits: {} }])
    expect(keyPatchSchema.safeParse(bad).success, JSON.stringify(bad)).toBe(false)
})
