/** What the admin API answers with: the shapes that clients rely on. */
import { expect, it } from 'vitest'
import { z } from 'zod'
import { keyViewSchema, pageOf, usageRecordViewSchema } from '../../src/core/admin-views.ts'
import { recordOf } from '../support/control-plane.ts'

it('has the three fields of a page', () => {
  expect(Object.keys(pageOf(z.string()).shape)).toEqual(['data', 'has_more', 'last'])
  expect(pageOf(z.string()).safeParse({ data: [], has_more: false, last: null }).success).toBe(true)
})

it('shows of a key what is promised and nothing else', () => {
  expect(Object.keys(keyViewSchema.shape).sort()).toEqual(
    ['id', 'name', 'state', 'createdAt', 'expiresAt', 'lastUsedOn', 'models', 'limits'].sort(),
  )
})

it('describes a usage record as it is stored', () => {
  const record = recordOf('r1', 0)
  expect(usageRecordViewSchema.parse(record)).toEqual(record)
  expect(Object.keys(usageRecordViewSchema.shape).sort()).toEqual(Object.keys(record).sort())
})
