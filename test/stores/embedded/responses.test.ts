/** Kept responses by their ids: each tenant's its own. */
import { env } from 'cloudflare:test'
import { expect, it } from 'vitest'
import { systemClock } from '../../../src/lib/clock.ts'
import { createResponses } from '../../../src/stores/embedded/responses.ts'

const store = createResponses(env.RESPONSE, { clock: systemClock, random: () => 0 })
const acme = { id: 'acme', generation: 'g1' }
const PARTS = { response: 'cg==', input: 'aQ==', context: 'Yw==' }
const HOUR_MS = 3_600_000

it('keeps, gives back and deletes', async () => {
  expect(await store.get(acme, 'resp_1', ['response'])).toBeNull()
  await store.put(acme, 'resp_1', PARTS, HOUR_MS)
  expect(await store.get(acme, 'resp_1', ['response', 'input', 'context'])).toEqual(PARTS)
  expect(await store.get(acme, 'resp_1', ['input'])).toEqual({ input: PARTS.input })
  expect(await store.delete(acme, 'resp_1')).toBe(true)
  expect(await store.delete(acme, 'resp_1')).toBe(false)
  expect(await store.get(acme, 'resp_1', ['input'])).toBeNull()
})

it('shows a tenant nothing of another, nor of its own id made again', async () => {
  await store.put(acme, 'resp_2', PARTS, HOUR_MS)
  for (const other of [
    { id: 'other', generation: 'g1' },
    { id: 'acme', generation: 'g2' },
  ]) {
    expect(await store.get(other, 'resp_2', ['response'])).toBeNull()
    expect(await store.delete(other, 'resp_2')).toBe(false)
  }
  expect(await store.get(acme, 'resp_2', ['response'])).toEqual({ response: PARTS.response })
})
