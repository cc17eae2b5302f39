/** Every exit becomes one row, and what only the isolate holds is given back. */
import { describe, expect, it, vi } from 'vitest'
import { refusal } from '../../src/core/errors.ts'
import { Slices } from '../../src/core/ledger/slices.ts'
import type { Counter } from '../../src/core/ledger/types.ts'
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

  it.each([
    ['held', 1],
    ['sliding', 0],
  ] as const)('under a limit whose window is %s makes %i flushes at once', (kind, flushes) => {
    const { services, entry } = recordingServices()
    const background = vi.fn()
    const window = kind === 'held' ? { kind } : { kind, perMs: 1000 }
    const counter: Counter = {
      id: 'c',
      limit: 'c',
      of: 'requests',
      window,
      amount: 1,
      hard: false,
      scope: 'tenant',
      subject: null,
    }
    const record = vi.fn(async () => {})
    const limits = { counters: [counter], levels: [] }
    end({ ...services, background, tenants: { record } }, entry, REQUEST, { ...UNTRIED, outcome: 'finished', limits })
    expect(background).toHaveBeenCalledOnce()
    expect(record).toHaveBeenCalledTimes(flushes)
  })

  it('answers with the cost alone, and releases', () => {
    const { services, entry } = recordingServices()
    const release = vi.fn()
    expect(end(services, entry, REQUEST, { ...UNTRIED, outcome: 'finished', release })).toEqual({ costMicroUsd: null })
    expect(release).toHaveBeenCalledOnce()
  })
})
