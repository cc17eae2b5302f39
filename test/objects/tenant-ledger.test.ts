/** A tenant's ledger in its object: asked and told over the stub, in order, each row once. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Slice } from '../../src/core/ledger/types.ts'
import { LEASE_MS } from '../../src/core/limits.ts'
import { TurnLost } from '../../src/stores/embedded/tenants.ts'
import { recordOf } from '../support/control-plane.ts'
import { budgetOf, counterOf, flightOf, pacedOf } from '../support/ledger.ts'
import { type LedgerAt, ledgerAt } from '../support/ledger-object.ts'
import { freshPlace, tables, tenants } from '../support/tenant-object.ts'

let ledger: LedgerAt
beforeEach(async () => {
  ledger = ledgerAt(await freshPlace())
})

afterEach(() => {
  vi.useRealTimers()
})

const rpm = counterOf({ amount: 2 })
const flight = flightOf(1)

describe('admit', () => {
  it('grants what fits under every limit, and a refusal charges nothing', async () => {
    const tpm = counterOf({ limit: 'tpm', of: 'tokens', amount: 100_000 })
    expect(await ledger.ask('a', [rpm, tpm])).toMatchObject({ kind: 'granted', levels: [{ remaining: 1 }, {}] })
    expect(await ledger.ask('b', [rpm, tpm])).toMatchObject({ kind: 'granted', levels: [{ remaining: 0 }, {}] })
    const before = await ledger.used(tpm)
    expect(await ledger.ask('c', [rpm, tpm])).toMatchObject({ kind: 'refused', by: 0 })
    expect(await ledger.used(tpm)).toEqual(before)
    expect(await ledger.view(rpm, tpm)).toMatchObject({ reservations: 2, counters: [{ used: 2 }, { used: before[0] }] })
  })

  it('is one question however often it comes', async () => {
    await ledger.ask('a', [rpm])
    expect(await ledger.ask('a', [rpm])).toMatchObject({ kind: 'granted', levels: [{ remaining: 1 }] })
    expect(await ledger.used(rpm)).toEqual([1])
  })
})

describe('turn', () => {
  it('comes in the order of the asks, not before its time', async () => {
    const paced = pacedOf(25, 1000)
    const told: string[] = []
    const startMs = Date.now()
    const ids = ['a', 'b', 'c', 'd', 'e', 'f']
    const first = await ledger.ask('first', [paced])
    expect(first.kind).toBe('granted')
    const turns: Promise<void>[] = []
    for (const id of ids) {
      expect(await ledger.ask(id, [paced], { maxWaitMs: 5000 })).toMatchObject({ kind: 'queued' })
      turns.push(
        ledger.turn(id).then(({ kind }) => {
          told.push(`${id} ${kind}`)
        }),
      )
    }
    expect((await ledger.view()).waiting).toBe(6)
    await Promise.all(turns)
    expect(told).toEqual(ids.map((id) => `${id} granted`))
    expect(Date.now() - startMs).toBeGreaterThanOrEqual(ids.length * 40 - 1)
  })

  it('comes with the end of a request in flight', async () => {
    await ledger.ask('a', [flight])
    await ledger.ask('b', [flight], { maxWaitMs: 5000 })
    const turn = ledger.turn('b')
    await ledger.record(recordOf('a', Date.now()))
    expect(await turn).toMatchObject({ kind: 'granted' })
  })

  it('that was not awaited is kept for who asks for it, once', async () => {
    await ledger.ask('a', [flight])
    await ledger.ask('b', [flight], { maxWaitMs: 5000 })
    await ledger.record(recordOf('a', Date.now()))
    expect(await ledger.turn('b')).toMatchObject({ kind: 'granted' })
    await expect(ledger.turn('b')).rejects.toBeInstanceOf(TurnLost)
    // Lost is only the answer: who asks again is told.
    expect(await ledger.ask('b', [flight])).toMatchObject({ kind: 'granted' })
  })

  it('is refused at the end of the wait', async () => {
    await ledger.ask('a', [flight])
    await ledger.ask('b', [flight], { maxWaitMs: 30 })
    expect(await ledger.turn('b')).toMatchObject({ kind: 'refused', by: 0 })
    expect(await ledger.view(flight)).toMatchObject({ waiting: 0, reservations: 1 })
  })

  it('is answered to the newest call alone', async () => {
    await ledger.ask('a', [flight])
    await ledger.ask('b', [flight], { maxWaitMs: 5000 })
    const [older, newer] = [ledger.turn('b'), ledger.turn('b')]
    await expect(older).rejects.toBeInstanceOf(TurnLost)
    await ledger.withdraw('a')
    expect(await newer).toMatchObject({ kind: 'granted' })
  })
})

describe('withdraw', () => {
  it('gives a reservation back, and its slot to who waits', async () => {
    await ledger.ask('a', [flight, rpm])
    await ledger.ask('b', [flight, rpm], { maxWaitMs: 5000 })
    const turn = ledger.turn('b')
    await ledger.withdraw('a')
    expect(await turn).toMatchObject({ kind: 'granted', levels: [{ remaining: 0 }, { remaining: 1 }] })
  })

  it('ends a wait', async () => {
    await ledger.ask('a', [flight])
    await ledger.ask('b', [flight], { maxWaitMs: 5000 })
    const turn = ledger.turn('b')
    await ledger.withdraw('b')
    await expect(turn).rejects.toBeInstanceOf(TurnLost)
    expect(await ledger.view(flight)).toMatchObject({ waiting: 0, reservations: 1 })
  })

  it('that overtakes its ask leaves nothing charged', async () => {
    await ledger.withdraw('a')
    expect(await ledger.ask('a', [rpm, flight])).toMatchObject({ kind: 'refused' })
    expect(await ledger.view(rpm, flight)).toMatchObject({ reservations: 0, counters: [] })
  })
})

describe('record', () => {
  it('settles a reservation by its row, once', async () => {
    const tpm = counterOf({ limit: 'tpm', of: 'tokens', amount: 100_000, hard: true })
    const budget = budgetOf(1_000_000)
    await ledger.ask('a', [tpm, budget])
    expect(await ledger.used(tpm, budget)).toEqual([300, 300])
    const row = recordOf('a', Date.now())
    await ledger.record(row, row)
    await ledger.record(row)
    expect(await ledger.used(tpm, budget)).toEqual([15, 7])
    expect(await ledger.recorded()).toEqual(['a'])
    expect((await ledger.view()).reservations).toBe(0)
  })

  it('gives back all of a request that never went on', async () => {
    await ledger.ask('a', [rpm, flight])
    await ledger.record(
      recordOf('a', Date.now(), { attempts: 0, outcome: 'cancelled', usage: null, costMicroUsd: null }),
    )
    expect(await ledger.view(rpm, flight)).toMatchObject({ reservations: 0, counters: [] })
  })

  it('writes nothing of a ledger for a tenant without limits', async () => {
    await ledger.record(recordOf('a', Date.now()))
    expect(await ledger.recorded()).toEqual(['a'])
    expect(await ledger.sql('SELECT * FROM counts')).toEqual([])
    expect(await ledger.sql('SELECT * FROM learned')).toEqual([])
  })
})

it('keeps the leases that are renewed, and passes over ids it does not know', async () => {
  const two = flightOf(2)
  const startMs = Date.now()
  const after = (ms: number) => vi.setSystemTime(startMs + ms)
  vi.useFakeTimers({ toFake: ['Date'], now: startMs })
  await ledger.ask('a', [two])
  await ledger.ask('b', [two])
  after(LEASE_MS - 1000)
  await ledger.renew('nobody', 'b')
  expect(await ledger.used(two)).toEqual([2])
  after(LEASE_MS + 1000)
  expect(await ledger.used(two)).toEqual([1])
  after(2 * LEASE_MS)
  expect(await ledger.used(two)).toEqual([0])
})

it('gives a busy isolate a slice; what it says of it and its rows are settled together', async () => {
  const place = await freshPlace()
  const busy = ledgerAt(place)
  const many = counterOf({ amount: 1_000_000 })
  let slice: Slice | null = null
  let asks = 0
  for (const endMs = Date.now() + 10_000; slice === null && Date.now() < endMs; asks += 1) {
    const reply = await busy.ask(`r${asks}`, [many])
    if (reply.kind === 'granted') slice = reply.slice
  }
  if (slice === null) throw new Error('it asked often enough for a slice')
  const [size = 0] = slice.units
  expect(size).toBeGreaterThanOrEqual(4)
  expect(await busy.view(many)).toMatchObject({ slices: 1, reservations: asks, counters: [{ used: asks + size }] })
  await tenants.record(place, {
    rows: [recordOf('sliced', Date.now())],
    charges: { sliced: { slice: slice.id, units: [1] } },
    slices: [{ id: slice.id, left: [size - 1], usedMs: 1 }],
  })
  expect(await busy.view(many)).toMatchObject({ slices: 0, counters: [{ used: asks + 1 }] })
})

it('answers gone, and stores nothing, where there is no tenant', async () => {
  const nobody = ledgerAt({ id: 'nobody', generation: 'g' })
  expect(await nobody.ask('a', [rpm])).toEqual({ kind: 'gone' })
  expect(await nobody.turn('a')).toEqual({ kind: 'gone' })
  await nobody.withdraw('a')
  await nobody.renew('a')
  await nobody.record(recordOf('a', Date.now()))
  expect(await nobody.view(rpm)).toEqual({ counters: [], reservations: 0, slices: 0, waiting: 0 })
  expect(await tables(nobody.stub())).toEqual([])
})
