/** What the topics are written with: pages and the look-up of a tenant. */
import { expect, it } from 'vitest'
import { noTenant, page, pageWithin, tenantOf } from '../../src/admin/routing.ts'
import type { Services } from '../../src/services.ts'

const idOf = (id: string) => id

it('pages through a list that is held whole', () => {
  const all = ['a', 'b', 'c']
  expect(pageWithin(all, { limit: 2 }, idOf)).toEqual({ data: ['a', 'b'], has_more: true, last: 'b' })
  expect(pageWithin(all, { limit: 2, after: 'b' }, idOf)).toEqual({ data: ['c'], has_more: false, last: 'c' })
  // What `after` names may be gone by now.
  expect(pageWithin(all, { limit: 2, after: 'aa' }, idOf)).toEqual({ data: ['b', 'c'], has_more: false, last: 'c' })
  expect(pageWithin(all, { limit: 2, after: 'c' }, idOf)).toEqual({ data: [], has_more: false, last: null })
})

it('says null where a page has no last', () => {
  expect(page([], false, undefined)).toEqual({ data: [], has_more: false, last: null })
})

it('finds a tenant’s object by its place, or ends the call', async () => {
  const services = {
    directoryAdmin: { place: async (id: string) => (id === 'acme' ? { id, generation: 'g' } : null) },
    tenantAdmin: (place: unknown) => ({ of: place }),
  } as unknown as Services
  expect(await tenantOf(services, 'acme')).toEqual({
    place: { id: 'acme', generation: 'g' },
    object: { of: { id: 'acme', generation: 'g' } },
  })
  await expect(tenantOf(services, 'other')).rejects.toMatchObject({ refusal: { code: 'not_found', status: 404 } })
  expect(() => noTenant('x')).toThrow('There is no tenant "x".')
})
