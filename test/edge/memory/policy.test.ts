/** What the config says of sessions. */
import { expect, it } from 'vitest'
import { configSchema } from '../../../src/core/config.ts'
import { TURN_WAIT_MS } from '../../../src/core/session/limits.ts'
import { policyOf, turnWaitMs } from '../../../src/edge/memory/policy.ts'

it('has defaults', () => {
  const { sessions } = configSchema.parse({})
  expect(policyOf(sessions)).toEqual({ ttlMs: 30 * 24 * 3_600_000, loopRepeats: 5 })
  expect(sessions).toEqual({ onBusy: 'refuse', ttlSeconds: 2_592_000, maxTokens: 200_000, loopRepeats: 5 })
})

it('lets turns wait only where they queue, as long as their caller says', () => {
  const { sessions } = configSchema.parse({ sessions: { onBusy: 'queue' } })
  expect(turnWaitMs(sessions, undefined)).toBe(TURN_WAIT_MS)
  expect(turnWaitMs(sessions, 0)).toBe(0)
  expect(turnWaitMs(sessions, 500)).toBe(500)
  expect(turnWaitMs({ ...sessions, onBusy: 'refuse' }, 500)).toBe(0)
})
