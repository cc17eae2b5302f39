/** When rows of hits go: nobody waits for what they give back, so they wait for others, but never others for them. */
import { expect, it } from 'vitest'
import { Slices } from '../../src/core/ledger/slices.ts'
import { USAGE_FLUSH_MS, USAGE_HITS_FLUSH_MS } from '../../src/core/limits.ts'
import { UsageBuffer } from '../../src/core/usage-buffer.ts'
import type { UsageBatch } from '../../src/core/usage-record.ts'
import { type Ending, record } from '../../src/record/record.ts'
import { manualClock } from '../support/manual-clock.ts'
import { callerOf, STARTED_AT_MS } from '../support/path.ts'

const HIT: Omit<Ending, 'requestId'> = {
  startedAtMs: STARTED_AT_MS,
  alias: 'model',
  outcome: 'finished',
  cache: 'hit',
  status: 200,
  target: null,
  attempts: 0,
  usage: null,
  firstTokenMs: null,
  code: null,
  charge: null,
  isHeld: false,
}

function stage() {
  const clock = manualClock(STARTED_AT_MS)
  const batches: string[] = []
  const tenants = {
    async record(_: unknown, { rows }: UsageBatch) {
      batches.push(rows.map(({ requestId }) => requestId).join(' '))
    },
  }
  const services = { clock, usageBuffer: new UsageBuffer(), slices: new Slices(), tenants, background() {}, log() {} }
  const end = (requestId: string, more: Partial<Ending> = {}) =>
    record(services, callerOf(), 'off', { ...HIT, requestId, ...more })
  return { clock, batches, end }
}

it('they wait for more while they are alone', async () => {
  const { clock, batches, end } = stage()
  end('a')
  for (let waitedMs = USAGE_FLUSH_MS; waitedMs < USAGE_HITS_FLUSH_MS; waitedMs += USAGE_FLUSH_MS)
    await clock.advance(USAGE_FLUSH_MS)
  end('b', { cache: 'semantic' })
  expect(batches).toEqual([])
  await clock.advance(USAGE_FLUSH_MS)
  expect(batches).toEqual(['a b'])
})

it('one that held a slot takes the others along at once, and any other row in its time', async () => {
  const { clock, batches, end } = stage()
  end('a')
  end('b', { isHeld: true })
  expect(batches).toEqual(['a b'])
  await clock.advance(USAGE_FLUSH_MS)
  end('c')
  end('d', { cache: 'miss' })
  await clock.advance(USAGE_FLUSH_MS)
  expect(batches).toEqual(['a b', 'c d'])
})
