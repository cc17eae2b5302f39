/** A tenant is told which sessions it has, before they are written to, and now and then. */
import { expect, it } from 'vitest'
import { ownSession } from '../../../src/edge/memory/owned.ts'

it('tells it once, and again when a good part of the time is over', async () => {
  let nowMs = 1_000_000
  const told: unknown[] = []
  const services = {
    clock: { now: () => nowMs, after: () => () => {} },
    tenants: { own: async (_: unknown, owned: unknown) => void told.push(owned) },
  } as unknown as Parameters<typeof ownSession>[0]
  const place = { id: 'acme', generation: crypto.randomUUID() }
  await ownSession(services, place, 's', 1000)
  await ownSession(services, place, 's', 1000)
  expect(told).toEqual([[{ kind: 'session', id: 's', untilMs: nowMs + 1250 }]])
  nowMs += 249
  await ownSession(services, place, 's', 1000)
  expect(told).toHaveLength(1)
  nowMs += 1
  await ownSession(services, place, 's', 1000)
  await ownSession(services, place, 'other', 1000)
  expect(told).toHaveLength(3)
})
