/** The way in: a good key gets the deployment of that moment, and later the one of then. */
import { expect, it } from 'vitest'
import { enter } from '../../src/authenticate/enter.ts'
import { CONFIG, isolate } from '../support/worker.ts'

it('lets a good key in with one version of the deployment, and again under the one that holds then', async () => {
  const { services, guard, key, keyId } = await isolate({ config: CONFIG })
  const entry = await enter(services, guard, { authorization: `Bearer ${key}`, apiKey: null })
  if (entry.kind === 'refused') throw new Error(entry.refusal.message)
  expect(entry.caller.key.id).toBe(keyId)
  expect(entry.deployment).toBe(services.deployment.peek())
  expect(await entry.again()).toMatchObject({ kind: 'entry', caller: { key: { id: keyId } } })
})

it('refuses who has no key, and everybody while the config cannot be read', async () => {
  const { services, guard, key } = await isolate({ config: CONFIG })
  expect(await enter(services, guard, { authorization: null, apiKey: null })).toMatchObject({
    kind: 'refused',
    refusal: { code: 'invalid_api_key' },
  })
  const unread = { peek: () => undefined, get: () => Promise.reject(new Error('out of reach')) }
  expect(await enter({ deployment: unread }, guard, { authorization: `Bearer ${key}`, apiKey: null })).toMatchObject({
    kind: 'refused',
    refusal: { code: 'overloaded' },
  })
})

it('a snapshot that is older than the first key has the pepper that let them in', async () => {
  const { services, guard, key } = await isolate({ config: CONFIG })
  const older = { ...(await services.deployment.get()), pepper: null }
  const asked = { deployment: { peek: () => older, get: async () => older } }
  const entry = await enter(asked, guard, { authorization: `Bearer ${key}`, apiKey: null })
  if (entry.kind === 'refused') throw new Error(entry.refusal.message)
  expect(entry.deployment.pepper).not.toBeNull()
  expect(entry.deployment).toEqual({ ...older, pepper: entry.deployment.pepper })
})
