/** The last stage: one row for every end, its way to the tenant's object in batches, and the log by policy. */
import { describe, expect, it } from 'vitest'
import { Slices } from '../../src/core/ledger/slices.ts'
import { USAGE_FLUSH_MS, USAGE_RETRIES_MAX, USAGE_RETRY_MS, USAGE_SEGMENT_ROWS_MAX } from '../../src/core/limits.ts'
import type { Target } from '../../src/core/snapshot.ts'
import type { Caller, TenantPlace } from '../../src/core/tenant.ts'
import { UsageBuffer } from '../../src/core/usage-buffer.ts'
import { type Ending, type LogPolicy, record } from '../../src/record/record.ts'
import type { UsageBatch } from '../../src/stores/types.ts'
import { manualClock } from '../support/manual-clock.ts'
import { callerOf, STARTED_AT_MS } from '../support/path.ts'

const target = { id: 'gpu/llama', price: { input: 2, output: 10 } } as Target
const USAGE = {
  inputTokens: 11,
  cachedInputTokens: 0,
  cacheWriteTokens: 0,
  outputTokens: 7,
  reasoningTokens: 0,
  source: 'provider',
} as const

const ending = (more: Partial<Ending> = {}): Ending => ({
  requestId: 'r1',
  startedAtMs: STARTED_AT_MS,
  alias: 'model',
  outcome: 'finished',
  cache: 'miss',
  status: 200,
  target,
  attempts: 1,
  usage: USAGE,
  firstTokenMs: 30,
  code: null,
  charge: null,
  isHeld: false,
  ...more,
})

/** The stage around a tenant store that keeps what it is given; `refuse` may fail a call of it. */
function stage() {
  const clock = manualClock(STARTED_AT_MS)
  const batches: { owner: TenantPlace; ids: string[] }[] = []
  const sent: UsageBatch[] = []
  const background: Promise<unknown>[] = []
  const lines: Readonly<Record<string, unknown>>[] = []
  const store = { refuse: (_: TenantPlace): boolean => false }
  const services = {
    clock,
    usageBuffer: new UsageBuffer(),
    slices: new Slices(),
    tenants: {
      async record(owner: TenantPlace, batch: UsageBatch) {
        sent.push(batch)
        if (store.refuse(owner)) throw new Error('out of reach')
        batches.push({ owner, ids: batch.rows.map(({ requestId }) => requestId) })
      },
    },
    background: (work: Promise<unknown>) => void background.push(work),
    log: (line: Readonly<Record<string, unknown>>) => void lines.push(line),
  }
  const end = (more: Partial<Ending> = {}, caller: Caller = callerOf(), policy: LogPolicy = 'off') =>
    record(services, caller, policy, ending(more))
  return { services, clock, batches, sent, background, lines, store, end }
}

describe('the row', () => {
  it('says everything that is known of a request', async () => {
    const { clock, end } = stage()
    await clock.advance(250)
    expect(end()).toEqual({
      requestId: 'r1',
      at: '2026-01-01T00:00:00.000Z',
      key: 'key00001',
      model: 'model',
      target: 'gpu/llama',
      outcome: 'finished',
      status: 200,
      cache: 'miss',
      attempts: 1,
      usage: USAGE,
      costMicroUsd: 92,
      firstTokenMs: 30,
      totalMs: 250,
    })
  })

  it('has null for what is not known, and an unknown price is one of them', () => {
    const { end } = stage()
    const none = {
      alias: null,
      target: null,
      usage: null,
      firstTokenMs: null,
      outcome: 'refused',
      status: 400,
    } as const
    expect(end(none)).toMatchObject({ model: null, target: null, usage: null, costMicroUsd: null, firstTokenMs: null })
    expect(end({ target: { ...target, price: undefined } })).toMatchObject({ target: 'gpu/llama', costMicroUsd: null })
  })

  it('never took less than no time', () => {
    expect(stage().end({ startedAtMs: STARTED_AT_MS + 5 }).totalMs).toBe(0)
  })
})

describe('the flush', () => {
  it('of one that held a slot does not wait for others, unless there has just been one', async () => {
    const { clock, batches, end } = stage()
    const ids = () => batches.map((batch) => batch.ids)
    end({ requestId: 'a', isHeld: true })
    expect(ids()).toEqual([['a']])
    await clock.advance(10)
    end({ requestId: 'b', isHeld: true })
    end({ requestId: 'c' })
    await clock.advance(USAGE_FLUSH_MS - 1)
    expect(ids()).toHaveLength(1)
    await clock.advance(1)
    expect(ids().slice(1)).toEqual([['b', 'c']])
    await clock.advance(USAGE_FLUSH_MS)
    end({ requestId: 'd' })
    end({ requestId: 'e', isHeld: true })
    expect(ids().slice(2), 'it takes along what is there').toEqual([['d', 'e']])
    await clock.advance(2 * USAGE_FLUSH_MS)
    expect(ids()).toHaveLength(3)
  })

  it('takes all rows of a tenant at once, after its time, in the background of whoever came first', async () => {
    const { clock, batches, background, end } = stage()
    const caller = callerOf({ tenant: { region: 'weur', jurisdiction: 'eu' } })
    end({ requestId: 'a' }, caller)
    await clock.advance(USAGE_FLUSH_MS - 1)
    end({ requestId: 'b' }, caller)
    expect(background.length).toBe(1)
    expect(batches).toEqual([])
    await clock.advance(1)
    const owner = { id: 'acme', generation: 'g1', region: 'weur', jurisdiction: 'eu' }
    expect(batches).toEqual([{ owner, ids: ['a', 'b'] }])
    await Promise.all(background)
  })

  it('is one for each tenant', async () => {
    const { clock, batches, background, end } = stage()
    end({ requestId: 'a' })
    end({ requestId: 'b' }, callerOf({ tenant: { id: 'other' } }))
    expect(background.length).toBe(2)
    await clock.advance(USAGE_FLUSH_MS)
    expect(batches.map(({ owner, ids }) => [owner.id, ids])).toEqual([
      ['acme', ['a']],
      ['other', ['b']],
    ])
  })

  it('begins anew for the rows after it', async () => {
    const { clock, batches, end } = stage()
    end({ requestId: 'a' })
    await clock.advance(USAGE_FLUSH_MS)
    end({ requestId: 'b' })
    await clock.advance(USAGE_FLUSH_MS)
    expect(batches.map(({ ids }) => ids)).toEqual([['a'], ['b']])
  })

  it('is as many batches as the rows need', async () => {
    const { clock, batches, end } = stage()
    for (let index = 0; index <= USAGE_SEGMENT_ROWS_MAX; index += 1) end({ requestId: String(index) })
    await clock.advance(USAGE_FLUSH_MS)
    expect(batches.map(({ ids }) => ids.length)).toEqual([USAGE_SEGMENT_ROWS_MAX, 1])
  })

  it('that fails says so without content, and is made again by its own request, each time later', async () => {
    const { clock, sent, batches, background, lines, store, services, end } = stage()
    store.refuse = () => true
    end({ requestId: 'a' })
    end({ requestId: 'b' })
    await clock.advance(USAGE_FLUSH_MS)
    expect(lines).toEqual([{ level: 'error', event: 'usage-flush-failed', tenant: 'acme', rows: 2 }])
    // Rows that come meanwhile wait too, and ask nobody.
    end({ requestId: 'c' })
    await clock.advance(USAGE_RETRY_MS - 1)
    expect([sent.length, background.length]).toEqual([1, 1])
    await clock.advance(1)
    expect(sent.length).toBe(2)
    await clock.advance(2 * USAGE_RETRY_MS - 1)
    expect(sent.length).toBe(2)
    store.refuse = () => false
    await clock.advance(1)
    expect(batches.map(({ ids }) => ids)).toEqual([['a', 'b', 'c']])
    expect(services.usageBuffer.dropped).toBe(0)
    await Promise.all(background)
  })

  it('that goes on failing is left to whoever comes next', async () => {
    const { clock, sent, batches, background, store, end } = stage()
    store.refuse = () => true
    end({ requestId: 'a' })
    await clock.advance(60_000)
    expect(sent.length).toBe(1 + USAGE_RETRIES_MAX)
    await Promise.all(background)
    store.refuse = () => false
    end({ requestId: 'b' })
    await clock.advance(USAGE_FLUSH_MS)
    expect(batches.map(({ ids }) => ids)).toEqual([['a', 'b']])
  })

  it('carries how rows were admitted that the ledger has no reservation of, and again after a failure', async () => {
    const { clock, sent, store, end } = stage()
    const charge = { slice: 's1', units: [1] }
    store.refuse = () => sent.length === 1
    end({ requestId: 'a', charge })
    end({ requestId: 'b' })
    await clock.advance(USAGE_FLUSH_MS + USAGE_RETRY_MS)
    expect(sent.map(({ charges }) => charges)).toEqual([{ a: charge }, { a: charge }])
  })

  it('carries what is to be said of slices until it has arrived', async () => {
    const { clock, sent, store, services, end } = stage()
    const slice = { id: 's1', units: [4], lifeMs: 50 }
    services.slices.put('acme.g1', 'set', slice, [], STARTED_AT_MS)
    store.refuse = () => sent.length === 1
    end({ requestId: 'a' })
    await clock.advance(USAGE_FLUSH_MS + USAGE_RETRY_MS)
    end({ requestId: 'b' })
    await clock.advance(USAGE_FLUSH_MS)
    const report = { id: 's1', left: [4], usedMs: 0 }
    expect(sent.map(({ slices }) => slices)).toEqual([[report], [report], []])
  })

  it('takes the rows of others along whose own flush never came', async () => {
    const { clock, batches, services, end } = stage()
    const dead = callerOf({ tenant: { id: 'dead' } })
    // Its request armed the flush and was reset.
    services.background = () => {}
    services.clock = manualClock(STARTED_AT_MS)
    end({ requestId: 'orphan' }, dead)
    services.clock = clock
    await clock.advance(2 * USAGE_FLUSH_MS)
    end({ requestId: 'a' })
    await clock.advance(USAGE_FLUSH_MS)
    expect(batches.map(({ owner, ids }) => [owner.id, ids])).toEqual([
      ['acme', ['a']],
      ['dead', ['orphan']],
    ])
  })
})

it('of an answer that was given before costs nothing, whatever is known of its price', () => {
  const { end } = stage()
  expect(end({ cache: 'hit', attempts: 0, usage: null, target: { id: 'gpu/m' } })).toMatchObject({
    cache: 'hit',
    usage: null,
    costMicroUsd: 0,
    target: 'gpu/m',
  })
})

describe('the log', () => {
  const LINE = {
    level: 'info',
    event: 'request',
    'x-request-id': 'r1',
    tenant: 'acme',
    key: 'key00001',
    model: 'model',
    target: 'gpu/llama',
    outcome: 'finished',
    status: 200,
    code: null,
    cache: 'miss',
    attempts: 1,
    costMicroUsd: 92,
    firstTokenMs: 30,
    totalMs: 0,
  }

  it('has one structured line for every request under `all`, and none under `off`', () => {
    const { lines, end } = stage()
    end({}, callerOf(), 'all')
    expect(lines).toEqual([LINE])
    end({}, callerOf(), 'off')
    end({ outcome: 'failed' }, callerOf(), 'off')
    expect(lines.length).toBe(1)
  })

  it.each([
    ['finished', false, 'info'],
    ['refused', true, 'info'],
    ['cancelled', false, 'info'],
    ['broken', true, 'error'],
    ['failed', true, 'error'],
  ] as const)('%s: under `errors` a line: %j, its level %s', (outcome, isLogged, level) => {
    const { lines, end } = stage()
    end({ outcome, code: 'upstream_failed' }, callerOf(), 'errors')
    expect(lines.length).toBe(isLogged ? 1 : 0)
    end({ outcome, code: 'upstream_failed' }, callerOf(), 'all')
    expect(lines.at(-1)).toEqual({ ...LINE, outcome, level, code: 'upstream_failed' })
  })
})
