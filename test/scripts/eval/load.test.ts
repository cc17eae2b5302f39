/** A set and its vectors arrive as they were. */
import { expect, it } from 'vitest'
import { readLoad, vectorAt, writeLoad } from '../../../scripts/eval/load.ts'

const utterances = [
  { text: 'naïve “q”', label: 'x' },
  { text: 'b', label: null },
]

it.each([null, Float32Array.of(5, 6, 7, 8)])('with answers %j', (answers) => {
  const questions = Float32Array.of(1, 2, 3, 4)
  const read = readLoad(writeLoad({ utterances, dimensions: 2, questions, answers }).buffer)
  expect(read).toEqual({ utterances, dimensions: 2, questions, answers })
  expect(vectorAt(read.questions, 1, 2)).toEqual(Float32Array.of(3, 4))
})
