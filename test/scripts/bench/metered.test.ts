/** What a run took, and whether all of it was recorded. */
import { expect, it } from 'vitest'
import { metered, turned } from '../../../scripts/bench/metered.ts'

const contender = { name: 'sluice', port: 1, headers: {}, pid: process.pid } as const

it('waits for rows that come late, and says which were there in time', async () => {
  const counts = [5, 11, 13, 15]
  const recorded = async () => counts.shift() ?? 15
  const { result, recorded: seen } = await metered(
    { ...contender, recorded },
    async () => 10,
    (sent) => sent,
  )
  expect(result).toBe(10)
  expect(seen).toEqual({ recorded: { inWindow: 0.6, complete: true } })
})

it('is not complete with a row too many', async () => {
  const counts = [5, 15, 16]
  const recorded = async () => counts.shift() ?? 16
  const { recorded: seen } = await metered(
    { ...contender, recorded },
    async () => 10,
    (sent) => sent,
  )
  expect(seen.recorded?.complete).toBe(false)
})

it('has no rows where nothing is metered', async () => {
  const { recorded } = await metered(
    contender,
    async () => 10,
    (sent) => sent,
  )
  expect(recorded).toEqual({})
})

it('begins with another one each time', () => {
  expect([0, 1, 2, 3].map((by) => turned(['a', 'b', 'c'], by).join(''))).toEqual(['abc', 'bca', 'cab', 'abc'])
})
