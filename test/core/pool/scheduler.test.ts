/** The scheduler from outside: where requests go, who waits, who is refused, and what is learnt of how they ended. */
import { describe, expect, it } from 'vitest'
import { placeOf, replicasOf, requestOf, schedulerOf } from '../../support/pool.ts'

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
