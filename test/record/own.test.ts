/** Objects that were made for callers, on their way to the tenant's own. */
import { expect, it } from 'vitest'
import { Slices } from '../../src/core/ledger/slices.ts'
import { OWNED_WAITING_MAX } from '../../src/core/limits.ts'
import type { OwnedThing } from '../../src/core/owned.ts'
import { UsageBuffer } from '../../src/core/usage-buffer.ts'
import type { UsageBatch } from '../../src/core/usage-record.ts'
import { own } from '../../src/record/own.ts'
import { manualClock } from '../support/manual-clock.ts'

const caller = {
  tenantId: 'acme',
  generation: 'g1',
  tenant: { id: 'acme', name: 'Acme', createdAt: '' },
} as Parameters<typeof own>[1]
const thing = (id: string): OwnedThing => ({ kind: 'response', id, untilMs: 1 })

function setUp() {
  const clock = manualClock()
  const batches: UsageBatch[] = []
  const told: OwnedThing[] = []
  const upstream = { fails: false }
  const services = {
    clock,
    usageBuffer: new UsageBuffer(),
    slices: new Slices(),
    background: () => {},
    log: () => {},
    tenants: {
      record: async (_: unknown, batch: UsageBatch) => {
        if (upstream.fails) throw new Error('out of reach')
        batches.push(batch)
      },
      own: async (_: unknown, things: readonly OwnedThing[]) => void told.push(...things),
    },
  }
  return { clock, services, batches, told, upstream }
}

it('go in one batch, also where there is no row', async () => {
  const at = setUp()
  own(at.services, caller, thing('a'))
  own(at.services, caller, thing('b'))
  await at.clock.advance(1000)
  expect(at.batches).toMatchObject([{ rows: [], owned: [thing('a'), thing('b')] }])
})

it('go again where the batch did not arrive', async () => {
  const at = setUp()
  at.upstream.fails = true
  own(at.services, caller, thing('a'))
  await at.clock.advance(500)
  at.upstream.fails = false
  await at.clock.advance(10_000)
  expect(at.batches).toMatchObject([{ owned: [thing('a')] }])
})

it('are told at once where too many wait', () => {
  const at = setUp()
  for (let index = 0; index < OWNED_WAITING_MAX; index += 1) own(at.services, caller, thing(String(index)))
  expect(at.told).toEqual([])
  own(at.services, caller, thing('more'))
  expect(at.told).toEqual([thing('more')])
})
