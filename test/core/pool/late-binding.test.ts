/** The queue at work: who is bound when a replica has credit, who is taken over, who is moved, who gives up. */
import { describe, expect, it } from 'vitest'
import { placeOf, RULES, replicasOf, requestOf, schedulerOf } from '../../support/pool.ts'

const LONG = 'x'.repeat(100)
const bound = (turns: readonly { readonly kind: string; readonly id: string }[]): string[] =>
  turns.filter(({ kind }) => kind === 'bound').map(({ id }) => id)

describe('a replica with credit', () => {
  it('takes the shortest that waits for it', () => {
    const scheduler = schedulerOf(replicasOf('a'))
    placeOf(scheduler, requestOf('0', LONG))
    for (const [id, length] of [
      ['long', 90],
      ['short', 20],
      ['middle', 50],
    ] as const) {
      expect(placeOf(scheduler, requestOf(id, `${id}${'y'.repeat(length)}`))).toBe('queued')
    }
    const order: string[] = []
    for (let [id, nowMs] = ['0', 1100]; order.length < 3; nowMs += 1100) {
      scheduler.tell([{ kind: 'first', id }], nowMs)
      id = bound(scheduler.decided(nowMs))[0] ?? ''
      order.push(id)
    }
    expect(order).toEqual(['short', 'middle', 'long'])
  })

  it('that has nobody left takes over whom it answers sooner', () => {
    const scheduler = schedulerOf(replicasOf('a', 'b'), { saturatedMs: 100_000 })
    expect(placeOf(scheduler, requestOf('0', LONG.repeat(3)))).toBe('a')
    expect(placeOf(scheduler, requestOf('1', 'z'.repeat(100)))).toBe('b')
    // It begins as what a is at does, so a is its home; a is at it for long.
    expect(placeOf(scheduler, requestOf('2', `${LONG.slice(0, 12)}${'w'.repeat(3)}`))).toBe('queued')
    scheduler.tell([{ kind: 'first', id: '1' }], 1000)
    expect(scheduler.decided(1000)).toMatchObject([{ id: '2', replica: 'b', choice: { reason: 'saturated' } }])
  })
})

describe('those who wait', () => {
  it('go elsewhere when their replica takes nobody now', () => {
    const scheduler = schedulerOf(replicasOf('a', 'b'))
    placeOf(scheduler, requestOf('0', LONG))
    placeOf(scheduler, requestOf('1', 'y'.repeat(120)))
    expect(placeOf(scheduler, requestOf('2', 'z'.repeat(50)))).toBe('queued')
    const [a, b] = replicasOf('a', 'b')
    if (a === undefined || b === undefined) throw new Error('two were made')
    scheduler.configure(RULES, [{ ...a, state: 'draining' }, b], 10)
    scheduler.tell([{ kind: 'first', id: '1' }], 1300)
    expect(scheduler.decided(1300)).toMatchObject([{ kind: 'bound', id: '2', replica: 'b' }])
    scheduler.configure(RULES, [], 1400)
    expect(placeOf(scheduler, requestOf('3', 'p'), 1400)).toBe('none')
  })

  it('are refused when their wait is over, and the object is told when that is', () => {
    const scheduler = schedulerOf(replicasOf('a'))
    placeOf(scheduler, requestOf('0', 'x'.repeat(50), { tellsFirst: true }))
    placeOf(scheduler, requestOf('1', 'y', { maxWaitMs: 800 }))
    scheduler.tell([], 10)
    expect(scheduler.wakeAtMs(600)).toBe(800)
    expect(scheduler.decided(800)).toMatchObject([{ kind: 'refused', id: '1', why: 'wait' }])
    expect(scheduler.view(800).queued).toEqual({ interactive: 0, batch: 0 })
  })

  it('of batch make room for an interactive one when the queue is full', () => {
    const scheduler = schedulerOf(replicasOf('a'), { maxQueue: 2 })
    placeOf(scheduler, requestOf('0', LONG))
    expect(placeOf(scheduler, requestOf('1', 'y'))).toBe('queued')
    expect(placeOf(scheduler, requestOf('2', 'z', { priority: 'batch' }))).toBe('shed')
    const roomy = schedulerOf(replicasOf('a'), { maxQueue: 4 })
    placeOf(roomy, requestOf('0', LONG))
    expect(placeOf(roomy, requestOf('batch', 'z', { priority: 'batch' }))).toBe('queued')
    for (const id of ['1', '2', '3', '4']) expect(placeOf(roomy, requestOf(id, `y${id}`))).toBe('queued')
    expect(roomy.decided(0)).toMatchObject([{ kind: 'refused', id: 'batch', why: 'shed' }])
    expect(placeOf(roomy, requestOf('5', 'y5'))).toBe('full')
  })
})

describe('a tenant that floods', () => {
  it('leaves half of the replicas to one that has little, and lets it go first', () => {
    const scheduler = schedulerOf(replicasOf('a', 'b'))
    for (let index = 0; index < 20; index += 1) {
      placeOf(scheduler, requestOf(`f${index}`, `${index}${'y'.repeat(50)}`, { tenant: 'flood' }))
    }
    expect(placeOf(scheduler, requestOf('one', 'z'.repeat(50), { tenant: 'other' }))).toBe('queued')
    scheduler.tell(
      [
        { kind: 'first', id: 'f0' },
        { kind: 'first', id: 'f1' },
      ],
      700,
    )
    expect(bound(scheduler.decided(700))[0]).toBe('one')
    expect(scheduler.view(700).replicas.map(({ inflightUncachedTokens }) => inflightUncachedTokens > 0)).toEqual([
      true,
      true,
    ])
  })
})
