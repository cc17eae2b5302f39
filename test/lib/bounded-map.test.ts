/** The bound, and who leaves first. */
import { expect, it } from 'vitest'
import { BoundedMap } from '../../src/lib/bounded-map.ts'

it('holds no more than its bound; the least recently used leaves', () => {
  const map = new BoundedMap<string, number>(2)
  map.set('a', 1)
  map.set('b', 2)
  expect(map.get('a')).toBe(1)
  map.set('c', 3)
  expect(map.size).toBe(2)
  expect(map.get('b')).toBeUndefined()
  expect([...map.entries()]).toEqual([
    ['a', 1],
    ['c', 3],
  ])
})

it('putting a key in again replaces its value, counts once and makes it the newest', () => {
  const map = new BoundedMap<string, number>(2)
  map.set('a', 1)
  map.set('b', 2)
  map.set('a', 3)
  map.set('c', 4)
  expect([...map.entries()]).toEqual([
    ['a', 3],
    ['c', 4],
  ])
})

it('asking for what is not there adds nothing', () => {
  const map = new BoundedMap<string, number>(2)
  expect(map.get('a')).toBeUndefined()
  expect(map.size).toBe(0)
})

it('forgets what is deleted, and says whether it was there', () => {
  const map = new BoundedMap<string, number>(2)
  map.set('a', 1)
  expect(map.delete('a')).toBe(true)
  expect(map.delete('a')).toBe(false)
  expect(map.get('a')).toBeUndefined()
})
