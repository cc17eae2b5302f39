/** What the admin API takes of a worker. */
import { expect, it } from 'vitest'
import { workerInputSchema } from '../../../src/core/pool/worker-schemas.ts'

it('takes a name, perhaps an end, and nothing else', () => {
  expect(workerInputSchema.parse({ name: 'rack 3' })).toEqual({ name: 'rack 3' })
  expect(workerInputSchema.parse({ name: 'a', expiresAt: '2099-01-01T01:00:00+01:00' }).expiresAt).toBe(
    '2099-01-01T00:00:00.000Z',
  )
  expect(workerInputSchema.safeParse({ name: 'a', models: ['m'] }).success).toBe(false)
  expect(workerInputSchema.safeParse({}).success).toBe(false)
})
