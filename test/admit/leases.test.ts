/** A lease is renewed for as long as its request runs, together with the others of its tenant, and not a moment longer. */
import { expect, it } from 'vitest'
import { keepLease } from '../../src/admit/leases.ts'
import { Heartbeats } from '../../src/core/ledger/heartbeats.ts'
import { LEASE_RENEW_MS } from '../../src/core/limits.ts'
import type { TenantPlace } from '../../src/core/tenant.ts'
import { manualClock } from '../support/manual-clock.ts'

const place: TenantPlace = { id: 'acme', generation: 'g1', region: 'weur' }

function isolate() {
  const clock = manualClock()
  const renewed: { place: TenantPlace; ids: readonly string[] }[] = []
  const store = { isReached: true }
  const background: Promise<unknown>[] = []
  const services = {
    clock,
    heartbeats: new Heartbeats(),
    background: (work: Promise<unknown>) => void background.push(work),
    tenants: {
      async renew(at: TenantPlace, ids: readonly string[]) {
        renewed.push({ place: at, ids })
        if (!store.isReached) throw new Error('out of reach')
      },
    },
  }
  return { clock, renewed, store, background, services }
}

it('renews in the background every so often until it is released', async () => {
  const { clock, renewed, background, services } = isolate()
  const release = keepLease(services, place, 'a')
  await clock.advance(LEASE_RENEW_MS - 1)
  expect(renewed).toEqual([])
  await clock.advance(2 * LEASE_RENEW_MS + 1)
  expect(renewed).toEqual(Array(3).fill({ place, ids: ['a'] }))
  expect(background.length).toBe(3)
  release()
  expect(clock.timers).toBe(0)
  await clock.advance(10 * LEASE_RENEW_MS)
  expect(renewed.length).toBe(3)
})

it('costs one call for many requests of a tenant', async () => {
  const { clock, renewed, services } = isolate()
  for (let count = 0; count < 100; count += 1) keepLease(services, place, String(count))
  keepLease(services, { ...place, id: 'other' }, 'x')
  await clock.advance(LEASE_RENEW_MS)
  expect(renewed.map(({ ids }) => ids.length)).toEqual([100, 1])
})

it('tries again with the next timer when the object is out of reach, and fails nobody', async () => {
  const { clock, renewed, store, background, services } = isolate()
  store.isReached = false
  keepLease(services, place, 'a')
  await clock.advance(1000)
  keepLease(services, place, 'b')
  await clock.advance(LEASE_RENEW_MS - 1000)
  expect(renewed.map(({ ids }) => ids)).toEqual([['a', 'b']])
  store.isReached = true
  await clock.advance(1000)
  expect(renewed.map(({ ids }) => ids)).toEqual([
    ['a', 'b'],
    ['a', 'b'],
  ])
  await Promise.all(background)
})

it('does nothing for a request whose timer died without a release', async () => {
  const { clock, renewed, services } = isolate()
  keepLease({ ...services, clock: manualClock(clock.now()) }, place, 'dead')
  keepLease(services, place, 'a')
  await clock.advance(3 * LEASE_RENEW_MS)
  expect(renewed.map(({ ids }) => ids)).toEqual([['dead', 'a'], ['a'], ['a']])
})
