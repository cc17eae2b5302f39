/** Several things open around one action. */
import { expect, it } from 'vitest'
import { allOpen } from '../../src/lib/all-open.ts'

/** Opens and closes, and keeps a list of it. */
function doors() {
  const said: string[] = []
  const open = async (key: string, action: (value: string) => Promise<string>): Promise<string> => {
    said.push(`open ${key}`)
    try {
      return await action(key.toUpperCase())
    } finally {
      said.push(`close ${key}`)
    }
  }
  return { said, open }
}

it('opens each inside the one before it, and closes them after the action', async () => {
  const { said, open } = doors()
  const result = await allOpen(['a', 'b'], open, async (values) => {
    said.push('action')
    return values.join('')
  })
  expect(result).toBe('AB')
  expect(said).toEqual(['open a', 'open b', 'action', 'close b', 'close a'])
})

it('needs nothing open where nothing is asked for', async () => {
  const { said, open } = doors()
  expect(await allOpen([], open, async (values) => String(values.length))).toBe('0')
  expect(said).toEqual([])
})

it('closes what is open where one does not open, and where the action fails', async () => {
  const { said, open } = doors()
  const stuck = (key: string, action: (value: string) => Promise<string>): Promise<string> =>
    key === 'b' ? Promise.reject(new Error('stuck')) : open(key, action)
  await expect(allOpen(['a', 'b'], stuck, async () => 'never')).rejects.toThrow('stuck')
  await expect(allOpen(['a'], open, () => Promise.reject(new Error('action')))).rejects.toThrow('action')
  expect(said).toEqual(['open a', 'close a', 'open a', 'close a'])
})
