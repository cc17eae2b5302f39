/** Values kept by name: each ages by itself, and all of them have a bound. */
import { describe, expect, it } from 'vitest'
import { RefreshedMap } from '../../src/core/refreshed-map.ts'
import { manualClock } from '../support/manual-clock.ts'

function kept(bytesMax = 10_000) {
  const clock = manualClock()
  const ages = { refreshMinMs: 4000, refreshMaxMs: 6000, freshMs: 9000, staleMs: 30_000, deadlineMs: 2000 }
  const asked: string[] = []
  const map = new RefreshedMap<{ text: string }>({
    ...ages,
    clock,
    random: () => 0,
    background: () => {},
    bytesMax,
    bytesOf: ({ text }) => text.length,
  })
  const get = (name: string, text = name): Promise<{ text: string }> =>
    map.get(name, async (current) => {
      asked.push(name)
      return current?.text === text ? current : { text }
    })
  return { clock, map, asked, get }
}

describe('a value', () => {
  it('is loaded once, and anew when it has aged', async () => {
    const { clock, asked, get } = kept()
    const first = await get('a')
    expect(await get('a')).toBe(first)
    expect(asked).toEqual(['a'])
    await clock.advance(9001)
    expect(await get('a')).toBe(first)
    expect(asked).toEqual(['a', 'a'])
  })

  it('that was forgotten is loaded by the next who asks', async () => {
    const { map, asked, get } = kept()
    await get('a')
    map.forget('a')
    expect(await get('a', 'new')).toEqual({ text: 'new' })
    expect(asked).toEqual(['a', 'a'])
  })

  it('that cannot be loaded is a rejection, and no value', async () => {
    const { map, get } = kept()
    await expect(map.get('a', () => Promise.reject(new Error('far')))).rejects.toThrow('far')
    map.forget('a')
    expect(await get('a')).toEqual({ text: 'a' })
  })
})

it('never holds more than its bytes', async () => {
  const { asked, get } = kept(2000)
  for (const name of ['a', 'b', 'c', 'd']) await get(name, name.repeat(300))
  asked.length = 0
  for (const name of ['d', 'c', 'b', 'a']) await get(name, name.repeat(300))
  expect(asked.length).toBeGreaterThanOrEqual(2)
  expect(asked).not.toContain('d')
})
