/** What a fault says of a replica: load is no failure, and who was given no time has shown nothing. */
import { expect, it } from 'vitest'
import { verdictOf } from '../../src/dispatch/verdict.ts'

const failed = (status: number, retryAfterMs: number | null = null) =>
  ({ kind: 'failed', status, retryAfterMs, why: 'x' }) as const

it.each([
  [failed(500), 'failed'],
  [failed(0), 'failed'],
  [failed(503), 'failed'],
  [failed(503, 1000), 'overloaded'],
  [{ kind: 'rate-limited', status: 429, retryAfterMs: null }, 'overloaded'],
  [{ kind: 'timeout', expiry: 'headers' }, 'failed'],
  [{ kind: 'timeout', expiry: 'idle' }, 'failed'],
  [{ kind: 'timeout', expiry: 'total' }, 'unknown'],
  [{ kind: 'timeout', expiry: 'caller' }, 'unknown'],
  [{ kind: 'cancelled' }, 'unknown'],
  [{ kind: 'lost' }, 'lost'],
  [{ kind: 'credential', status: 401 }, 'answered'],
  [{ kind: 'rejected', status: 400, message: '', param: null }, 'answered'],
] as const)('%j: %s', (fault, verdict) => {
  expect(verdictOf(fault)).toBe(verdict)
})
