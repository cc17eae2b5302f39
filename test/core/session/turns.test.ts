/** One turn at a time, in a clock of the test's own: who has the session, who waits, who is taken for dead. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { TURN_LEASE_MS, TURNS_WAITING_MAX } from '../../../src/core/session/limits.ts'
import { Turns } from '../../../src/core/session/turns.ts'

function world() {
  const turns = new Turns()
  const told: string[] = []
  const begin = (turn: string, nowMs = 0, waitMs = 0): void =>
    turns.begin(turn, nowMs, waitMs, (isMine) => void told.push(`${turn} ${isMine}`))
  return { turns, told, begin }
}

it('gives the session to one, and to the next when that is over', () => {
  const { turns, told, begin } = world()
  begin('a')
  begin('b')
  begin('a')
  expect(told).toEqual(['a true', 'b false', 'a true'])
  expect(turns.isRunning(0)).toBe(true)
  turns.release('b', 1)
  expect(turns.has('a', 1)).toBe(true)
  expect(turns.has('b', 1)).toBe(false)
  turns.release('a', 2)
  begin('b', 2)
  expect(told.at(-1)).toBe('b true')
})

it('lets turns wait in line, as long as they wish', () => {
  const { turns, told, begin } = world()
  begin('a')
  begin('b', 0, 100)
  begin('c', 0, 500)
  begin('d', 0, 500)
  expect(turns.nextMs()).toBe(100)
  turns.expire(100)
  expect(told).toEqual(['a true', 'b false'])
  turns.release('c', 150)
  turns.release('a', 200)
  expect(told).toEqual(['a true', 'b false', 'c false', 'd true'])
  expect(turns.nextMs()).toBe(Number.POSITIVE_INFINITY)
})

it('takes who is not heard of for dead, and not who is', () => {
  const { turns, told, begin } = world()
  begin('a')
  expect(turns.renew('a', TURN_LEASE_MS - 1)).toBe(true)
  begin('b', TURN_LEASE_MS, 5 * TURN_LEASE_MS)
  expect(turns.nextMs()).toBe(2 * TURN_LEASE_MS - 1)
  turns.expire(2 * TURN_LEASE_MS - 1)
  expect(told).toEqual(['a true', 'b true'])
  expect(turns.renew('a', 2 * TURN_LEASE_MS)).toBe(false)
})

it('gives it back to a turn that was lost with the memory of it, unless another one runs', () => {
  const { turns, begin } = world()
  expect(turns.renew('lost', 0)).toBe(true)
  begin('b')
  expect(turns.has('b', 0)).toBe(false)
})

it('takes one turn that asks again and again for one', () => {
  const { turns, told, begin } = world()
  begin('a')
  for (let time = 0; time < 3; time += 1) begin('b', 0, 1000)
  begin('c', 0, 1000)
  turns.release('a', 1)
  expect(told.slice(1)).toEqual(['b true', 'b true', 'b true'])
  turns.release('b', 2)
  expect(told.at(-1)).toBe('c true')
})

it('bounds who waits, and tells all at the close', () => {
  const { turns, told, begin } = world()
  begin('a')
  for (let turn = 0; turn < TURNS_WAITING_MAX; turn += 1) begin(`w${turn}`, 0, 1000)
  begin('one more', 0, 1000)
  expect(told).toEqual(['a true', 'one more false'])
  turns.close()
  expect(told).toHaveLength(TURNS_WAITING_MAX + 2)
  expect(turns.isRunning(0)).toBe(false)
})

it('never has two at a time, whatever happens, and tells everybody once', () => {
  const action = fc.record({
    kind: fc.constantFrom('begin', 'renew', 'release', 'expire'),
    turn: fc.integer({ min: 0, max: 5 }),
    waitMs: fc.constantFrom(0, 50, 20_000),
    passMs: fc.integer({ min: 0, max: 6000 }),
  })
  fc.assert(
    fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
      const turns = new Turns()
      let nowMs = 0
      let begun = 0
      let told = 0
      const owners = new Map<string, number>()
      for (const { kind, turn, waitMs, passMs } of actions) {
        nowMs += passMs
        const id = `t${turn}`
        if (kind === 'begin') {
          begun += 1
          turns.begin(id, nowMs, waitMs, (isMine) => {
            told += 1
            if (!isMine) return
            // Whoever had it before was released, or not heard of for a lease.
            for (const [other, sinceMs] of owners)
              expect(other === id || nowMs - sinceMs >= TURN_LEASE_MS, `${other} and ${id}`).toBe(true)
            owners.clear()
            owners.set(id, nowMs)
          })
        } else if (kind === 'renew') {
          if (turns.renew(id, nowMs)) {
            owners.clear()
            owners.set(id, nowMs)
          }
        } else if (kind === 'release') {
          owners.delete(id)
          turns.release(id, nowMs)
        } else turns.expire(nowMs)
      }
      turns.close()
      expect(told).toBe(begun)
    }),
    { numRuns: 500 },
  )
})
