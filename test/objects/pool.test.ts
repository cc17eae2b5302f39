/** The pool's object: turns, waits, news, probes, and a memory that may be lost. */
import { env, runInDurableObject } from 'cloudflare:test'
import { describe, expect, it } from 'vitest'
import { configSchema, type PoolConfig } from '../../src/core/config.ts'
import { POOL_PROBE_TRAFFIC_MS } from '../../src/core/pool/line-limits.ts'
import type { PoolEvent, PoolLease, PoolRequest, Turn } from '../../src/core/pool/types.ts'
import { type PoolTools, poolObject } from '../../src/objects/pool.ts'
import type { PoolFacts } from '../../src/stores/types.ts'

const REPLICAS = [
  { id: 'a', url: 'https://a.example/v1' },
  { id: 'b', url: 'https://b.example/v1' },
]
const configOf = (more: object = {}): PoolConfig => {
  const document = { providers: { gpu: { protocol: 'openai', pool: { replicas: REPLICAS, ...more } } } }
  const { pool } = configSchema.parse(document).providers.gpu ?? {}
  if (pool === undefined) throw new Error('no pool')
  return pool
}
const FULL = { outcome: 'answered', usage: null } as const
const request = (id: string, more: Partial<PoolRequest> = {}): Omit<PoolRequest, 'blocks'> => ({
  id,
  tenant: 'acme.g1',
  priority: 'interactive',
  model: 'm',
  promptTokens: 1000,
  outputTokens: 10,
  tellsFirst: true,
  tried: [],
  sinceMs: Date.now(),
  maxWaitMs: 30_000,
  ...more,
})

/** So little that another one can go with it. */
const SMALL = { promptTokens: 100 }

/** An object of its own over a config that the test may change, in the storage of a fresh one. */
async function within<T>(
  run: (pool: Driver, settings: { config: PoolConfig | null }) => Promise<T>,
  config = configOf(),
) {
  const settings: { config: PoolConfig | null; probed: string[]; isHealthy: boolean | null } = {
    config,
    probed: [],
    isHealthy: true,
  }
  const tools: PoolTools = {
    settings: () => settings.config,
    async probe(_pool, { id }) {
      settings.probed.push(id)
      return { isHealthy: settings.isHealthy, metrics: null }
    },
  }
  const stub = env.POOL.get(env.POOL.newUniqueId())
  const Class = poolObject(() => tools)
  return runInDurableObject(stub, (_, state) => run(new Driver(new Class(state, env), state, settings), settings))
}

/** The object as an isolate speaks to it. */
class Driver {
  readonly object: InstanceType<ReturnType<typeof poolObject>>
  readonly state: DurableObjectState
  readonly settings: { probed: string[]; isHealthy: boolean | null }

  constructor(object: Driver['object'], state: DurableObjectState, settings: Driver['settings']) {
    this.object = object
    this.state = state
    this.settings = settings
  }

  async acquire(asked: Omit<PoolRequest, 'blocks'>, events: readonly PoolEvent[] = [], isExplained = false) {
    const text = JSON.stringify({ request: asked, events, isExplained })
    const said = await this.object.acquire('gpu', text, Float64Array.of(1, 2, 3, 4))
    return JSON.parse(said) as { epoch: string; isQueued: boolean; turn: Turn }
  }

  async tell(events: readonly PoolEvent[], leases: readonly PoolLease[] = [], renew: readonly string[] = []) {
    const said = await this.object.tell('gpu', JSON.stringify({ events, renew }), leases)
    return JSON.parse(said) as { epoch: string; isQueued: boolean }
  }

  async turn(id: string) {
    return JSON.parse(await this.object.turn(id)) as Turn
  }

  async view() {
    return JSON.parse(await this.object.view('gpu')) as PoolFacts
  }
}

/** One replica that takes one request at a time. */
const NARROW = configOf({ replicas: REPLICAS.slice(0, 1), maxInflightTokens: 1000 })

describe('a turn', () => {
  it('is a replica where one has room, and says no more of the choice than was asked for', () =>
    within(async (pool) => {
      const { turn, isQueued } = await pool.acquire(request('1', SMALL))
      expect(turn).toMatchObject({ kind: 'bound', id: '1', choice: { candidates: [] } })
      expect(isQueued).toBe(false)
      const explained = await pool.acquire(request('2', SMALL), [], true)
      expect(explained.turn).toMatchObject({ choice: { reason: 'warm', matchedBlocks: 4, blocks: 4 } })
      expect(explained.turn.kind === 'bound' && explained.turn.choice.candidates.length).toBe(2)
    }))

  it('is waited for where none has, and comes with the end of another request', () =>
    within(async (pool) => {
      await pool.acquire(request('1'))
      const { turn, isQueued } = await pool.acquire(request('2'))
      expect(turn.kind).toBe('queued')
      expect(isQueued).toBe(true)
      const waiting = pool.turn('2')
      await pool.tell([{ kind: 'ended', id: '1', end: FULL }])
      expect(await waiting).toMatchObject({ kind: 'bound', id: '2', replica: 'a' })
      expect((await pool.view()).queued).toEqual({ interactive: 0, batch: 0 })
    }, NARROW))

  it('that was decided before its wait had come is there for it', () =>
    within(async (pool) => {
      await pool.acquire(request('1'))
      await pool.acquire(request('2'))
      await pool.acquire(request('3', { sinceMs: Date.now() + 1 }), [{ kind: 'ended', id: '1', end: FULL }])
      expect(await pool.turn('2')).toMatchObject({ kind: 'bound', id: '2' })
    }, NARROW))

  it('ends with its bound though nobody calls', () =>
    within(async (pool) => {
      await pool.acquire(request('1', { tellsFirst: true }))
      const { turn } = await pool.acquire(request('2', { maxWaitMs: 500 }))
      // Refused at once where it can be foreseen.
      const refused = turn.kind === 'queued' ? await pool.turn('2') : turn
      expect(refused).toMatchObject({ kind: 'refused', id: '2', why: 'wait' })
    }, NARROW))

  it('of whoever leaves is taken back', () =>
    within(async (pool) => {
      await pool.acquire(request('1'))
      await pool.acquire(request('2'))
      expect(await pool.tell([{ kind: 'left', id: '2' }])).toMatchObject({ isQueued: false })
    }, NARROW))
})

describe('the config', () => {
  it('is followed as it changes: replicas come and drain', () =>
    within(async (pool, settings) => {
      await pool.acquire(request('1'))
      settings.config = configOf({
        replicas: [
          { ...REPLICAS[0], state: 'draining' },
          { id: 'c', url: 'https://c.example/v1' },
        ],
      })
      expect((await pool.acquire(request('2'))).turn).toMatchObject({ kind: 'bound', replica: 'c' })
      const { replicas } = await pool.view()
      expect(replicas.map(({ id, state, url }) => [id, state, url])).toEqual([
        ['a', 'draining', 'https://a.example/v1'],
        ['c', 'active', 'https://c.example/v1'],
      ])
    }))

  it('that names no such pool leaves the caller to do without', () =>
    within(async (pool, settings) => {
      settings.config = null
      await expect(pool.acquire(request('1'))).rejects.toThrow('no such pool')
    }))
})

it('what has no memory says so, and is told what is held of it', () =>
  within(async (pool) => {
    const before = await pool.acquire(request('1', SMALL))
    const tools: PoolTools = { settings: () => configOf(), probe: async () => ({ isHealthy: true, metrics: null }) }
    const Class = poolObject(() => tools)
    const woken = new Driver(new Class(pool.state, env), pool.state, pool.settings)
    const held = { tenant: 'acme.g1', ...SMALL, blocks: Float64Array.of(1, 2, 3, 4), isStarted: false }
    const said = await woken.tell([], [{ ...held, id: '1', replica: 'b' }])
    expect(said.epoch).not.toBe(before.epoch)
    const { replicas } = await woken.view()
    expect(replicas.map(({ id, requests }) => [id, requests])).toEqual([
      ['a', 0],
      ['b', 1],
    ])
    expect((await woken.acquire(request('2', SMALL))).turn).toMatchObject({ kind: 'bound', replica: 'b' })
  }))

describe('probes', () => {
  it('come from the alarm while there is traffic, and tell who is well', () =>
    within(async (pool) => {
      expect(await pool.state.storage.getAlarm()).toBeNull()
      await pool.acquire(request('1'))
      const atMs = await pool.state.storage.getAlarm()
      expect(atMs).toBeGreaterThan(Date.now())
      pool.settings.isHealthy = false
      await fire(pool)
      await fire(pool)
      expect(pool.settings.probed).toEqual(['a', 'b', 'a', 'b'])
      // At most half of them.
      expect((await pool.view()).replicas.map(({ health }) => health)).toContain('out')
    }))

  it('that could not be made for a reason of our own say nothing', () =>
    within(async (pool) => {
      await pool.acquire(request('1'))
      pool.settings.isHealthy = null
      for (let times = 0; times < 5; times += 1) await fire(pool)
      expect((await pool.view()).replicas.map(({ health }) => health)).toEqual(['ok', 'ok'])
    }))

  it('an object that woke for nothing looks at nothing, and sleeps again', () =>
    within(async (pool) => {
      await pool.acquire(request('1'))
      const tools: PoolTools = {
        settings: () => configOf(),
        probe: () => Promise.reject(new Error('nothing to look at')),
      }
      const Class = poolObject(() => tools)
      const woken = new Class(pool.state, env)
      pool.state.storage.sql.exec('UPDATE timers SET at_ms = 0')
      await woken.alarm()
      expect(await pool.state.storage.getAlarm()).toBeNull()
      expect(POOL_PROBE_TRAFFIC_MS).toBeGreaterThan(0)
    }))
})

/** Lets the alarm find its timer due. */
async function fire(pool: Driver): Promise<void> {
  pool.state.storage.sql.exec('UPDATE timers SET at_ms = 0')
  await pool.object.alarm()
}
