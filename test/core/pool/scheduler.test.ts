/** The scheduler from outside: where requests go, who waits, who is refused, and what is learnt of how they ended. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { POOL_CREDIT_MS } from '../../../src/core/pool/limits.ts'
import type { Scheduler } from '../../../src/core/pool/scheduler.ts'
import type { Turn } from '../../../src/core/pool/types.ts'
import { placeOf, RULES, replicasOf, requestOf, schedulerOf } from '../../support/pool.ts'

const LONG = 'a long prompt of many blocks, all of which the next turn begins with'

describe('affinity', () => {
  it('sends the next turn of a conversation where the last one went, though others are idle', () => {
    const scheduler = schedulerOf(replicasOf('a', 'b', 'c'))
    const first = placeOf(scheduler, requestOf('1', LONG))
    scheduler.tell([{ kind: 'first', id: '1' }], 700)
    expect(placeOf(scheduler, requestOf('2', `${LONG} and more`), 800)).toBe(first)
    expect(placeOf(scheduler, requestOf('3', 'something else entirely'), 800)).not.toBe(first)
  })

  it('leaves the warm replica when it is saturated', () => {
    const scheduler = schedulerOf(replicasOf('a', 'b'), { saturatedMs: 100 })
    expect(placeOf(scheduler, requestOf('1', LONG))).toBe('a')
    expect(placeOf(scheduler, requestOf('2', `${LONG} and more`))).toBe('b')
  })
})

describe('late binding', () => {
  it('holds back what no replica has credit for, and binds it at the first content', () => {
    const scheduler = schedulerOf(replicasOf('a'))
    expect(placeOf(scheduler, requestOf('1', LONG))).toBe('a')
    expect(placeOf(scheduler, requestOf('2', 'other'.repeat(20)))).toBe('queued')
    expect(scheduler.decided(0)).toEqual([])
    scheduler.tell([{ kind: 'first', id: '1' }], 700)
    expect(scheduler.decided(700)).toMatchObject([{ kind: 'bound', id: '2', replica: 'a' }])
    expect(scheduler.decided(700)).toEqual([])
  })

  it('refuses what would wait longer than it may, and says when to come again', () => {
    const scheduler = schedulerOf(replicasOf('a'))
    placeOf(scheduler, requestOf('1', LONG.repeat(2)))
    const turn = scheduler.acquire(requestOf('2', LONG, { maxWaitMs: 1000 }), 0)
    expect(turn).toMatchObject({ kind: 'refused', why: 'wait' })
  })
})

describe('the same request', () => {
  it('asked for again is bound once, and waits once', () => {
    const scheduler = schedulerOf(replicasOf('a'))
    expect([placeOf(scheduler, requestOf('1', LONG)), placeOf(scheduler, requestOf('1', LONG))]).toEqual(['a', 'a'])
    expect(placeOf(scheduler, requestOf('2', LONG.repeat(2)))).toBe('queued')
    expect(placeOf(scheduler, requestOf('2', LONG.repeat(2)))).toBe('queued')
    expect(scheduler.view(0)).toMatchObject({ bound: 1, queued: { interactive: 1, batch: 0 } })
    scheduler.tell([{ kind: 'left', id: '2' }], 0)
    expect(scheduler.view(0).queued.interactive).toBe(0)
  })
})

describe('leases', () => {
  it('lapse when nobody renews them, and the object is woken for it', () => {
    const scheduler = schedulerOf(replicasOf('a'))
    placeOf(scheduler, requestOf('1', LONG))
    expect(scheduler.wakeAtMs(0)).toBe(30_000)
    scheduler.renew(['1', 'unknown'], 10_000)
    expect(scheduler.wakeAtMs(10_000)).toBe(40_000)
    expect(scheduler.decided(40_000)).toEqual([])
    expect(scheduler.view(40_000).replicas).toMatchObject([
      { requests: 0, inflightTokens: 0, inflightUncachedTokens: 0 },
    ])
    expect(scheduler.wakeAtMs(40_000)).toBeNull()
  })

  it('are taken over from isolates by an object that has lost its memory', () => {
    const scheduler = schedulerOf(replicasOf('a', 'b'))
    const { blocks, promptTokens } = requestOf('1', LONG)
    const lease = { id: '1', replica: 'b', tenant: 'acme', promptTokens, blocks, isStarted: false }
    scheduler.adopt([lease, lease, { ...lease, id: '2', replica: 'gone' }, { ...lease, id: '3', isStarted: true }], 0)
    expect(scheduler.view(0).replicas).toMatchObject([
      { requests: 0 },
      { requests: 2, inflightUncachedTokens: promptTokens },
    ])
    expect(placeOf(scheduler, requestOf('4', `${LONG} and more`), 0)).toBe('queued')
    scheduler.tell([{ kind: 'first', id: '1' }], 10)
    expect(scheduler.decided(10)).toMatchObject([{ id: '4', replica: 'b', choice: { reason: 'warm' } }])
  })

  it('of a replica that is gone are forgotten', () => {
    const scheduler = schedulerOf(replicasOf('a'))
    placeOf(scheduler, requestOf('1', LONG))
    scheduler.configure(RULES, replicasOf('b'), 10)
    scheduler.tell([{ kind: 'ended', id: '1', end: { outcome: 'answered', usage: null } }], 20)
    expect(scheduler.wakeAtMs(20)).toBeNull()
  })
})

describe('how requests ended', () => {
  const fail = (scheduler: Scheduler, times: number, nowMs = 0): void => {
    for (let index = 0; index < times; index += 1) {
      const id = `f${nowMs}-${index}`
      if (placeOf(scheduler, requestOf(id, LONG), nowMs) !== 'a') return
      scheduler.tell([{ kind: 'ended', id, end: { outcome: 'failed', usage: null } }], nowMs)
    }
  }

  it('puts a replica out that fails five times, and a health check brings it back for a trial', () => {
    const scheduler = schedulerOf(replicasOf('a', 'b'))
    fail(scheduler, 5)
    expect(scheduler.view(0).replicas).toMatchObject([
      { health: 'out', outUntilMs: 30_000, indexedBlocks: 0 },
      { health: 'ok' },
    ])
    expect(placeOf(scheduler, requestOf('1', LONG), 10)).toBe('b')
    scheduler.probed('a', true, 5000)
    expect(placeOf(scheduler, requestOf('2', 'other'.repeat(9), { tried: ['b'] }), 5000)).toBe('a')
    expect(scheduler.view(5000).replicas[0]?.health).toBe('trial')
    scheduler.tell([{ kind: 'ended', id: '2', end: { outcome: 'answered', usage: null } }], 6000)
    expect(scheduler.view(6000).replicas[0]?.health).toBe('ok')
  })

  it('makes it rest that has too much, and is no failure', () => {
    const scheduler = schedulerOf(replicasOf('a', 'b'))
    placeOf(scheduler, requestOf('1', LONG))
    scheduler.tell([{ kind: 'ended', id: '1', end: { outcome: 'overloaded', usage: null } }], 10)
    expect(placeOf(scheduler, requestOf('2', LONG), 20)).toBe('b')
    expect(scheduler.view(20).replicas[0]).toMatchObject({ health: 'ok', failuresInARow: 0 })
  })

  it('puts out by health checks that fail in a row', () => {
    const scheduler = schedulerOf(replicasOf('a', 'b'))
    scheduler.probed('a', false, 0)
    scheduler.probed('a', false, 5000)
    expect(scheduler.view(5000).replicas[0]?.health).toBe('out')
  })

  it('takes the index from a worker that is lost', () => {
    const scheduler = schedulerOf(replicasOf('a', 'b'))
    placeOf(scheduler, requestOf('1', LONG))
    scheduler.tell([{ kind: 'ended', id: '1', end: { outcome: 'lost', usage: null } }], 10)
    expect(scheduler.view(10).replicas[0]?.indexedBlocks).toBe(0)
  })

  it('corrects the index where less was cached than foretold, and counts what was', () => {
    const scheduler = schedulerOf(replicasOf('a'))
    const turn = (id: string, prompt: string, cachedTokens: number, nowMs: number): number => {
      const { promptTokens } = requestOf(id, prompt)
      const bound = scheduler.acquire(requestOf(id, prompt), nowMs)
      scheduler.tell([{ kind: 'first', id }], nowMs + 1000)
      const usage = { promptTokens, cachedTokens, outputTokens: 10 }
      scheduler.tell([{ kind: 'ended', id, end: { outcome: 'answered', usage } }], nowMs + 1100)
      return bound.kind === 'bound' ? bound.choice.matchedBlocks : -1
    }
    expect(turn('1', `${LONG} one`, 0, 0)).toBe(0)
    expect(turn('2', `${LONG} two`, 0, 2000)).toBe(LONG.length + 1)
    // Nothing of the beginning was there any more, so nothing that was built upon it is.
    expect(turn('3', `${LONG} one`, 6000, 4000)).toBe(LONG.length + 1)
    expect(scheduler.view(6000).replicas[0]).toMatchObject({ bound: 3, cachedTokens: 6000 })
    expect(scheduler.view(6000).matchedShare).toBeGreaterThan(0.5)
  })

  it('lets traffic leave a replica that has become ten times slower, though it has answered nothing', () => {
    const scheduler = schedulerOf(replicasOf('a', 'b'))
    const went = new Map<string, number>()
    // A conversation that a knows; a hangs, b answers at once.
    for (let nowMs = 0, index = 0; nowMs < 5000; nowMs += 250, index += 1) {
      const id = `${index}`
      const place = placeOf(scheduler, requestOf(id, `${LONG}${'.'.repeat(index)}`), nowMs)
      for (const turn of [...scheduler.decided(nowMs), { kind: 'bound', id, replica: place }]) {
        if (!('replica' in turn)) continue
        went.set(turn.replica, (went.get(turn.replica) ?? 0) + (nowMs > 3500 ? 1 : 0))
        if (turn.replica === 'b') scheduler.tell([{ kind: 'first', id: turn.id }], nowMs + 100)
      }
    }
    expect(went.get('a') ?? 0).toBe(0)
    expect(went.get('b')).toBeGreaterThan(3)
  })
})

/** Runs a pool by its own account, with engines that answer after a while, and checks what must always hold. */
describe('whatever happens', () => {
  const step = fc.record({
    gapMs: fc.integer({ min: 0, max: 400 }),
    prompt: fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 60 }),
    tenant: fc.constantFrom('one', 'two', 'three'),
    priority: fc.constantFrom('interactive', 'batch'),
    maxWaitMs: fc.constantFrom(500, 5000, 30_000),
    tellsFirst: fc.boolean(),
    happens: fc.constantFrom(
      'nothing',
      'first',
      'answered',
      'failed',
      'overloaded',
      'left',
      'lost',
      'bad probe',
      'good probe',
      'config',
    ),
    whom: fc.nat({ max: 50 }),
  })

  it('nobody is bound twice, at most half are out, credit is kept, and the queue empties in time', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const names = ['a', 'b', 'c', 'd']
        const scheduler = schedulerOf(replicasOf(...names), { maxInflightTokens: 20_000, maxQueue: 30 })
        const [bound, over, waiting] = [new Map<string, string>(), new Set<string>(), new Map<string, number>()]
        let nowMs = 0
        const note = (turn: Turn): void => {
          if (turn.kind === 'queued') return
          expect(over.has(turn.id) || bound.has(turn.id)).toBe(false)
          if (turn.kind === 'bound') bound.set(turn.id, turn.replica)
          else over.add(turn.id)
          waiting.delete(turn.id)
        }
        const check = (): void => {
          for (const turn of scheduler.decided(nowMs)) note(turn)
          const view = scheduler.view(nowMs)
          expect(view.replicas.filter(({ health }) => health !== 'ok').length).toBeLessThanOrEqual(2)
          expect(view.queued.interactive + view.queued.batch).toBe(waiting.size)
          for (const { id, requests, inflightTokens, inflightUncachedTokens } of view.replicas) {
            expect(requests).toBe([...bound.values()].filter((replica) => replica === id).length)
            expect(inflightTokens <= 20_000 || requests === 1).toBe(true)
            expect(inflightUncachedTokens).toBeGreaterThanOrEqual(0)
          }
          for (const deadlineMs of waiting.values()) expect(deadlineMs).toBeGreaterThan(nowMs)
        }
        steps.forEach(({ gapMs, prompt, happens, whom, ...rest }, index) => {
          nowMs += gapMs
          check()
          const id = `${index}`
          const turn = scheduler.acquire(requestOf(id, prompt, { ...rest, sinceMs: nowMs }), nowMs)
          if (turn.kind === 'queued') waiting.set(id, nowMs + rest.maxWaitMs)
          note(turn)
          const [chosen] = [...bound.keys()].slice(whom % Math.max(1, bound.size))
          if (happens === 'bad probe' || happens === 'good probe') {
            scheduler.probed(names[whom % 4] ?? '', happens === 'good probe', nowMs)
          } else if (happens === 'config') {
            scheduler.configure({ ...RULES, maxInflightTokens: 20_000, maxQueue: 30 }, replicasOf(...names), nowMs)
          } else if (chosen !== undefined && happens === 'first') scheduler.tell([{ kind: 'first', id: chosen }], nowMs)
          else if (chosen !== undefined && happens !== 'nothing' && happens !== 'first') {
            bound.delete(chosen)
            over.add(chosen)
            const end = { outcome: happens === 'left' ? 'unknown' : happens, usage: null } as const
            scheduler.tell(
              [happens === 'left' ? { kind: 'left', id: chosen } : { kind: 'ended', id: chosen, end }],
              nowMs,
            )
          }
          check()
        })
        // Nobody says anything more: leases lapse, waits end, and the object is told when to look.
        for (let wakeMs = scheduler.wakeAtMs(nowMs), rounds = 0; wakeMs !== null; wakeMs = scheduler.wakeAtMs(nowMs)) {
          nowMs = Math.max(nowMs, wakeMs)
          for (const turn of scheduler.decided(nowMs)) note(turn)
          for (const [id] of bound) if (rounds % 3 === 2) scheduler.tell([{ kind: 'left', id }], nowMs)
          if (rounds % 3 === 2) bound.clear()
          rounds += 1
          expect(rounds).toBeLessThan(2000)
        }
        expect(waiting.size).toBe(0)
        expect(scheduler.view(nowMs).queued).toEqual({ interactive: 0, batch: 0 })
      }),
      { numRuns: 100 },
    )
  })

  it('what waits for prefill at a replica passes its credit by the first in line and one more only', () => {
    const arrivals = fc.array(
      fc.record({ gapMs: fc.integer({ min: 0, max: 300 }), length: fc.integer({ min: 1, max: 80 }) }),
      { maxLength: 50 },
    )
    fc.assert(
      fc.property(arrivals, (all) => {
        const scheduler = schedulerOf(replicasOf('a', 'b'))
        const before = new Map<string, number[]>([
          ['a', []],
          ['b', []],
        ])
        const credit = (RULES.prefillTokensPerSecond * POOL_CREDIT_MS) / 1000
        const tokens = new Map<string, number>()
        let nowMs = 0
        const note = (turn: Turn): void => {
          if (turn.kind !== 'bound') return
          const line = before.get(turn.replica) ?? []
          const behind = line.slice(1).reduce((sum, one) => sum + one, 0)
          expect(behind).toBeLessThanOrEqual(credit)
          line.push(tokens.get(turn.id) ?? 0)
        }
        all.forEach(({ gapMs, length }, index) => {
          nowMs += gapMs
          for (const turn of scheduler.decided(nowMs)) note(turn)
          const request = requestOf(`${index}`, String.fromCodePoint(200 + index).repeat(length), { sinceMs: nowMs })
          tokens.set(request.id, request.promptTokens)
          note(scheduler.acquire(request, nowMs))
        })
      }),
      { numRuns: 100 },
    )
  })
})
