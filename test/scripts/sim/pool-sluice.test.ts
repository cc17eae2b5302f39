/** The scheduler in the simulation's words. */
import { expect, it } from 'vitest'
import { Sluice } from '../../../scripts/sim/pool-sluice.ts'
import { RULES } from '../../support/pool.ts'
import { arrivalOf } from '../../support/pool-arrivals.ts'

it('binds at once, later, or not at all', () => {
  const router = new Sluice(1, RULES, () => 0.5)
  const [one, other] = [arrivalOf('1', { estimatedTokens: 10_000 }), arrivalOf('2')]
  expect(router.arrived(one, 0)).toEqual([{ id: '1', replica: 0 }])
  expect(router.arrived(other, 0)).toEqual([])
  expect(router.wakeAtMs(0)).toBeGreaterThan(900)
  expect(router.first(one, 0, 1000)).toEqual([{ id: '2', replica: 0 }])
  const hopeless = arrivalOf('3', { estimatedTokens: 1_000_000 })
  expect(router.arrived(hopeless, 1000)).toMatchObject([{ id: '3', refused: 'wait' }])
  expect(router.ended(one, 0, 0, 1100)).toEqual([])
  // Leases are renewed as isolates do it: what runs for long is not forgotten.
  for (let nowMs = 1100; nowMs < 100_000; nowMs += 9000) router.woken(nowMs)
  expect(router.wakeAtMs(100_000)).not.toBeNull()
})
