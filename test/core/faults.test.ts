/** Faults: every one is listed, each with a JSON Pointer, none with the value at fault. */
import { expect, it } from 'vitest'
import { z } from 'zod'
import { faultsOf, pointer } from '../../src/core/faults.ts'

const header = z.union([z.string().max(3), z.strictObject({ credential: z.string() })])
const schema = z.strictObject({
  name: z.string(),
  size: z.number().max(10).optional(),
  headers: z.record(z.string().regex(/^[a-z]+$/, 'must be lower case'), header).default({}),
})

const faults = (value: unknown) => {
  const parsed = schema.safeParse(value)
  return parsed.success ? [] : faultsOf(parsed.error)
}

it('escapes the two characters that mean something in a pointer', () => {
  expect(pointer(['models', 'a/b~c', 0])).toBe('/models/a~1b~0c/0')
  expect(pointer([])).toBe('')
})

it('lists every fault at once', () => {
  expect(faults({ size: 11, colour: 1, shape: 2 })).toEqual([
    { path: '/name', message: 'is required (a string)' },
    { path: '/size', message: 'Too big: expected number to be <=10' },
    { path: '/colour', message: 'is not a known field' },
    { path: '/shape', message: 'is not a known field' },
  ])
})

it('says of a union what is wrong inside the form that was meant', () => {
  expect(faults({ name: 'a', headers: { x: { credentials: 'k' } } })).toEqual([
    { path: '/headers/x/credential', message: 'is required (a string)' },
    { path: '/headers/x/credentials', message: 'is not a known field' },
  ])
  expect(faults({ name: 'a', headers: { x: 'long' } })).toHaveLength(1)
  expect(faults({ name: 'a', headers: { x: 1 } })).toEqual([
    { path: '/headers/x', message: 'must be a string or an object' },
  ])
})

it('puts a bad name of a record at that name', () => {
  expect(faults({ name: 'a', headers: { 'A/b': 'x' } })).toEqual([
    { path: '/headers/A~1b', message: 'must be lower case' },
  ])
})

it('never shows the value', () => {
  expect(JSON.stringify(faults({ name: { secret: 'canary-1' }, size: 'canary-2' }))).not.toContain('canary')
})
