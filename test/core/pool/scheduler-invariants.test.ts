/** What must hold of the scheduler over any schedule: of requests, events, failures, configs, and of silence. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { POOL_CREDIT_MS } from '../../../src/core/pool/limits.ts'
import type { Turn } from '../../../src/core/pool/types.ts'
import { RULES, replicasOf, requestOf, schedulerOf } from '../../support/pool.ts'

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
          else if (chosen !== undefined && happens !== 'nothing') {
            bound.delete(chosen)
            over.add(chosen)
            const outcome = happens === 'left' || happens === 'first' ? 'unknown' : happens
            const end = { outcome, usage: null } as const
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
