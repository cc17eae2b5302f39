/** A replica for a request: by the pool's object, by what the isolate knows where that is out of reach, or not at all. */
import { describe, expect, it, vi } from 'vitest'
import type { InferenceRequest } from '../../src/core/inference.ts'
import { POOL_NEWS_WAIT_MS, POOL_REST_MS } from '../../src/core/pool/line-limits.ts'
import type { Choice, PoolRequest, Turn } from '../../src/core/pool/types.ts'
import { type ReplicaLease, takeReplica } from '../../src/dispatch/replica.ts'
import type { PoolNews, PoolStore } from '../../src/stores/types.ts'
import {
  candidatesOf,
  deploymentOf,
  pathServices,
  requestOf,
  STARTED_AT_MS,
  scriptedProvider,
  sealed,
} from '../support/path.ts'
import { poolsOver } from '../support/pools.ts'

const CHOICE: Choice = { reason: 'warm', matchedBlocks: 2, blocks: 3, candidates: [] }
const USAGE = { inputTokens: 6, cachedInputTokens: 4, cacheWriteTokens: 0, outputTokens: 9, reasoningTokens: 0 }
const bound = (id: string, replica = 'b'): Turn => ({ kind: 'bound', id, replica, choice: CHOICE })

/** An object that answers by the script, and what it was asked and told. */
function object(
  answer: (request: PoolRequest) => Turn | Promise<Turn>,
  turn?: () => Promise<Exclude<Turn, { kind: 'queued' }>>,
) {
  const asked: PoolRequest[] = []
  const told: PoolNews[] = []
  let epoch = 'one'
  const store: PoolStore = {
    async acquire(_place, request, events) {
      asked.push(request)
      told.push({ events })
      return { epoch, isQueued: false, turn: await answer(request) }
    },
    turn: turn ?? (() => Promise.reject(new Error('nobody waits'))),
    async tell(_place, news) {
      told.push(news)
      return { epoch, isQueued: false }
    },
    workers: () => ({ fetch: async () => new Response('pulled') }),
  }
  return {
    store,
    asked,
    told,
    forget: () => {
      epoch = 'two'
    },
  }
}

function world(store?: PoolStore, pool: object = {}) {
  const services = pathServices(scriptedProvider({}))
  if (store !== undefined) services.pools = poolsOver(services.clock, store)
  const work: Promise<unknown>[] = []
  services.background = (one) => void work.push(one)
  const deployment = deploymentOf({
    providers: {
      p: {
        protocol: 'openai',
        pool: {
          replicas: [
            { id: 'a', url: 'https://a.example/v1' },
            { id: 'b', url: 'https://b.example/v1' },
          ],
          ...pool,
        },
      },
    },
    models: { model: { targets: [{ provider: 'p', model: 'm' }] } },
  })
  const [candidate] = candidatesOf(deployment).candidates
  const config = candidate?.target.provider.pool
  if (candidate === undefined || config === undefined) throw new Error('no pool')
  const client = new AbortController()
  const tried = new Set<string>()
  let attempts = 0
  const take = (more: Partial<InferenceRequest> = {}, asker = { owner: 'acme.g1', pepper: sealed('pepper') }) => {
    const id = `request.${attempts}`
    attempts += 1
    const wish = { id, asker, tried, sinceMs: services.clock.now(), totalAtMs: STARTED_AT_MS + 600_000 }
    return takeReplica(services, candidate, requestOf(more), config, wish, client.signal)
  }
  const leaseOf = async (...asked: Parameters<typeof take>): Promise<ReplicaLease> => {
    const placed = await take(...asked)
    if (placed.kind !== 'placed') throw new Error(placed.kind)
    return placed.lease
  }
  const settled = async (ms: number): Promise<void> => {
    await services.clock.advance(ms)
    await Promise.all(work)
  }
  return { take, leaseOf, services, client, tried, settled }
}

describe('by the object', () => {
  it('is the one that it says; first content and end are told soon, with what was used', async () => {
    const { store, told } = object(({ id }) => bound(id))
    const { leaseOf, tried, settled } = world(store)
    const lease = await leaseOf()
    expect(lease).toMatchObject({ replica: { id: 'b', url: 'https://b.example/v1' }, choice: CHOICE })
    expect([...tried]).toEqual(['b'])
    lease.first()
    lease.first()
    lease.release('answered', { ...USAGE, source: 'provider' })
    lease.release('failed')
    lease.first()
    await settled(POOL_NEWS_WAIT_MS)
    const usage = { promptTokens: 10, cachedTokens: 4, outputTokens: 9 }
    expect(told.slice(1)).toEqual([
      {
        events: [
          { kind: 'first', id: 'request.0' },
          { kind: 'ended', id: 'request.0', end: { outcome: 'answered', usage } },
        ],
      },
    ])
  })

  it('takes along what has happened, so that it costs no call of its own', async () => {
    const { store, told } = object(({ id }) => bound(id))
    const { leaseOf, settled } = world(store)
    const lease = await leaseOf()
    lease.release('answered', { ...USAGE, source: 'estimated' })
    await leaseOf()
    await settled(POOL_NEWS_WAIT_MS)
    const end = { outcome: 'answered', usage: null }
    expect(told).toEqual([{ events: [] }, { events: [{ kind: 'ended', id: 'request.0', end }] }])
  })

  it('is asked for with whose the prompt is, and what the caller says of its wait', async () => {
    const { store, asked } = object(({ id }) => bound(id))
    const { leaseOf } = world(store)
    const body = { messages: [{ role: 'user', content: 'x'.repeat(2000) }] }
    await leaseOf({ body, priority: 'batch', maxWaitMs: 700, stream: true, session: 's' })
    await leaseOf({ body }, { owner: 'other.g1', pepper: sealed('pepper') })
    const [one, other] = asked
    expect(one).toMatchObject({
      tenant: 'acme.g1',
      priority: 'batch',
      model: 'm',
      maxWaitMs: 700,
      tellsFirst: true,
      session: 'acme.g1\ns',
      tried: [],
    })
    expect(other).toMatchObject({ priority: 'interactive', maxWaitMs: 30_000, tellsFirst: false, tried: ['b'] })
    expect(one?.blocks.length).toBe(3)
    expect([...(one?.blocks ?? [])]).not.toEqual([...(other?.blocks ?? [])])
  })

  it('tenants who may share a prefix have the same blocks, and no salt between them', async () => {
    const { store, asked } = object(({ id }) => bound(id))
    const { leaseOf } = world(store, { sharePrefix: true })
    const body = { messages: [{ role: 'user', content: 'x'.repeat(2000) }] }
    const first = await leaseOf({ body })
    await leaseOf({ body }, { owner: 'other.g1', pepper: sealed('pepper') })
    expect([...(asked[0]?.blocks ?? [])]).toEqual([...(asked[1]?.blocks ?? [])])
    expect(first.cacheSalt).toBeUndefined()
  })

  it('has a salt of the tenant where the engine takes one, and one of its own where none can be made', async () => {
    const { store } = object(({ id }) => bound(id))
    expect((await world(store).leaseOf()).cacheSalt).toBe('salt of acme.g1')
    expect((await world(store, { kind: 'tgi' }).leaseOf()).cacheSalt).toBeUndefined()
    const nobody = { owner: 'acme.g1', pepper: null as never }
    const [one, other] = [await world(store).leaseOf({}, nobody), await world(store).leaseOf({}, nobody)]
    expect(one.cacheSalt).not.toBe(other.cacheSalt)
  })

  it('is waited for where it must be, and what is refused is told', async () => {
    const queued = ({ id }: PoolRequest): Turn => ({ kind: 'queued', id, expectedMs: 100 })
    const waited = object(queued, async () => bound('request.0', 'a') as Exclude<Turn, { kind: 'queued' }>)
    expect((await world(waited.store).leaseOf()).replica.id).toBe('a')
    const late = object(queued, async () => ({ kind: 'refused', id: 'request.0', why: 'wait', retryAfterMs: 1500 }))
    expect(await world(late.store).take()).toEqual({ kind: 'unplaced', why: 'wait', retryAfterMs: 1500 })
  })

  it('a client that leaves while it waits is taken back', async () => {
    const never = Promise.withResolvers<Exclude<Turn, { kind: 'queued' }>>()
    const { store, told } = object(
      ({ id }) => ({ kind: 'queued', id, expectedMs: 100 }),
      () => never.promise,
    )
    const { take, client, settled } = world(store)
    const taking = take()
    await vi.waitFor(() => expect(told.length).toBe(1))
    client.abort()
    expect(await taking).toEqual({ kind: 'left' })
    await settled(POOL_NEWS_WAIT_MS)
    expect(told.at(-1)).toEqual({ events: [{ kind: 'left', id: 'request.0' }] })
  })

  it('that has lost its memory is told what is held of it', async () => {
    const { store, told, forget } = object(({ id }) => bound(id))
    const { leaseOf, settled } = world(store)
    await leaseOf()
    forget()
    await leaseOf()
    await settled(0)
    // What it has just bound it knows.
    expect(told.at(-1)?.leases?.map(({ id, replica }) => [id, replica])).toEqual([['request.0', 'b']])
  })

  it('a worker is reached through it', async () => {
    const { store } = object(({ id }) => bound(id, 'worker-1'))
    const lease = await world(store, { workers: true }).leaseOf()
    expect(lease.replica).toEqual({ id: 'worker-1', url: 'http://pool/serve/worker-1' })
    expect(await (await lease.through?.fetch('http://pool/x', {}))?.text()).toBe('pulled')
  })

  it('one that this isolate does not know yet is given back, and another taken', async () => {
    const { store, told } = object(({ id }) => bound(id, 'new'))
    const { leaseOf, settled } = world(store)
    expect(await leaseOf()).toMatchObject({ replica: { id: 'a' }, choice: { reason: 'degraded' } })
    await settled(POOL_NEWS_WAIT_MS)
    expect(told.at(-1)).toEqual({ events: [{ kind: 'left', id: 'request.0' }] })
  })
})

describe('without it', () => {
  it('goes where this isolate has least, and asks again after a rest', async () => {
    let isAway = true
    const { store, asked } = object(({ id }) => (isAway ? Promise.reject(new Error('away')) : bound(id)))
    const { leaseOf, services } = world(store)
    expect((await leaseOf()).choice.reason).toBe('degraded')
    expect((await leaseOf()).choice.reason).toBe('degraded')
    expect(asked.length).toBe(1)
    expect(services.lines).toMatchObject([{ event: 'pool-out-of-reach', pool: 'p' }])
    isAway = false
    await services.clock.advance(POOL_REST_MS)
    expect((await leaseOf()).choice.reason).toBe('warm')
    expect(services.pools.degraded.seconds).toBe(POOL_REST_MS / 1000)
  })

  it('an object that is lost while one waits is done without', async () => {
    const { store } = object(({ id }) => ({ kind: 'queued', id, expectedMs: 100 }))
    expect((await world(store).leaseOf()).choice.reason).toBe('degraded')
  })

  it('nothing is there where no replica is active', async () => {
    const replicas = [{ id: 'a', url: 'https://a.example/v1', state: 'draining' }]
    expect(await world(undefined, { replicas }).take()).toEqual({ kind: 'unplaced', why: 'none', retryAfterMs: 0 })
  })
})
