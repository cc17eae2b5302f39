/** The embedded users: each has an object of their own, by tenant and generation. */
import { env } from 'cloudflare:test'
import { expect, it } from 'vitest'
import { createUsers } from '../../../src/stores/embedded/users.ts'
import { tools } from '../../support/tenant-object.ts'

const users = createUsers(env.USER, tools)
const place = { id: 'users', generation: 'g1' }

it('puts, reads and forgets a profile', async () => {
  expect(await users.profile(place, 'a/b%c')).toBeNull()
  expect(await users.putProfile(place, 'a/b%c', 'sealed')).toBe(true)
  expect(await users.putProfile(place, 'a/b%c', 'again')).toBe(false)
  expect(await users.profile(place, 'a/b%c')).toEqual({ sealed: 'again', updatedAtMs: expect.any(Number) })
  expect(await users.deleteProfile(place, 'a/b%c')).toBe(true)
  expect(await users.deleteProfile(place, 'a/b%c')).toBe(false)
})

it('keeps users apart, and those of another generation', async () => {
  await users.putProfile(place, 'a', 'of a')
  expect(await users.profile(place, 'b')).toBeNull()
  expect(await users.profile({ ...place, generation: 'g2' }, 'a')).toBeNull()
  await users.erase(place, 'a')
  expect(await users.profile(place, 'a')).toBeNull()
})
