/** Faults know their field. */
import { describe, expect, it } from 'vitest'
import { stringAt, UndecodableError } from '../../../src/edge/responses/fault.ts'

describe('stringAt', () => {
  it('is the string', () => expect(stringAt('x', 'a.b')).toBe('x'))

  it.each(['', null, undefined, 3, {}])('faults %j by its path', (value) => {
    expect(() => stringAt(value, 'a.b')).toThrow(UndecodableError)
    expect(() => stringAt(value, 'a.b')).toThrow(expect.objectContaining({ param: 'a.b' }))
  })
})
