/** The guard of pools: which tokens were minted here for which pool, without a word to anybody. */
import { expect, it } from 'vitest'
import { authenticateWorker } from '../../src/authenticate/worker.ts'
import { toBase64 } from '../../src/lib/hash.ts'
import { createApiKeys } from '../../src/vault/api-keys.ts'
import { createVault } from '../../src/vault/vault.ts'
import { manualClock } from '../support/manual-clock.ts'

const keysUnder = (seed: number) =>
  createApiKeys(createVault({ masterKey: toBase64(new Uint8Array(32).fill(seed)), clock: manualClock() }))
const apiKeys = keysUnder(1)
const pepper = await apiKeys.newPepper()
const guard = { apiKeys, cache: { pepper: async () => pepper } }
const { token, id, digest } = await apiKeys.mintWorker(pepper, 'gpu')

const code = async (authorization: string | null, pool = 'gpu', more: Partial<typeof guard> = {}, known = pepper) => {
  const verdict = await authenticateWorker({ ...guard, ...more }, authorization, pool, { pepper: known })
  return verdict.kind === 'refused' ? verdict.refusal.code : verdict.kind
}

it('knows its own tokens by id and digest', async () => {
  const verdict = await authenticateWorker(guard, `Bearer ${token}`, 'gpu', { pepper: null })
  expect(verdict).toEqual({ kind: 'minted', id, digest })
})

it('refuses every other', async () => {
  expect(await code(null)).toBe('invalid_api_key')
  expect(await code(`Basic ${token}`)).toBe('invalid_api_key')
  expect(await code(`Bearer ${token}`, 'other')).toBe('invalid_api_key')
  expect(await code(`Bearer ${token.replace('_gpu_', '_other_')}`, 'other')).toBe('invalid_api_key')
  expect(await code(`Bearer ${(await apiKeys.mint(pepper, 'gpu')).key}`)).toBe('invalid_api_key')
  for (let at = 0; at < token.length; at += 1) {
    const forged = token.slice(0, at) + (token[at] === 'x' ? 'y' : 'x') + token.slice(at + 1)
    expect(await code(`Bearer ${forged}`), `${at}`).toBe('invalid_api_key')
  }
})

it('says when it cannot tell', async () => {
  const away = { cache: { pepper: () => Promise.reject(new Error('away')) } }
  const refused = await authenticateWorker({ ...guard, ...away }, `Bearer ${token}`, 'gpu', { pepper: null })
  expect(refused).toMatchObject({ refusal: { code: 'overloaded', retryAfterMs: 1000 } })
  expect(await code(`Bearer ${token}`, 'gpu', { apiKeys: keysUnder(2) })).toBe('misconfigured')
})
