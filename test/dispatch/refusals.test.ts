/** What callers are told of the last fault, where dispatch.test.ts does not come to it. */
import { expect, it } from 'vitest'
import { refusalOf } from '../../src/dispatch/refusals.ts'

it.each([
  ['full', 'Too many'],
  ['wait', 'x-sluice-max-wait-ms'],
  ['shed', 'batch'],
] as const)('a pool that has no replica in time (%s): a 429 with when to come again', (why, words) => {
  const told = refusalOf([{ kind: 'unplaced', why, retryAfterMs: 1234 }], 'm')
  expect(told).toMatchObject({ kind: 'refused', refusal: { code: 'queue_timeout', status: 429, retryAfterMs: 1234 } })
  expect(told.refusal.message).toContain(words)
})

it('a pool that has none at all has failed', () => {
  const told = refusalOf([{ kind: 'unplaced', why: 'none', retryAfterMs: 0 }], 'm')
  expect(told).toMatchObject({ kind: 'failed', refusal: { code: 'upstream_failed', status: 502 } })
})
