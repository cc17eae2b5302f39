/** Which replica of a pool gets a request, and when one is left out. */
import { describe, expect, it } from 'vitest'
import type { PoolConfig, ReplicaConfig } from '../../src/core/config.ts'
import { Replicas, replicaNames } from '../../src/core/replicas.ts'

const NOW = 1_700_000_000_000
const NONE: ReadonlySet<string> = new Set()

const replica = (id: string, state: ReplicaConfig['state'] = 'active'): ReplicaConfig => ({
  id,
  url: `https://${id}.example/v1`,
  state,
})
const poolOf = (...replicas: ReplicaConfig[]): PoolConfig => ({ replicas }) as PoolConfig
const pool = poolOf(replica('a'), replica('b'))

/** Chooses one for a prompt of which nothing is known, and holds it. */
function take(
  replicas: Replicas,
  name: string,
  of: PoolConfig,
  tokens: number,
  tried: ReadonlySet<string>,
  nowMs: number,
) {
  const replica = replicas.choose(name, of, new Float64Array(0), tried, nowMs)
  return replica === null ? null : { replica, ...replicas.hold(name, replica, tokens) }
}

/** Takes one of the pool's. */
const taken = (replicas: Replicas, tokens = 10, tried = NONE, nowMs = NOW, of = pool) =>
  take(replicas, 'gpu', of, tokens, tried, nowMs)

/** Lets a replica fail so many times in a row; each is the only one that is fresh. */
function fail(replicas: Replicas, id: string, times: number, nowMs = NOW): void {
  const others = new Set(pool.replicas.map((one) => one.id).filter((one) => one !== id))
  for (let count = 0; count < times; count += 1) {
    const lease = taken(replicas, 0, others, nowMs)
    expect(lease?.replica.id).toBe(id)
    lease?.release('failed', nowMs)
  }
}

describe('load', () => {
  it('goes to the replica with the fewest tokens in flight', () => {
    const replicas = new Replicas()
    const large = taken(replicas, 100)
    expect(large?.replica.id).toBe('a')
    expect(taken(replicas, 30)?.replica.id).toBe('b')
    expect(taken(replicas, 30)?.replica.id).toBe('b')
    large?.release('answered', NOW)
    expect(taken(replicas, 10)?.replica.id).toBe('a')
  })

  it('counts requests where prompts are empty, and takes the first of equals', () => {
    const replicas = new Replicas()
    expect(taken(replicas, 0)?.replica.id).toBe('a')
    expect(taken(replicas, 0)?.replica.id).toBe('b')
    expect(taken(replicas, 0)?.replica.id).toBe('a')
  })

  it('is given back once, however often a lease is released', () => {
    const replicas = new Replicas()
    const first = taken(replicas, 100)
    taken(replicas, 50)
    first?.release('answered', NOW)
    first?.release('answered', NOW)
    expect(taken(replicas, 60)?.replica.id).toBe('a')
    expect(taken(replicas, 10)?.replica.id).toBe('b')
  })

  it('is counted for each pool by itself', () => {
    const replicas = new Replicas()
    taken(replicas, 100)
    expect(take(replicas, 'other', pool, 10, NONE, NOW)?.replica.id).toBe('a')
  })
})

describe('state', () => {
  it('only active replicas are taken', () => {
    const replicas = new Replicas()
    const mixed = poolOf(replica('a', 'draining'), replica('b', 'disabled'), replica('c'))
    expect(taken(replicas, 10, NONE, NOW, mixed)?.replica.id).toBe('c')
    expect(taken(replicas, 10, NONE, NOW, poolOf(replica('a', 'draining')))).toBeNull()
  })

  it('a replica that was tried is taken again only when no other is left', () => {
    const replicas = new Replicas()
    taken(replicas, 100, new Set(['a']))
    expect(taken(replicas, 10, new Set(['a']))?.replica.id).toBe('b')
    expect(taken(replicas, 10, new Set(['a', 'b']))?.replica.id).toBe('a')
  })
})

describe('failures', () => {
  it('three in a row leave a replica out, two do not', () => {
    const replicas = new Replicas()
    fail(replicas, 'a', 2)
    expect(taken(replicas, 0)?.replica.id).toBe('a')
    const other = new Replicas()
    fail(other, 'a', 3)
    expect(taken(other, 0)?.replica.id).toBe('b')
    expect(taken(other, 0)?.replica.id).toBe('b')
  })

  it('an answer in between begins the count anew', () => {
    const replicas = new Replicas()
    fail(replicas, 'a', 2)
    taken(replicas, 0)?.release('answered', NOW)
    fail(replicas, 'a', 2)
    expect(taken(replicas, 0)?.replica.id).toBe('a')
  })

  it('a replica is back after 30 s with one trial; the next failure puts it out for longer', () => {
    const replicas = new Replicas()
    fail(replicas, 'a', 3)
    expect(taken(replicas, 0, NONE, NOW + 29_999)?.replica.id).toBe('b')
    const back = NOW + 30_000
    fail(replicas, 'a', 1, back)
    expect(taken(replicas, 0, NONE, back + 59_999)?.replica.id).toBe('b')
    expect(taken(replicas, 0, NONE, back + 60_000)?.replica.id).toBe('a')
  })

  it('stays out for at most five minutes', () => {
    const replicas = new Replicas()
    let now = NOW
    fail(replicas, 'a', 3, now)
    for (let times = 2; times <= 20; times += 1) {
      now += 300_000
      fail(replicas, 'a', 1, now)
    }
    expect(taken(replicas, 0, NONE, now + 299_999)?.replica.id).toBe('b')
    expect(taken(replicas, 0, NONE, now + 300_000)?.replica.id).toBe('a')
  })

  it('an answer after the trial forgives everything', () => {
    const replicas = new Replicas()
    fail(replicas, 'a', 3)
    taken(replicas, 0, new Set(['b']), NOW + 30_000)?.release('answered', NOW + 30_000)
    fail(replicas, 'a', 2, NOW + 30_000)
    expect(taken(replicas, 0, NONE, NOW + 30_000)?.replica.id).toBe('a')
  })

  it('one is tried anyway when all are out', () => {
    const replicas = new Replicas()
    fail(replicas, 'a', 3)
    fail(replicas, 'b', 3)
    expect(taken(replicas, 0)?.replica.id).toBe('a')
  })
})

it('keep forgets the replicas that are not named, and only those', () => {
  const replicas = new Replicas()
  fail(replicas, 'a', 3)
  replicas.keep(replicaNames({ gpu: { pool: poolOf(replica('a')) }, other: {} }))
  expect(taken(replicas, 0)?.replica.id).toBe('b')
  replicas.keep(replicaNames({ gpu: { pool: poolOf(replica('b')) } }))
  expect(taken(replicas, 0)?.replica.id).toBe('a')
})

it('a replica that moved to another URL starts with a clean slate', () => {
  const replicas = new Replicas()
  fail(replicas, 'a', 3)
  const moved = poolOf({ ...replica('a'), url: 'https://elsewhere.example/v1' }, replica('b'))
  expect(taken(replicas, 0, NONE, NOW, moved)?.replica.url).toBe('https://elsewhere.example/v1')
})

it('learns nothing of a replica from one who left before it could answer', () => {
  const replicas = new Replicas()
  fail(replicas, 'a', 2)
  taken(replicas, 0, new Set(['b']))?.release('unknown', NOW)
  fail(replicas, 'a', 1)
  expect(taken(replicas, 0)?.replica.id).toBe('b')
})

it('a replica is out from when it failed, not from when it was taken: a stream may have run for minutes', () => {
  const replicas = new Replicas()
  const endedAtMs = NOW + 120_000
  for (let count = 0; count < 3; count += 1) taken(replicas, 0, new Set(['b']))?.release('failed', endedAtMs)
  expect(taken(replicas, 0, NONE, endedAtMs + 29_999)?.replica.id).toBe('b')
})

it('isolates that cannot agree send a prompt they know to the same two', () => {
  const many = poolOf(...Array.from({ length: 8 }, (_, index) => replica(`r${index}`)))
  for (let block = 1; block <= 20; block += 1) {
    const blocks = Float64Array.of(block, block * 7, block * 11, block * 13)
    const seen = new Set<string | undefined>()
    for (let isolate = 0; isolate < 5; isolate += 1) {
      const replicas = new Replicas()
      for (const busy of many.replicas.slice(0, isolate)) replicas.hold('gpu', busy, 1000)
      seen.add(replicas.choose('gpu', many, blocks, NONE, NOW)?.id)
    }
    expect(seen.size).toBeLessThanOrEqual(2)
  }
})
