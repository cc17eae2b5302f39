/** Conversations in one isolate: nothing in clear in their objects, and deleted for good. */
import { env, runInDurableObject } from 'cloudflare:test'
import { expect, it } from 'vitest'
import { ownedStub } from '../../../src/lib/object-places.ts'
import { isolate } from '../../support/worker.ts'

const PATH = '/v1/conversations'
const CANARY = 'canary-4711'

it('stores no word of what is said, nor of metadata', async () => {
  const at = await isolate()
  const items = [{ role: 'user', content: CANARY }]
  const made = (await (await at.post(PATH, { items, metadata: { about: CANARY } })).json()) as { id: string }
  await at.post(`${PATH}/${made.id}/events`, { role: 'assistant', content: CANARY })
  const rows = await runInDurableObject(ownedStub(env.SESSION, at.place, made.id), (_, { storage }) =>
    ['session', 'log', 'pieces', 'items', 'summary'].flatMap((table) =>
      storage.sql.exec(`SELECT * FROM ${table}`).toArray(),
    ),
  )
  expect(rows.length).toBeGreaterThan(4)
  expect(JSON.stringify(rows)).not.toContain(CANARY)
  expect(await (await at.get(`${PATH}/${made.id}`)).json()).toMatchObject({
    metadata: { about: CANARY },
    last_event: 2,
  })
  expect(await (await at.get(`${PATH}/${made.id}/export`)).json()).toMatchObject({
    object: 'conversation.export',
    items: [{ role: 'user' }, { role: 'assistant' }],
  })
})

it('has other metadata, or none', async () => {
  const at = await isolate()
  const { id } = (await (await at.post(PATH, { metadata: { a: '1' } })).json()) as { id: string }
  expect(await (await at.post(`${PATH}/${id}`, { metadata: { b: '2' } })).json()).toMatchObject({
    metadata: { b: '2' },
  })
  expect(await (await at.post(`${PATH}/${id}`, { metadata: null })).json()).toMatchObject({ metadata: {} })
  expect((await at.post(`${PATH}/none`, { metadata: null })).status).toBe(404)
  const headers = { authorization: `Bearer ${at.key}` }
  expect((await at.fetch(`${PATH}/${id}`, { method: 'DELETE', headers })).status).toBe(200)
  expect((await at.fetch(`${PATH}/${id}`, { method: 'DELETE', headers })).status).toBe(404)
  for (const rest of ['', '/export', '/items', '/events'])
    expect((await at.get(`${PATH}/${id}${rest}`)).status).toBe(404)
})

it('goes with its tenant', async () => {
  const at = await isolate()
  const { id } = (await (await at.post(PATH, { items: [{ role: 'user', content: CANARY }] })).json()) as { id: string }
  await at.services.directoryAdmin.deleteTenant(at.place.id, 'test')
  const tables = await runInDurableObject(ownedStub(env.SESSION, at.place, id), (_, { storage }) =>
    storage.sql.exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf\\_%' ESCAPE '\\'").toArray(),
  )
  expect(tables).toEqual([])
})
