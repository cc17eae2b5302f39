/** Every exit becomes one row, and what only the isolate holds is given back. */
import { describe, expect, it, vi } from 'vitest'
import { refusal } from '../../src/core/errors.ts'
import { Slices } from '../../src/core/ledger/slices.ts'
import { placeOf } from '../../src/core/tenant.ts'
import { UsageBuffer } from '../../src/core/usage-buffer.ts'
import { type End, end } from '../../src/record/end.ts'
import { manualClock } from '../support/manual-clock.ts'
import { callerOf, deploymentOf, STARTED_AT_MS } from '../support/path.ts'

const UNTRIED = { attempts: 0, target: null, askedAtMs: null } as const
const REQUEST = { requestId: 'r1', startedAtMs: STARTED_AT_MS, alias: 'demo' }

function recordingServices() {
  const usageBuffer = new UsageBuffer()
  const caller = callerOf()
  const services = {
    clock: manualClock(STARTED_AT_MS),
    usageBuffer,
    slices: new Slices(),
    tenants: { record: async () => {} },
    background: () => {},
    log: () => {},
  }
  const entry = { deployment: deploymentOf({}), caller }
  return { services, entry, rows: () => usageBuffer.take(placeOf(caller), STARTED_AT_MS)?.rows ?? [] }
}

function rowOf(known: End) {
  const { services, entry, rows } = recordingServices()
  end(services, entry, REQUEST, known)
  return rows()[0]
}

describe('end', () => {
  it('tells a refusal by its own status', () => {
    const refused = refusal('budget_exceeded', 'No.')
    expect(rowOf({ ...UNTRIED, outcome: 'refused', refusal: refused })).toMatchObject({
      outcome: 'refused',
      status: 429,
      usage: null,
    })
  })

  it('has 499 for a client who left before a status was sent, 200 for one who left a stream', () => {
    expect(rowOf({ ...UNTRIED, outcome: 'cancelled' })).toMatchObject({ status: 499 })
    expect(rowOf({ ...UNTRIED, outcome: 'cancelled', firstTokenMs: 12 })).toMatchObject({ status: 200 })
  })

  it('answers with the cost alone, and releases', () => {
    const { services, entry } = recordingServices()
    const release = vi.fn()
    expect(end(services, entry, REQUEST, { ...UNTRIED, outcome: 'finished', release })).toEqual({ costMicroUsd: null })
    expect(release).toHaveBeenCalledOnce()
  })
})
