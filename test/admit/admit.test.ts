/** Admission around a ledger in the test's hand: every verdict, every phase in which a client leaves, and no ledger at all. */
import { describe, expect, it } from 'vitest'
import { type Admission, admit } from '../../src/admit/admit.ts'
import type { ConfigDocument } from '../../src/core/config.ts'
import { Heartbeats } from '../../src/core/ledger/heartbeats.ts'
import { LocalLimiter } from '../../src/core/ledger/local-limiter.ts'
import { RoundTrips } from '../../src/core/ledger/round-trips.ts'
import { Slices } from '../../src/core/ledger/slices.ts'
import type { Ask, AskReply, Level, Slice, Verdict } from '../../src/core/ledger/types.ts'
import {
  ADMIT_DEADLINE_MIN_MS,
  LEASE_RENEW_MS,
  LOCAL_OPEN_MS,
  LOCAL_TRY_MS,
  OBJECT_CALL_MS,
} from '../../src/core/limits.ts'
import type { Tenant, TenantPlace } from '../../src/core/tenant.ts'
import { manualClock, turn } from '../support/manual-clock.ts'
import { callerOf, deploymentOf, requestOf } from '../support/path.ts'

type Limits = NonNullable<ConfigDocument['limits']>

const RPM: Limits[number] = { name: 'rpm', of: 'requests', amount: 80, perSeconds: 60 }
const TPM: Limits[number] = { name: 'tpm', of: 'tokens', amount: 100_000, perSeconds: 60 }
const FLIGHT: Limits[number] = { name: 'flight', of: 'concurrency', amount: 16 }
const MONTH: Limits[number] = { name: 'month', of: 'usd', amount: 500, per: 'month' }

const LEARNED = { outputTokens: 100, bytesPerToken: 4 }
const level = (remaining = 79): Level => ({ remaining, resetMs: 60_000 })
const granted = (slice: Slice | null = null, ...levels: Level[]): Verdict => ({
  kind: 'granted',
  levels: levels.length === 0 ? [level()] : levels,
  learned: LEARNED,
  slice,
})
const refused = (by = 0, ...levels: Level[]): Verdict => ({
  kind: 'refused',
  by,
  retryAfterMs: 1500,
  isFutile: false,
  levels: levels.length === 0 ? [level(0)] : levels,
})
const QUEUED: AskReply = { kind: 'queued', etaMs: 500 }

/** A promise in the test's hand. */
function pending<T>() {
  let [resolve, reject] = [(_: T): void => {}, (_: Error): void => {}]
  const promise = new Promise<T>((onValue, onError) => {
    resolve = onValue
    reject = onError
  })
  return { promise, resolve, reject }
}

/** One isolate and a ledger that answers as its test says: by default it grants. */
function isolate(limits: Limits, tenant: Partial<Tenant> = {}) {
  const clock = manualClock()
  const asks: Ask[] = []
  const deadlines: number[] = []
  const turns: { id: string; deadlineMs: number }[] = []
  const withdrawn: string[] = []
  const renewed: string[][] = []
  const background: Promise<unknown>[] = []
  const lines: Readonly<Record<string, unknown>>[] = []
  const ledger = {
    admit: (_: Ask): Promise<AskReply> => Promise.resolve(granted()),
    turn: (_: string): Promise<Verdict> => Promise.resolve(granted()),
    withdraw: (_: string): Promise<void> => Promise.resolve(),
  }
  const services = {
    clock,
    isolate: 'i1',
    slices: new Slices(),
    roundTrips: new RoundTrips(),
    localLimiter: new LocalLimiter(),
    heartbeats: new Heartbeats(),
    background: (work: Promise<unknown>) => void background.push(work),
    log: (line: Readonly<Record<string, unknown>>) => void lines.push(line),
    tenants: {
      admit(_: TenantPlace, ask: Ask, deadlineMs: number) {
        asks.push(ask)
        deadlines.push(deadlineMs)
        return ledger.admit(ask)
      },
      turn(_: TenantPlace, id: string, deadlineMs: number) {
        turns.push({ id, deadlineMs })
        return ledger.turn(id)
      },
      withdraw(_: TenantPlace, id: string) {
        withdrawn.push(id)
        return ledger.withdraw(id)
      },
      async renew(_: TenantPlace, ids: readonly string[]) {
        renewed.push([...ids])
      },
    },
  }
  const deployment = deploymentOf({
    providers: { openai: { protocol: 'openai' } },
    models: {
      model: {
        targets: [{ provider: 'openai', model: 'm', maxOutputTokens: 1000, price: { input: 1, output: 1 } }],
        timeouts: { totalMs: 100_000 },
      },
      free: { targets: [{ provider: 'openai', model: 'm' }] },
    },
    limits,
  })
  const caller = callerOf({ tenant })
  let requests = 0
  /** Admits one more request. */
  const next = (more: Parameters<typeof requestOf>[0] = {}, client: AbortSignal = new AbortController().signal) => {
    requests += 1
    const request = requestOf({ requestId: `r${requests}`, startedAtMs: clock.now(), ...more })
    const model = deployment.models.get(request.alias)
    if (model === undefined) throw new Error(`no model ${request.alias}`)
    return admit(services, { deployment, caller }, request, model, client)
  }
  const outOfReach = (): void => {
    ledger.admit = () => Promise.reject(new Error('out of reach'))
  }
  return { clock, services, ledger, asks, deadlines, turns, withdrawn, renewed, background, lines, next, outOfReach }
}

/** What a caller is told: `ok`, or the code. */
async function told(admission: Admission | Promise<Admission>): Promise<string> {
  const verdict = await admission
  if (verdict.kind === 'admitted') return 'ok'
  return verdict.kind === 'cancelled' ? 'cancelled' : verdict.refusal.code
}

function admitted(admission: Admission): Extract<Admission, { kind: 'admitted' }> {
  if (admission.kind !== 'admitted') throw new Error(`was ${admission.kind}`)
  return admission
}

describe('without limits', () => {
  it('goes on at once, and asks nobody', () => {
    const { asks, next } = isolate([])
    expect(next()).toMatchObject({ kind: 'admitted', limits: null, queueMs: 0, charge: null, capOutput: false })
    expect(asks).toEqual([])
  })
})

describe('the question', () => {
  it('says what the ledger needs to know', async () => {
    const { clock, asks, next } = isolate([RPM], { waitMaxMs: 7000 })
    await next({ timeoutMs: 30_000 })
    expect(asks).toMatchObject([
      {
        id: 'r1',
        isolate: 'i1',
        startedAtMs: clock.now(),
        key: 'key00001',
        model: 'model',
        counters: [{ limit: 'rpm', of: 'requests', amount: 80 }],
        needs: { outputTokensMax: 1000 },
        maxWaitMs: 7000,
        lifeMs: 90_000,
        slices: [],
      },
    ])
    await next({ timeoutMs: 3_600_000 })
    expect(asks[1]?.lifeMs).toBe(160_000)
  })

  it('may take as long as the object is known to', async () => {
    const { services, deadlines, next } = isolate([RPM])
    await next()
    services.roundTrips.observe('acme.g1', 1)
    await next()
    expect(deadlines).toEqual([OBJECT_CALL_MS, ADMIT_DEADLINE_MIN_MS])
  })
})

describe('the answer', () => {
  it('granted: how the limits stand, what the attempts must keep to, and no charge of its own', async () => {
    const { next, ledger } = isolate([MONTH])
    ledger.admit = async () => granted(null, level(7))
    expect(await next()).toMatchObject({
      kind: 'admitted',
      limits: { counters: [{ limit: 'month' }], levels: [level(7)] },
      queueMs: 0,
      charge: null,
      moneyLimit: 'month',
      capOutput: true,
    })
  })

  it('refused: the limit, and when to come back', async () => {
    const { next, ledger } = isolate([RPM])
    ledger.admit = async () => refused()
    expect(await next()).toMatchObject({
      kind: 'refused',
      refusal: { code: 'rate_limit_exceeded', limitedBy: 'rpm', retryAfterMs: 1500 },
      limits: { counters: [{ limit: 'rpm' }], levels: [level(0)] },
      queueMs: 0,
    })
  })

  it.each([
    ['tokens', [RPM, TPM], [level(5), level(0)], 1, 'token_limit_exceeded'],
    ['money', [RPM, MONTH], [level(1), level(0)], 1, 'budget_exceeded'],
  ] as const)('short: only %s stand in the way', async (_, limits, levels, by, code) => {
    const { next, ledger } = isolate([...limits])
    ledger.admit = async () => refused(by, ...levels)
    expect(await next()).toMatchObject({ kind: 'short', refusal: { code, limitedBy: limits[1].name } })
  })

  it('is no shortage where requests are used up as well', async () => {
    const { next, ledger } = isolate([RPM, MONTH])
    ledger.admit = async () => refused(1, level(0), level(0))
    expect(await next()).toMatchObject({ kind: 'refused', refusal: { code: 'budget_exceeded' } })
  })

  it('short, unasked: a limit on money cannot count what a target without a price costs', async () => {
    const { next, asks } = isolate([MONTH])
    expect(await next({ alias: 'free' })).toMatchObject({
      kind: 'short',
      refusal: { code: 'budget_exceeded', limitedBy: 'month' },
    })
    expect(asks).toEqual([])
  })

  it('gone: the tenant was deleted, and so were its keys', async () => {
    const { next, ledger } = isolate([RPM])
    ledger.admit = async () => ({ kind: 'gone' })
    expect(await next()).toMatchObject({ kind: 'refused', limits: null, refusal: { code: 'invalid_api_key' } })
  })
})

describe('a slice', () => {
  const sliceOf = (units: number[], lifeMs = 5000): Slice => ({
    id: 's1',
    units,
    expiresAtMs: Date.UTC(2026, 0, 1) + lifeMs,
  })

  it('admits what fits without a question or a promise, with its charge and the levels', async () => {
    const { next, ledger, asks } = isolate([RPM])
    ledger.admit = async () => granted(sliceOf([2]))
    await next()
    const admission = next()
    expect(admission).toMatchObject({
      kind: 'admitted',
      charge: { slice: 's1', units: [1] },
      limits: { counters: [{ limit: 'rpm' }], levels: [level(80)] },
    })
    next()
    expect(asks.length).toBe(1)
  })

  it('that is used up goes back with the next question, once', async () => {
    const { clock, next, ledger, asks } = isolate([RPM])
    ledger.admit = async () => granted(sliceOf([1]))
    await next()
    next()
    await clock.advance(10)
    ledger.admit = async () => granted()
    await next()
    await next()
    expect(asks.map(({ slices }) => slices)).toEqual([
      [],
      [{ id: 's1', left: [0], lastUsedMs: Date.UTC(2026, 0, 1) }],
      [],
    ])
  })

  it('is reported again when the question that carried it failed', async () => {
    const { services, clock, next, ledger, asks, outOfReach } = isolate([RPM])
    ledger.admit = async () => granted(sliceOf([5], 100))
    await next()
    await clock.advance(100)
    outOfReach()
    await next()
    services.localLimiter.answered('acme.g1', clock.now())
    ledger.admit = async () => granted()
    await next()
    expect(asks[1]?.slices.map(({ id }) => id)).toEqual(['s1'])
    expect(asks[2]?.slices).toEqual(asks[1]?.slices)
  })

  it('of tokens goes by what was learned of the alias', async () => {
    const { next, ledger } = isolate([TPM])
    ledger.admit = async () => granted(sliceOf([1000]))
    await next({ bodyBytes: 400, bodyChars: 400 })
    expect(next({ bodyBytes: 400, bodyChars: 400 })).toMatchObject({ charge: { units: [200] } })
  })
})

describe('waiting', () => {
  it('goes on when its turn comes, and says how long it waited', async () => {
    const { clock, services, ledger, turns, next } = isolate([RPM])
    services.roundTrips.observe('acme.g1', 1)
    ledger.admit = async () => QUEUED
    const turnOf = pending<Verdict>()
    ledger.turn = () => turnOf.promise
    const admission = next({ maxWaitMs: 4000 })
    await clock.advance(700)
    expect(turns).toEqual([{ id: 'r1', deadlineMs: 4000 + ADMIT_DEADLINE_MIN_MS }])
    turnOf.resolve(granted())
    expect(await admission).toMatchObject({ kind: 'admitted', queueMs: 700, charge: null })
  })

  it('is refused at its bound as one that waited', async () => {
    const { clock, ledger, next } = isolate([RPM])
    ledger.admit = async () => QUEUED
    const turnOf = pending<Verdict>()
    ledger.turn = () => turnOf.promise
    const admission = next({ maxWaitMs: 4000 })
    await clock.advance(4000)
    turnOf.resolve(refused())
    const refusal = { code: 'queue_timeout', limitedBy: 'rpm', retryAfterMs: 1500 }
    expect(await admission).toMatchObject({ kind: 'refused', queueMs: 4000, refusal })
  })

  it('asks again, with what is left of its wait, when the object is lost meanwhile', async () => {
    const { clock, ledger, asks, withdrawn, next } = isolate([RPM])
    ledger.admit = async () => QUEUED
    const [first, second] = [pending<Verdict>(), pending<Verdict>()]
    ledger.turn = () => (asks.length === 1 ? first.promise : second.promise)
    const admission = next({ maxWaitMs: 4000 })
    await clock.advance(1000)
    first.reject(new Error('lost'))
    await clock.advance(500)
    second.resolve(granted())
    expect(await admission).toMatchObject({ kind: 'admitted', queueMs: 1500 })
    expect(asks.map(({ id, maxWaitMs }) => [id, maxWaitMs])).toEqual([
      ['r1', 4000],
      ['r1', 3000],
    ])
    expect(withdrawn).toEqual([])
  })

  it('asks a bounded number of times, and then decides alone', async () => {
    const { ledger, asks, next } = isolate([RPM])
    ledger.admit = async () => QUEUED
    ledger.turn = () => Promise.reject(new Error('lost'))
    expect(await next({ maxWaitMs: 4000 })).toMatchObject({ kind: 'admitted', limits: null })
    expect(asks.length).toBe(3)
  })

  it('does not ask again an object that has let its whole wait pass', async () => {
    const { clock, ledger, asks, withdrawn, next } = isolate([MONTH])
    ledger.admit = async () => QUEUED
    const turnOf = pending<Verdict>()
    ledger.turn = () => turnOf.promise
    const admission = next({ maxWaitMs: 4000 })
    await clock.advance(4000 + OBJECT_CALL_MS)
    turnOf.reject(new Error('late'))
    expect(await admission).toMatchObject({ kind: 'refused', refusal: { code: 'overloaded' }, queueMs: 6000 })
    expect(asks.length).toBe(1)
    expect(withdrawn).toEqual(['r1'])
  })
})

describe('a client that leaves', () => {
  it('before it is asked for: nothing is asked', async () => {
    const { asks, withdrawn, next } = isolate([RPM])
    expect(await next({}, AbortSignal.abort())).toMatchObject({ kind: 'cancelled', queueMs: 0 })
    expect([asks, withdrawn]).toEqual([[], []])
  })

  it('while the ledger is asked: gone at once, and what it was granted is given back once it is known', async () => {
    const { ledger, withdrawn, background, services, next } = isolate([RPM])
    const reply = pending<AskReply>()
    ledger.admit = () => reply.promise
    const client = new AbortController()
    const admission = next({}, client.signal)
    client.abort()
    expect(await admission).toMatchObject({ kind: 'cancelled' })
    expect(withdrawn).toEqual([])
    reply.resolve(granted({ id: 's1', units: [3], expiresAtMs: Number.POSITIVE_INFINITY }))
    await Promise.all(background)
    expect(withdrawn).toEqual(['r1'])
    // The slice is this isolate's all the same.
    expect(services.slices.take('acme.g1', 'rpm requests sliding 60000 tenant', [1], 0)).not.toBeNull()
  })

  it.each([
    ['was refused', async (): Promise<AskReply> => refused(), []],
    ['was queued', async (): Promise<AskReply> => QUEUED, ['r1']],
    ['was perhaps not heard', () => Promise.reject(new Error('lost')), ['r1']],
  ])('while the ledger is asked, that %s', async (_, answer, withdrawals) => {
    const { ledger, withdrawn, background, next } = isolate([RPM])
    const client = new AbortController()
    ledger.admit = async () => {
      await turn()
      return answer()
    }
    const admission = next({}, client.signal)
    client.abort()
    expect(await told(admission)).toBe('cancelled')
    await Promise.all(background)
    expect(withdrawn).toEqual(withdrawals)
  })

  it('while it waits: it leaves the queue', async () => {
    const { clock, ledger, withdrawn, background, next } = isolate([RPM])
    ledger.admit = async () => QUEUED
    ledger.turn = () => new Promise(() => {})
    ledger.withdraw = () => Promise.reject(new Error('lost too'))
    const client = new AbortController()
    const admission = next({ maxWaitMs: 4000 }, client.signal)
    await clock.advance(300)
    client.abort()
    expect(await admission).toMatchObject({ kind: 'cancelled', queueMs: 300 })
    expect(withdrawn).toEqual(['r1'])
    await Promise.all(background)
  })
})

describe('a concurrency lease', () => {
  it('is renewed while the request runs, until it is released', async () => {
    const { clock, renewed, next } = isolate([FLIGHT])
    const { release } = admitted(await next())
    await clock.advance(LEASE_RENEW_MS)
    expect(renewed).toEqual([['r1']])
    release()
    await clock.advance(5 * LEASE_RENEW_MS)
    expect(renewed.length).toBe(1)
  })

  it('sets no timer for a request that has none', async () => {
    const { clock, next } = isolate([RPM])
    admitted(await next()).release()
    expect(clock.timers).toBe(0)
  })
})

describe('a ledger out of reach', () => {
  it('opens rates to an eighth for half a minute, then nothing', async () => {
    const { clock, outOfReach, next } = isolate([RPM])
    outOfReach()
    const codes: string[] = []
    for (let count = 0; count < 20; count += 1) codes.push(await told(next()))
    expect(codes.filter((code) => code === 'ok').length).toBe(10)
    expect(new Set(codes)).toEqual(new Set(['ok', 'overloaded']))
    // It is tried now and then all the while, or nobody knows that it is still out of reach.
    for (let second = 0; second < LOCAL_OPEN_MS / 1000; second += 1) {
      await next()
      await clock.advance(1000)
    }
    for (let minute = 0; minute < 3; minute += 1) {
      expect(await told(next())).toBe('overloaded')
      await clock.advance(1000)
    }
  })

  it('tells the ledger afterwards of what it let through, in the row', async () => {
    const { outOfReach, next, withdrawn } = isolate([RPM])
    outOfReach()
    expect(await next()).toMatchObject({
      kind: 'admitted',
      limits: null,
      charge: { counters: [{ limit: 'rpm' }] },
    })
    expect(withdrawn).toEqual([])
  })

  it.each([
    ['money', MONTH],
    ['a hard limit', { ...TPM, hard: true }],
  ])('closes %s at once, and takes back what may have been heard', async (_, limit) => {
    const { outOfReach, next, withdrawn } = isolate([RPM, limit])
    outOfReach()
    expect(await next()).toMatchObject({
      kind: 'refused',
      limits: null,
      refusal: { code: 'overloaded', status: 503, retryAfterMs: 1000 },
    })
    expect(withdrawn).toEqual(['r1'])
  })

  it('counts requests in flight by itself until they end', async () => {
    const { outOfReach, next, renewed, clock } = isolate([FLIGHT])
    outOfReach()
    const first = admitted(await next())
    expect(await told(next())).toBe('ok')
    expect(await told(next())).toBe('overloaded')
    first.release()
    expect(await told(next())).toBe('ok')
    await clock.advance(LEASE_RENEW_MS)
    expect(renewed).toEqual([])
  })

  it('is tried by one request a second, the others wait for no deadline', async () => {
    const { clock, ledger, asks, withdrawn, next } = isolate([MONTH])
    ledger.admit = () => Promise.reject(new Error('out of reach'))
    for (let tick = 0; tick < 30; tick += 1) {
      expect(await told(next())).toBe('overloaded')
      await clock.advance(LOCAL_TRY_MS / 10)
    }
    expect(asks.map(({ id }) => id)).toEqual(['r1', 'r11', 'r21'])
    expect(withdrawn).toEqual(['r1', 'r11', 'r21'])
  })

  it('is in reach again as soon as it answers', async () => {
    const { clock, services, ledger, next, outOfReach } = isolate([MONTH])
    outOfReach()
    expect(await told(next())).toBe('overloaded')
    ledger.admit = async () => {
      services.localLimiter.answered('acme.g1', clock.now())
      return granted()
    }
    expect(await told(next())).toBe('overloaded')
    await clock.advance(LOCAL_TRY_MS)
    expect(await told(next())).toBe('ok')
    expect(await told(next())).toBe('ok')
    expect(services.localLimiter.degradedMs(clock.now())).toBe(LOCAL_TRY_MS)
  })

  it('is told to the log once per outage', async () => {
    const { lines, clock, outOfReach, next } = isolate([RPM])
    outOfReach()
    for (let count = 0; count < 5; count += 1) {
      await next()
      await clock.advance(LOCAL_TRY_MS)
    }
    expect(lines).toEqual([{ level: 'error', event: 'ledger-out-of-reach', tenant: 'acme' }])
  })

  it('does not keep the slices of this isolate from serving', async () => {
    const { ledger, next, outOfReach, services, clock } = isolate([MONTH])
    ledger.admit = async () => granted({ id: 's1', units: [10_000_000], expiresAtMs: Number.POSITIVE_INFINITY })
    await next()
    outOfReach()
    services.localLimiter.failed('acme.g1', clock.now())
    expect(next()).toMatchObject({ kind: 'admitted', charge: { slice: 's1' } })
  })
})

it('lets no request wait for the call of another one', async () => {
  const { ledger, next } = isolate([RPM])
  const stuck = pending<AskReply>()
  ledger.admit = (ask) => (ask.id === 'r1' ? stuck.promise : Promise.resolve(granted()))
  const first = next()
  expect(await told(next())).toBe('ok')
  stuck.resolve(granted())
  expect(await told(first)).toBe('ok')
})
