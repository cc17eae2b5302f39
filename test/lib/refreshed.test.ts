/** What an isolate keeps: how it ages, and what happens while its source is out of reach. */
import { describe, expect, it } from 'vitest'
import { kept, NEVER } from '../support/kept-value.ts'
import { turn } from '../support/manual-clock.ts'

const unreachable = () => Promise.reject(new Error('out of reach'))

describe('a fresh value', () => {
  it('is loaded once and then served without waiting', async () => {
    const value = kept()
    expect(value.peek()).toBeUndefined()
    expect(await value.get()).toBe('v1')
    await value.clock.advance(4999)
    expect(value.peek()).toBe('v1')
    expect(await value.get()).toBe('v1')
    expect(value.loads).toBe(1)
  })

  it.each([
    [0, 4000],
    [0.5, 5000],
    [0.999, 5998],
  ])('with a jitter of %f is loaded anew in the background at an age of %i ms', async (random, ageMs) => {
    const value = kept({ random })
    await value.get()
    await value.clock.advance(ageMs - 1)
    value.peek()
    expect(value.loads).toBe(1)
    await value.clock.advance(1)
    expect(value.peek()).toBe('v1')
    expect(value.loads).toBe(2)
    await turn()
    expect(value.peek()).toBe('v2')
  })

  it('is not asked for while nobody asks', async () => {
    const value = kept()
    await value.get()
    await value.clock.advance(60_000)
    expect(value.loads).toBe(1)
  })

  it('has one refresh in flight, however many ask, and the refresh is kept alive', async () => {
    const value = kept()
    await value.get()
    await value.clock.advance(5000)
    value.source = () => NEVER
    for (let requests = 0; requests < 50; requests++) expect(value.peek()).toBe('v1')
    expect(value.loads).toBe(2)
    expect(value.background).toHaveLength(2)
  })

  it('is given to the load, which may answer with it', async () => {
    const value = kept()
    await value.get()
    await value.clock.advance(5000)
    value.source = async () => 'v1'
    value.peek()
    await value.clock.advance(8000)
    expect(value.peek()).toBe('v1')
    expect(value.given).toEqual([undefined, 'v1', 'v1'])
  })
})

describe('a value past its freshness', () => {
  it('serves at the very age, and must be confirmed after it', async () => {
    const value = kept()
    await value.get()
    await value.clock.advance(9000)
    value.source = () => NEVER
    expect(value.peek()).toBe('v1')
    await value.clock.advance(1)
    expect(value.peek()).toBeUndefined()
    value.source = async () => 'new'
    const asked = value.get()
    await value.clock.advance(250)
    expect(await asked).toBe('new')
  })

  it('counts its age from when the question was asked, not from when the answer came', async () => {
    const value = kept()
    let answer = (_: string) => {}
    value.source = () => new Promise((resolve) => (answer = resolve))
    const asked = value.get()
    await value.clock.advance(1500)
    answer('slow')
    expect(await asked).toBe('slow')
    await value.clock.advance(7500)
    expect(value.peek()).toBe('slow')
    await value.clock.advance(1)
    expect(value.peek()).toBeUndefined()
  })

  it('an answer to an older question does not replace a newer one', async () => {
    const value = kept()
    let late = (_: string) => {}
    value.source = () => new Promise((resolve) => (late = resolve))
    const first = value.get()
    value.source = async () => 'newer'
    const second = value.get()
    await value.clock.advance(250)
    expect(await second).toBe('newer')
    late('older')
    expect(await first).toBe('newer')
    expect(value.peek()).toBe('newer')
  })

  it('an answer that took longer than a value stays fresh serves whoever waited for it', async () => {
    const value = kept({ ages: { refreshMinMs: 10, refreshMaxMs: 10, freshMs: 20 } })
    let answer = (_: string) => {}
    value.source = () => new Promise((resolve) => (answer = resolve))
    const asked = value.get()
    await value.clock.advance(100)
    answer('slow')
    expect(await asked).toBe('slow')
  })
})

describe('out of reach', () => {
  it('a value serves until it is too old, at once, and is tried for again', async () => {
    const value = kept()
    await value.get()
    value.source = unreachable
    await value.clock.advance(10_000)
    expect(await value.get()).toBe('v1')
    for (let second = 10; second < 30; second++) {
      await value.clock.advance(1000)
      expect(await value.get()).toBe('v1')
    }
    expect(value.loads).toBe(22)
    await value.clock.advance(1)
    await expect(value.get()).rejects.toThrow('out of reach')
  })

  it('a failed refresh is not tried again for half a second', async () => {
    const value = kept()
    await value.get()
    value.source = unreachable
    await value.clock.advance(5000)
    value.peek()
    await value.clock.advance(499)
    value.peek()
    expect(value.loads).toBe(2)
    await value.clock.advance(1)
    value.peek()
    expect(value.loads).toBe(3)
  })

  it('once it answers again, the new value is in force', async () => {
    const value = kept()
    await value.get()
    value.source = unreachable
    await value.clock.advance(12_000)
    await value.get()
    value.source = async () => 'back'
    await value.clock.advance(499)
    expect(await value.get()).toBe('v1')
    await value.clock.advance(1)
    expect(await value.get()).toBe('back')
    await value.clock.advance(9001)
    expect(value.peek()).toBeUndefined()
  })

  it('a failure that was made good excuses nothing', async () => {
    const value = kept()
    await value.get()
    value.source = unreachable
    await value.clock.advance(5000)
    value.peek()
    value.source = async () => 'good'
    await value.clock.advance(500)
    value.peek()
    await turn()
    expect(value.peek()).toBe('good')
    await value.clock.advance(9001)
    value.source = () => NEVER
    void value.get()
    expect(value.peek()).toBeUndefined()
  })

  it('a failure of a moment ago excuses a stale value, one of half a second ago does not: it must be tried again', async () => {
    const value = kept()
    await value.get()
    await value.clock.advance(8800)
    value.source = unreachable
    value.peek()
    await value.clock.advance(499)
    expect(value.peek()).toBe('v1')
    value.source = async () => 'new'
    await value.clock.advance(1)
    expect(value.peek()).toBeUndefined()
    expect(await value.get()).toBe('new')
  })

  it('one request at a time waits for the next try; the others have the stale value at once', async () => {
    const value = kept()
    await value.get()
    value.source = unreachable
    await value.clock.advance(12_000)
    await value.get()
    await value.clock.advance(500)
    value.source = () => NEVER
    const waiting = value.get()
    for (let requests = 0; requests < 50; requests++) expect(value.peek()).toBe('v1')
    expect(value.loads).toBe(3)
    await value.clock.advance(1999)
    expect(value.peek()).toBe('v1')
    await value.clock.advance(1)
    expect(await waiting).toBe('v1')
  })

  it('without a value everyone is told, with the reason', async () => {
    const value = kept()
    value.source = unreachable
    await expect(value.get()).rejects.toThrow('out of reach')
    await expect(value.get()).rejects.toThrow('out of reach')
    expect(value.loads).toBe(2)
  })

  it('a load without an answer ends at its deadline', async () => {
    const value = kept()
    value.source = () => NEVER
    const asked = expect(value.get()).rejects.toThrow('no answer within 2000 ms')
    await value.clock.advance(2000)
    await asked
  })

  it('a load that throws before it begins is a failure like any other', async () => {
    const value = kept()
    value.source = () => {
      throw new Error('at once')
    }
    await expect(value.get()).rejects.toThrow('at once')
  })

  it('a failure of an older question does not undo a newer answer', async () => {
    const value = kept()
    let fail = (_: Error) => {}
    value.source = () => new Promise((_, reject) => (fail = reject))
    const first = value.get()
    await value.clock.advance(100)
    value.source = async () => 'newer'
    const second = value.get()
    await value.clock.advance(250)
    expect(await second).toBe('newer')
    fail(new Error('late'))
    expect(await first).toBe('newer')
    await value.clock.advance(9000)
    await value.clock.advance(1)
    expect(value.peek()).toBeUndefined()
  })
})
