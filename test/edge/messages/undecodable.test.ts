/** A fault names its place. */
import { expect, it } from 'vitest'
import { Undecodable } from '../../../src/edge/messages/undecodable.ts'

it('has its place beside its message', () => {
  const fault = new Undecodable('tools[0].type', 'Describe it.')
  expect(fault).toBeInstanceOf(Error)
  expect(fault).toMatchObject({ param: 'tools[0].type', message: 'Describe it.' })
})
