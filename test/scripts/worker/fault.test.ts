/** What may be said of a failure. */
import { expect, it } from 'vitest'
import { codeOf, WorkerFault } from '../../../scripts/worker/fault.ts'

it('names its code or kind, never its words', () => {
  const refused = Object.assign(new Error('connect to secret'), { code: 'ECONNREFUSED' })
  expect(codeOf(refused)).toBe('ECONNREFUSED')
  expect(codeOf(new TypeError('fetch failed', { cause: refused }))).toBe('ECONNREFUSED')
  expect(codeOf(new TypeError('secret'))).toBe('TypeError')
  expect(codeOf('secret')).toBe('unknown')
  expect(new WorkerFault(3, 'why')).toMatchObject({ exitCode: 3, message: 'why' })
})
