/** What of the vault a provider needs. */
import { expect, it } from 'vitest'
import { openedHeaders, secretNames } from '../../src/core/operator-secrets.ts'

const headers = { 'x-plain': 'p', 'X-Id': { credential: 'access-id' }, 'x-key': { credential: 'main' } }

it('names each record once, the credential first', () => {
  expect(secretNames({ credential: 'main', headers })).toEqual(['main', 'access-id'])
  expect(secretNames({ headers })).toEqual(['access-id', 'main'])
  expect(secretNames({})).toEqual([])
})

it('puts the opened values where they are named', () => {
  const secrets = new Map([
    ['main', 'one'],
    ['access-id', 'two'],
  ])
  expect(openedHeaders({ headers }, secrets)).toEqual({ 'x-plain': 'p', 'X-Id': 'two', 'x-key': 'one' })
  expect(openedHeaders({}, secrets)).toEqual({})
})
