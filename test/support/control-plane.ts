/** Builders of what the control plane stores, with the least that a test need not say. */
import type { SealedRecord } from '../../src/core/sealed.ts'
import type { ApiKey, Tenant } from '../../src/core/tenant.ts'
import type { Usage } from '../../src/core/usage.ts'
import type { UsageRecord } from '../../src/core/usage-record.ts'

export const tenantOf = (id: string, more: Partial<Tenant> = {}): Tenant => ({
  id,
  name: id,
  state: 'active',
  createdAt: '2026-11-20T00:00:00.000Z',
  ...more,
})

/** A 32-byte digest that differs by its seed. */
export const digestOf = (seed: number): string => Buffer.alloc(32, seed).toString('base64')

export const keyOf = (id: string, more: Partial<ApiKey> = {}): ApiKey => ({
  id,
  name: `key ${id}`,
  digest: digestOf(1),
  createdAt: '2026-11-20T00:00:00.000Z',
  expiresAt: null,
  revokedAt: null,
  overlapUntil: null,
  lastUsedOn: null,
  ...more,
})

export const sealedOf = (version: number, more: Partial<SealedRecord> = {}): SealedRecord => ({
  kekVersion: '0011223344556677',
  salt: 'c2FsdA==',
  iv: `iv${version}`,
  ciphertext: 'c2VhbGVk',
  version,
  createdAt: '2026-11-20T00:00:00.000Z',
  last4: 'wxyz',
  ...more,
})

export const usageOf = (inputTokens: number, outputTokens: number, more: Partial<Usage> = {}): Usage => ({
  inputTokens,
  cachedInputTokens: 0,
  cacheWriteTokens: 0,
  outputTokens,
  reasoningTokens: 0,
  source: 'provider',
  ...more,
})

/** A finished, priced request that began at `atMs`. */
export const recordOf = (requestId: string, atMs: number, more: Partial<UsageRecord> = {}): UsageRecord => ({
  requestId,
  at: new Date(atMs).toISOString(),
  key: 'key00001',
  model: 'chat',
  target: 'gpu/llama',
  outcome: 'finished',
  status: 200,
  cache: 'bypass',
  attempts: 1,
  usage: usageOf(10, 5),
  costMicroUsd: 7,
  firstTokenMs: 20,
  totalMs: 100,
  ...more,
})
