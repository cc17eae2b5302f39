/** Output for people and for programs. */
import { expect, it } from 'vitest'
import { fields, print, said, table } from '../../../scripts/cli/print.ts'

it('aligns a table to its widest cells', () => {
  const entries = [
    { id: 'a', count: 10 },
    { id: 'longer', count: null },
  ]
  expect(table(entries, { ID: ({ id }) => id, COUNT: ({ count }) => count })).toBe(
    'ID      COUNT\na       10\nlonger  -',
  )
  expect(table([], { ID: () => '' })).toBe('(none)')
})

it('leaves out what is not set', () => {
  expect(fields({ id: 'a', state: undefined, models: ['x'] })).toBe('id:     a\nmodels: ["x"]')
})

it('prints JSON where it was asked for, else words', () => {
  const out: string[] = []
  const io = { env: {}, devVars: '', out: (text: string) => out.push(text), err: () => {}, input: async () => '' }
  print(io, true, { a: 1 }, () => 'words')
  print(io, false, { a: 1 }, ({ a }) => `a is ${a}`)
  expect(out).toEqual(['{\n  "a": 1\n}', 'a is 1'])
})

it('says a value on one line', () => {
  expect([said('text'), said({ a: [1] }), said(null)]).toEqual(['text', '{"a":[1]}', 'null'])
})
