/** What an isolate keeps of each pool's object: nothing is told twice, and nothing that failed to arrive is lost. */
import { expect, it } from 'vitest'
import { PoolDesk } from '../../../src/core/pool/desk.ts'
import { POOL_NEWS_MAX, POOL_NEWS_SOON_MS, POOL_NEWS_WAIT_MS } from '../../../src/core/pool/line-limits.ts'
import type { PoolEvent, PoolLease } from '../../../src/core/pool/types.ts'

const NOW = 1_700_000_000_000
const first = (id: string): PoolEvent => ({ kind: 'first', id })
const ended = (id: string): PoolEvent => ({ kind: 'ended', id, end: { outcome: 'answered', usage: null } })
const lease = (id: string): PoolLease => ({
  id,
  replica: 'a',
  tenant: 'acme.g1',
  promptTokens: 10,
  blocks: new Float64Array(0),
  isStarted: false,
})

it('hands on what there is, once, in its order', () => {
  const desk = new PoolDesk()
  desk.add('gpu', first('1'))
  desk.add('gpu', ended('1'))
  desk.add('other', first('2'))
  expect(desk.take('gpu')).toEqual([first('1'), ended('1')])
  expect(desk.take('gpu')).toEqual([])
  expect(desk.take('other')).toEqual([first('2')])
})

it('puts what did not arrive before what came since', () => {
  const desk = new PoolDesk()
  desk.add('gpu', first('1'))
  const taken = desk.take('gpu')
  desk.add('gpu', ended('1'))
  desk.putBack('gpu', taken)
  expect(desk.take('gpu')).toEqual([first('1'), ended('1')])
})

it('drops the oldest where there is too much', () => {
  const desk = new PoolDesk()
  for (let index = 0; index <= POOL_NEWS_MAX; index += 1) desk.add('gpu', first(String(index)))
  const taken = desk.take('gpu')
  expect(taken.length).toBe(POOL_NEWS_MAX)
  expect(taken[0]).toEqual(first('1'))
})

it('has one request send, until it has, or is late', () => {
  const desk = new PoolDesk()
  expect(desk.promise('gpu', NOW)).toBeNull()
  desk.add('gpu', first('1'))
  expect(desk.promise('gpu', NOW)).toBe(POOL_NEWS_WAIT_MS)
  desk.add('gpu', first('2'))
  expect(desk.promise('gpu', NOW + 1)).toBeNull()
  // Whoever promised is dead.
  expect(desk.promise('gpu', NOW + 2 * POOL_NEWS_WAIT_MS)).toBe(POOL_NEWS_WAIT_MS)
  desk.kept('gpu')
  expect(desk.promise('gpu', NOW + 2 * POOL_NEWS_WAIT_MS)).toBe(POOL_NEWS_WAIT_MS)
})

it('hurries where somebody waits for a replica', () => {
  const desk = new PoolDesk()
  desk.heard('gpu', 'one', true)
  desk.add('gpu', first('1'))
  expect(desk.promise('gpu', NOW)).toBe(POOL_NEWS_SOON_MS)
})

it('tells an object that has lost its memory what is held of it, as far as it has come', () => {
  const desk = new PoolDesk()
  desk.hold('gpu', lease('1'))
  desk.hold('gpu', lease('2'))
  desk.hold('gpu', lease('3'))
  expect(desk.heard('gpu', 'one', false)).toEqual([])
  expect(desk.heard('gpu', 'one', false)).toEqual([])
  desk.add('gpu', first('2'))
  desk.add('gpu', ended('3'))
  expect(desk.heard('gpu', 'two', false)).toEqual([lease('1'), { ...lease('2'), isStarted: true }])
  expect(desk.heard('gpu', 'two', false)).toEqual([])
})

it('forgets pools that the config no longer names', () => {
  const desk = new PoolDesk()
  desk.add('gpu', first('1'))
  desk.add('old', first('2'))
  desk.keep(new Set(['gpu']))
  expect(desk.take('gpu')).toEqual([first('1')])
  expect(desk.take('old')).toEqual([])
})
