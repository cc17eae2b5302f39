/** The operator's credentials over HTTP. */
import { env, runInDurableObject } from 'cloudflare:test'
import { expect, it } from 'vitest'
import { storeSealed } from '../../src/admin/credentials.ts'
import { directoryStub } from '../../src/lib/object-places.ts'
import { admin } from '../support/admin.ts'
import { sealedOf } from '../support/control-plane.ts'

it('seals a value on arrival and never shows it again', async () => {
  const canary = 'sk-canary-0123456789-wxyz'
  const created = await admin('PUT /credentials/sealed', { value: canary })
  expect(created.status).toBe(201)
  expect(created.body).toEqual({
    name: 'sealed',
    createdAt: expect.stringMatching(/^\d{4}-.*Z$/),
    version: 1,
    last4: 'wxyz',
    usedBy: [],
  })
  const replaced = await admin('PUT /credentials/sealed', { value: `${canary}2` })
  expect(replaced).toMatchObject({ status: 200, body: { version: 2, last4: 'xyz2' } })
  const seen = [created, replaced, await admin('GET /credentials'), await admin('GET /audit')]
  expect(JSON.stringify(seen.map(({ body }) => body))).not.toContain('canary')
  const stored = await runInDurableObject(directoryStub(env.DIRECTORY) as DurableObjectStub, (_object, state) => {
    const tables = state.storage.sql
      .exec("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_%' ESCAPE '\\'")
      .toArray()
    return JSON.stringify(tables.map(({ name }) => state.storage.sql.exec(`SELECT * FROM "${name}"`).toArray()))
  })
  expect(stored).toContain('sealed')
  expect(stored).not.toContain('canary')
})

it('lists by name, page by page, with the providers that use it', async () => {
  for (const name of ['list-c', 'list-a', 'list-b'])
    await admin(`PUT /credentials/${name}`, { value: 'some-value-1234' })
  const provider = { protocol: 'openai', baseUrl: 'https://api.example.com/v1', credential: 'list-b' }
  await admin('PUT /config', { providers: { one: provider } })
  const first = await admin('GET /credentials?limit=2&after=list-')
  expect(first.body).toMatchObject({
    data: [{ name: 'list-a' }, { name: 'list-b', usedBy: ['one'] }],
    has_more: true,
    last: 'list-b',
  })
  const rest = await admin('GET /credentials?limit=2&after=list-b')
  expect(rest.body.data[0].name).toBe('list-c')
  expect(rest.body.has_more).toBe(false)
  await admin('PUT /config', {})
})

it('refuses to delete what the config names, says where, and deletes the rest', async () => {
  await admin('PUT /credentials/in-use', { value: 'some-value-1234' })
  const headers = { 'x-key': { credential: 'in-use' } }
  await admin('PUT /config', {
    providers: { p: { protocol: 'openai', baseUrl: 'https://api.example.com/v1', headers } },
  })
  const refused = await admin('DELETE /credentials/in-use')
  expect(refused.status).toBe(409)
  expect(refused.body.error.faults).toEqual([
    { path: '/providers/p/headers/x-key/credential', message: expect.any(String) },
  ])
  await admin('PUT /config', {})
  expect((await admin('DELETE /credentials/in-use')).status).toBe(204)
  const again = await admin('DELETE /credentials/in-use')
  expect(again).toMatchObject({ status: 404, body: { error: { code: 'not_found', faults: [] } } })
  // A name that comes back never has a version it had before.
  expect((await admin('PUT /credentials/in-use', { value: 'some-value-1234' })).body.version).toBe(2)
})

it.each([
  ['/value', { value: '' }],
  ['/value', { value: 'two\nlines' }],
  ['/value', { value: ' padded' }],
  ['/value', { value: 'ключ' }],
  ['/value', { value: 'a'.repeat(8193) }],
  ['/value', { value: 1 }],
  ['/value', {}],
  ['/label', { value: 'some-value', label: 'x' }],
])('names %s in bad input %#', async (path, body) => {
  const refused = await admin('PUT /credentials/bad', body)
  expect(refused.status).toBe(400)
  expect(refused.body.error.faults.map((fault: { path: string }) => fault.path)).toEqual([path])
  expect((await admin('DELETE /credentials/bad')).status).toBe(404)
})

it('refuses names that are not names', async () => {
  for (const name of ['Upper', 'a_b', 'a'.repeat(65), 'a%2Fb', 'api_key_pepper']) {
    expect((await admin(`PUT /credentials/${name}`, { value: 'some-value' })).status, name).toBe(400)
  }
})

it('seals again when another call was faster, and gives up in the end', async () => {
  const versions = [1, 2, 2]
  const sealedWith: number[] = []
  const seal = async (version: number) => {
    sealedWith.push(version)
    return sealedOf(version)
  }
  const outcomes = [{ stale: true }, { created: false }] as const
  const stored = await storeSealed(
    async () => versions.shift() ?? 0,
    seal,
    async () => outcomes[sealedWith.length - 1] ?? { stale: true },
  )
  expect(stored).toMatchObject({ record: { version: 2 }, created: false })
  expect(sealedWith).toEqual([1, 2])
  await expect(
    storeSealed(
      async () => 1,
      seal,
      async () => ({ stale: true }),
    ),
  ).rejects.toThrow('at the same moment')
})
