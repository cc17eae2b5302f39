/** What is left of slices when a busy time ends. */
import { expect, test } from 'vitest'
import { giveBack } from '../../src/admit/give-back.ts'
import { Slices } from '../../src/core/ledger/slices.ts'
import type { TenantPlace } from '../../src/core/tenant.ts'
import type { UsageBatch } from '../../src/core/usage-record.ts'
import { manualClock } from '../support/manual-clock.ts'

const place: TenantPlace = { id: 'acme', generation: 'g1' }
const owner = 'acme.g1'
const LIFE_MS = 5000

/** An isolate that was given a slice of ten units just now. */
function holding() {
  const clock = manualClock()
  const slices = new Slices()
  const batches: UsageBatch[] = []
  const object = { isDown: false }
  const tenants = {
    async record(_: TenantPlace, batch: UsageBatch) {
      if (object.isDown) throw new Error('down')
      batches.push(batch)
    },
  }
  slices.put(owner, 'set', { id: 's1', units: [10], lifeMs: LIFE_MS }, [], clock.now())
  return { clock, slices, batches, object, given: giveBack({ clock, slices, tenants }, place, LIFE_MS) }
}

test('the rest of a slice goes back at its end, when nobody comes any more', async () => {
  const { clock, slices, batches, given } = holding()
  expect(slices.take(owner, 'set', [3], clock.now())).not.toBeNull()
  await clock.advance(LIFE_MS - 1)
  expect(batches).toEqual([])
  await clock.advance(1)
  await given
  expect(batches).toEqual([{ rows: [], charges: {}, slices: [{ id: 's1', left: [7], usedMs: 0 }] }])
  expect(slices.take(owner, 'set', [1], clock.now())).toBeNull()
})

test('what a later request has taken along is not told again', async () => {
  const { clock, slices, batches, given } = holding()
  slices.take(owner, 'set', [11], clock.now())
  slices.delivered(owner, slices.reports(owner, clock.now()))
  await clock.advance(LIFE_MS)
  await given
  expect(batches).toEqual([])
})

test('what the object did not hear goes with the next question', async () => {
  const { clock, slices, object, given } = holding()
  object.isDown = true
  await clock.advance(LIFE_MS)
  await given
  expect(slices.reports(owner, clock.now())).toEqual([{ id: 's1', left: [10], usedMs: 0 }])
})
