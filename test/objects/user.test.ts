/** A user's object: keeps one sealed profile, and nothing where there is none. */
import { env, evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { expect, it } from 'vitest'
import type { UserObject } from '../../src/objects/user.ts'

const objectOf = (name: string): DurableObjectStub<UserObject> => env.USER.get(env.USER.idFromName(name))
const tables = (object: DurableObjectStub<UserObject>) =>
  runInDurableObject(object, (_, { storage }) =>
    storage.sql
      .exec<{ name: string }>(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf\\_%' ESCAPE '\\'",
      )
      .toArray()
      .map(({ name }) => name),
  )

it('keeps the last profile through an eviction, and forgets it whole', async () => {
  const object = objectOf('a')
  expect(await object.putProfile('first', 1)).toBe(true)
  expect(await object.putProfile('second', 2)).toBe(false)
  await evictDurableObject(object)
  expect(await object.profile()).toEqual({ sealed: 'second', updatedAtMs: 2 })
  expect(await object.deleteProfile()).toBe(true)
  expect(await object.deleteProfile()).toBe(false)
  expect(await object.profile()).toBeNull()
  expect(await tables(object)).toEqual([])
  expect(await object.putProfile('third', 3)).toBe(true)
  expect(await object.profile()).toMatchObject({ sealed: 'third' })
})

it('stores nothing for being asked', async () => {
  const object = objectOf('b')
  await object.profile()
  await object.deleteProfile()
  await object.erase()
  expect(await tables(object)).toEqual([])
})

it('erased, takes nothing more', async () => {
  const object = objectOf('c')
  await object.putProfile('first', 1)
  await object.erase()
  expect(await object.putProfile('late', 2)).toBe(false)
  expect(await object.profile()).toBeNull()
  expect(await tables(object)).toEqual([])
})
