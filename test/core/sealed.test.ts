/** The names of the operator's own records can belong to nobody else. */
import { expect, it } from 'vitest'
import { OPERATOR, PEPPER_NAME, VaultError } from '../../src/core/sealed.ts'

it('no tenant can be called as the operator is, and no credential as the pepper is', () => {
  expect(OPERATOR).not.toMatch(/^[a-z0-9-]{1,32}$/)
  expect(PEPPER_NAME).not.toMatch(/^[a-z0-9-]{1,64}$/)
})

it('a vault error is told apart from every other error, by class and by name', () => {
  const error = new VaultError('x does not open')
  expect(error).toBeInstanceOf(Error)
  expect(`${error}`).toBe('VaultError: x does not open')
})
