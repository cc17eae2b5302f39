/** When a thing that fails is left alone, when it is tried again, and how often that is told. */
import { expect, it } from 'vitest'
import { Breaker } from '../../src/core/breaker.ts'

const RULES = { failuresMax: 3, restMs: 1000, tellMs: 60_000 }

/** A breaker that has just begun its rest, at 0 ms. */
function resting(): Breaker {
  const breaker = new Breaker(RULES)
  for (let index = 0; index < RULES.failuresMax; index++) breaker.failed(0)
  return breaker
}

it('lets everything be tried until so many have failed in a row', () => {
  const breaker = new Breaker(RULES)
  for (let round = 0; round < 10; round++) {
    breaker.failed(0)
    breaker.failed(0)
    expect(breaker.mayTry(0)).toBe(true)
    breaker.succeeded()
  }
  breaker.failed(0)
  breaker.failed(0)
  expect(breaker.mayTry(0)).toBe(true)
  breaker.failed(0)
  expect(breaker.mayTry(0)).toBe(false)
})

it('rests, then lets one try, and another a rest later when nobody heard of the first', () => {
  const breaker = resting()
  expect([999, 1000, 1000, 1999, 2000, 2000].map((nowMs) => breaker.mayTry(nowMs))).toEqual([
    ...[false, true, false],
    ...[false, true, false],
  ])
})

it('rests again from the failure of a try on', () => {
  const breaker = resting()
  expect(breaker.mayTry(1000)).toBe(true)
  breaker.failed(1050)
  expect([2000, 2049, 2050].map((nowMs) => breaker.mayTry(nowMs))).toEqual([false, false, true])
})

it('lets everything be tried again after one success', () => {
  const breaker = resting()
  expect(breaker.mayTry(1000)).toBe(true)
  breaker.succeeded()
  expect([1001, 1001, 1001].map((nowMs) => breaker.mayTry(nowMs))).toEqual([true, true, true])
})

it('is told of at the first failure, and then once in so long', () => {
  const breaker = new Breaker(RULES)
  expect([0, 1, 59_999, 60_000, 60_001, 120_000].map((nowMs) => breaker.failed(nowMs))).toEqual([
    ...[true, false, false],
    ...[true, false, true],
  ])
})
