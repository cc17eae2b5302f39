/** A tenant's ledger over the life of its object: what survives eviction, failure and an older release, and what an erase leaves. */
import { abortAllDurableObjects, runDurableObjectAlarm } from 'cloudflare:test'
import { beforeEach, describe, expect, it } from 'vitest'
import type { TenantPlace } from '../../src/core/tenant.ts'
import { TurnLost } from '../../src/stores/embedded/tenants.ts'
import { recordOf, sealedOf } from '../support/control-plane.ts'
import { budgetOf, counterOf, flightOf, pacedOf } from '../support/ledger.ts'
import { type LedgerAt, ledgerAt } from '../support/ledger-object.ts'
import { directory, freshPlace, tables, tenants } from '../support/tenant-object.ts'

let place: TenantPlace
let ledger: LedgerAt
beforeEach(async () => {
  place = await freshPlace()
  ledger = ledgerAt(place)
})

const rpm = counterOf({ amount: 3 })
const flight = flightOf(1)
const tpm = counterOf({ limit: 'tpm', of: 'tokens', amount: 100_000, hard: true })
const budget = budgetOf(1000)

describe('an eviction', () => {
  it('loses neither counts, nor reservations, nor leases', async () => {
    const paced = pacedOf(1, 3_600_000)
    await ledger.ask('settled', [rpm, tpm, budget])
    await ledger.record(recordOf('settled', Date.now()))
    await ledger.ask('a', [rpm, tpm, budget, flight, paced])
    const before = await ledger.used(rpm, tpm, budget, flight, paced)
    expect(before.slice(0, 4)).toEqual([2, 315, 307, 1])
    await ledger.evict()
    const after = await ledger.used(rpm, tpm, budget, flight, paced)
    expect(after.slice(0, 4)).toEqual([2, 315, 307, 1])
    expect(after[4]).toBeCloseTo(before[4] ?? 0, 2)
    expect(await ledger.ask('b', [flight])).toMatchObject({ kind: 'refused' })
    expect(await ledger.ask('c', [paced])).toMatchObject({ kind: 'refused' })
    await ledger.record(recordOf('a', Date.now()))
    expect(await ledger.used(rpm, tpm, budget, flight)).toEqual([2, 30, 14, 0])
  })

  it('knows again who has asked, and whose row has come', async () => {
    await ledger.ask('a', [rpm])
    await ledger.evict()
    await ledger.ask('a', [rpm])
    expect(await ledger.used(rpm)).toEqual([1])
    await ledger.ask('b', [tpm])
    await ledger.record(recordOf('b', Date.now()))
    await ledger.evict()
    await ledger.record(recordOf('b', Date.now()))
    expect(await ledger.used(tpm)).toEqual([15])
  })

  it('loses who waits: a turn is asked for anew', async () => {
    await ledger.ask('a', [flight])
    expect(await ledger.ask('b', [flight], { maxWaitMs: 5000 })).toMatchObject({ kind: 'queued' })
    const turn = ledger.turn('b').catch((error: unknown) => error)
    await ledger.view()
    await abortAllDurableObjects()
    expect(await turn).toBeInstanceOf(Error)
    await expect(ledger.turn('b')).rejects.toBeInstanceOf(TurnLost)
    expect(await ledger.ask('b', [flight], { maxWaitMs: 5000 })).toMatchObject({ kind: 'queued' })
    await ledger.withdraw('a')
    expect(await ledger.turn('b')).toMatchObject({ kind: 'granted' })
  })

  it('keeps what was learned of an alias', async () => {
    await ledger.ask('a', [tpm])
    await ledger.record(recordOf('a', Date.now()))
    const told = async (id: string) => {
      const verdict = await ledger.ask(id, [rpm])
      return verdict.kind === 'granted' ? verdict.learned : null
    }
    const before = await told('b')
    expect(before?.outputTokens).toBeLessThan(256)
    await ledger.evict()
    expect(await told('c')).toEqual(before)
  })
})

describe('the alarm', () => {
  it('settles a request whose isolate died at its estimate, writes its row, and frees its slot', async () => {
    await ledger.ask('dead', [budget, flight], { lifeMs: 60_000 })
    expect(await ledger.used(budget, flight)).toEqual([300, 1])
    expect(await ledger.alarmAtMs()).toBeLessThanOrEqual(Date.now() + 60_000)
    await ledger.expire()
    expect(await runDurableObjectAlarm(ledger.stub())).toBe(true)
    expect(await ledger.rows()).toMatchObject([
      {
        requestId: 'dead',
        outcome: 'broken',
        status: 200,
        usage: { inputTokens: 100, outputTokens: 100, source: 'reaped' },
        costMicroUsd: 200,
      },
    ])
    expect(await ledger.view(budget)).toMatchObject({ reservations: 0, counters: [{ used: 200 }, {}] })
    expect(await ledger.ask('next', [flight], { maxWaitMs: 5000 })).toMatchObject({ kind: 'queued' })
    expect(await ledger.turn('next')).toMatchObject({ kind: 'granted' })
    // Its own row comes too late to count again.
    await ledger.record(recordOf('dead', Date.now()))
    expect(await ledger.used(budget)).toEqual([200])
    expect(await ledger.recorded()).toEqual(['dead'])
  })

  it('gives a whole budget back where nothing can have been spent', async () => {
    await ledger.ask('dead', [budget], {
      needs: { promptWeight: 0, promptTokensMax: 0, outputTokensMax: 0, worstMicroUsd: 1000, price: null },
    })
    expect(await ledger.ask('next', [budget])).toMatchObject({ kind: 'refused' })
    await ledger.expire()
    await runDurableObjectAlarm(ledger.stub())
    expect(await ledger.used(budget)).toEqual([0])
    expect(await ledger.ask('next', [budget])).toMatchObject({ kind: 'granted' })
  })

  it('comes again for what is not due yet, and then no more', async () => {
    await ledger.ask('a', [flight], { lifeMs: 600_000 })
    await ledger.sql("UPDATE timers SET at_ms = 1 WHERE name = 'reap'")
    await ledger.evict()
    await runDurableObjectAlarm(ledger.stub())
    expect(await ledger.used(flight)).toEqual([1])
    const [again] = await ledger.sql<{ at_ms: number }>("SELECT at_ms FROM timers WHERE name = 'reap'")
    expect(again?.at_ms).toBeGreaterThan(Date.now() + 500_000)
    await ledger.record(recordOf('a', Date.now()))
    await ledger.sql("UPDATE timers SET at_ms = 1 WHERE name = 'reap'")
    await runDurableObjectAlarm(ledger.stub())
    expect(await ledger.sql("SELECT * FROM timers WHERE name = 'reap'")).toEqual([])
  })

  it('forgets settled charges whose window is over', async () => {
    await ledger.ask('a', [rpm, budget])
    await ledger.record(recordOf('a', Date.now()))
    await ledger.sql("UPDATE counts SET until_ms = 1 WHERE counter LIKE 'rpm%'")
    await ledger.sql("UPDATE timers SET at_ms = 1 WHERE name = 'prune'")
    await ledger.evict()
    await runDurableObjectAlarm(ledger.stub())
    expect(await ledger.sql('SELECT counter FROM counts')).toEqual([{ counter: budget.id }])
  })
})

describe('what cannot be written', () => {
  it('changes neither rows nor counts, tells nobody of a turn, and may come again', async () => {
    const two = flightOf(2)
    await ledger.ask('a', [two, tpm])
    await ledger.ask('b', [two, tpm])
    await ledger.ask('c', [two, tpm], { maxWaitMs: 5000 })
    await ledger.ask('d', [two, tpm], { maxWaitMs: 5000 })
    const turns = [ledger.turn('c'), ledger.turn('d')].map((turn) => turn.catch((error: unknown) => error))
    const before = await ledger.used(two, tpm)
    // The first of the two who wait can go, and then the second cannot be written down.
    await ledger.sql(
      "CREATE TRIGGER full BEFORE INSERT ON reservations WHEN NEW.id = 'd' BEGIN SELECT RAISE(ABORT, 'full'); END",
    )
    const rows = [recordOf('a', Date.now()), recordOf('b', Date.now())]
    await expect(ledger.record(...rows)).rejects.toThrow('full')
    for (const turn of await Promise.all(turns)) expect(turn).toBeInstanceOf(TurnLost)
    expect(await ledger.recorded()).toEqual([])
    expect(await ledger.sql('SELECT * FROM rollups')).toEqual([])
    expect(await ledger.used(two, tpm)).toEqual(before)
    expect(await ledger.view()).toMatchObject({ waiting: 0, reservations: 2 })

    await ledger.sql('DROP TRIGGER full')
    expect(await ledger.ask('c', [two, tpm], { maxWaitMs: 5000 })).toMatchObject({ kind: 'queued' })
    const turn = ledger.turn('c')
    await ledger.record(...rows)
    expect(await turn).toMatchObject({ kind: 'granted' })
    expect((await ledger.recorded()).toSorted()).toEqual(['a', 'b'])
    expect(await ledger.used(two, tpm)).toEqual([1, 330])
  })

  it('of an alarm comes again', async () => {
    await ledger.ask('dead', [budget])
    await ledger.expire()
    await ledger.sql("CREATE TRIGGER full BEFORE INSERT ON segments BEGIN SELECT RAISE(ABORT, 'full'); END")
    await runDurableObjectAlarm(ledger.stub())
    expect(await ledger.view(budget)).toMatchObject({ reservations: 1, counters: [{ used: 300 }] })
    await ledger.sql('DROP TRIGGER full')
    await ledger.sql("UPDATE timers SET at_ms = 1 WHERE name = 'reap'")
    await runDurableObjectAlarm(ledger.stub())
    expect(await ledger.recorded()).toEqual(['dead'])
    expect(await ledger.used(budget)).toEqual([200])
  })

  it('of an ask is refused to it alone', async () => {
    await ledger.sql(
      "CREATE TRIGGER full BEFORE INSERT ON reservations WHEN NEW.id = 'a' BEGIN SELECT RAISE(ABORT, 'full'); END",
    )
    await expect(ledger.ask('a', [rpm])).rejects.toThrow('full')
    expect(await ledger.ask('b', [rpm])).toMatchObject({ kind: 'granted' })
    expect(await ledger.used(rpm)).toEqual([1])
  })
})

describe('an erase', () => {
  it('leaves no table, no alarm, and nobody waiting', async () => {
    await ledger.ask('a', [flight])
    await ledger.ask('b', [flight], { maxWaitMs: 30 })
    const turn = ledger.turn('b').catch((error: unknown) => error)
    await directory.deleteTenant(place.id, 'admin')
    expect(await turn).toBeInstanceOf(TurnLost)
    // The wait that is over by now would have been told.
    await scheduler.wait(40)
    expect(await ledger.ask('b', [flight], { maxWaitMs: 30 })).toEqual({ kind: 'gone' })
    await ledger.record(recordOf('a', Date.now()))
    expect(await tables(ledger.stub())).toEqual([])
    expect(await ledger.alarmAtMs()).toBeNull()
  })
})

it('begins in an object that an older release has made, and keeps what that has', async () => {
  await ledger.record(recordOf('old', Date.now()))
  for (const table of [
    'counts',
    'reservations',
    'learned',
    'secrets',
    'owned',
    'prompts',
    'prompt_versions',
    'webhook',
  ])
    await ledger.sql(`DROP TABLE ${table}`)
  await ledger.sql('UPDATE schema_version SET version = 1')
  await ledger.evict()
  expect(await ledger.ask('a', [rpm])).toMatchObject({ kind: 'granted' })
  await ledger.record(recordOf('a', Date.now() + 1))
  expect(await ledger.recorded()).toEqual(['a', 'old'])
  expect(await ledger.used(rpm)).toEqual([1])
  await ledger.evict()
  expect(await ledger.used(rpm)).toEqual([1])
  expect(await tenants.lookUp(place, 'key00001', '')).toEqual({ kind: 'unknown' })
  expect(await tenants.ensureCacheSecret(place, sealedOf(1))).toEqual(sealedOf(1))
  expect(await tenants.webhook(place)).toBeNull()
})
