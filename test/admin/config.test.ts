/** The config document over HTTP: apply, dry run, faults, versions, rollback, schema. */
import { expect, it } from 'vitest'
import { z } from 'zod'
import { configSchema } from '../../src/core/config.ts'
import { admin } from '../support/admin.ts'

const withModel = (alias: string, log = 'off') => ({
  providers: { up: { protocol: 'openai', baseUrl: 'http://127.0.0.1:9/v1' } },
  models: { [alias]: { targets: [{ provider: 'up', model: 'm' }] } },
  log,
})

it('applies, compares, keeps versions and goes back', async () => {
  const { version: before } = (await admin('GET /config')).body
  const applied = await admin('PUT /config', withModel('a'))
  expect(applied.status).toBe(200)
  expect(applied.body.version).toBe(before + 1)
  expect((await admin('GET /config')).body).toEqual({ version: before + 1, config: withModel('a') })

  const dry = await admin('PUT /config?dryRun=true', withModel('a', 'all'))
  expect(dry.body).toEqual({
    version: before + 1,
    changes: [{ path: '/log', op: 'replace', before: 'off', after: 'all' }],
  })
  expect((await admin('GET /config')).body.version).toBe(before + 1)

  await admin('PUT /config', withModel('b'))
  const back = await admin('POST /config/rollback', { version: before + 1 })
  expect(back.status).toBe(200)
  expect(back.body.version).toBe(before + 3)
  expect(back.body.changes.map((change: { path: string; op: string }) => [change.op, change.path])).toEqual(
    expect.arrayContaining([
      ['add', '/models/a'],
      ['remove', '/models/b'],
    ]),
  )
  expect((await admin('GET /config')).body.config).toEqual(withModel('a'))

  const versions = await admin('GET /config/versions?limit=2')
  expect(versions.body).toMatchObject({
    data: [
      { version: before + 3, rollbackOf: before + 1, actor: 'admin/current' },
      { version: before + 2, rollbackOf: null },
    ],
    has_more: true,
    last: String(before + 2),
  })
  const next = await admin(`GET /config/versions?limit=2&after=${versions.body.last}`)
  expect(next.body.data[0].version).toBe(before + 1)
})

it('lists all faults of a bad document and changes nothing', async () => {
  const { version } = (await admin('GET /config')).body
  const refused = await admin('PUT /config', {
    providers: { 'UP!': { protocol: 'openai', baseUrl: 'http://127.0.0.1:9/v1' }, up: { protocol: 'telepathy' } },
    models: { a: { targets: [] }, b: { targets: [{ provider: 'ghost', model: 'm' }], colour: 1 } },
    embedder: { model: 'missing' },
    log: 'loud',
  })
  expect(refused.status).toBe(400)
  expect(refused.body.error).toMatchObject({ code: 'invalid_request', type: 'invalid_request_error' })
  const paths = refused.body.error.faults.map(({ path }: { path: string }) => path)
  expect(new Set(paths)).toEqual(
    new Set([
      '/providers/UP!',
      '/providers/up/protocol',
      '/models/a/targets',
      '/models/b/targets/0/provider',
      '/models/b/colour',
      '/embedder/model',
      '/log',
    ]),
  )
  expect((await admin('GET /config')).body.version).toBe(version)
})

it('refuses what is no document, and a misspelt dry run', async () => {
  for (const document of [[], 'text', 1, null]) {
    expect((await admin('PUT /config', document)).status, JSON.stringify(document)).toBe(400)
  }
  // Nothing at all is no document either: it would take everything away.
  for (const path of ['PUT /config', 'PUT /config?dryRun=true'] as const) {
    const empty = await admin(path)
    expect(empty.status).toBe(400)
    expect(empty.body.error.faults).toEqual([{ path: '', message: 'is required: send the whole document' }])
  }
  const misspelt = await admin('PUT /config?dryrun=true', withModel('never'))
  expect(misspelt.status).toBe(400)
  expect(misspelt.body.error.faults).toEqual([{ path: '/dryrun', message: 'is not a known field' }])
  expect((await admin('GET /config')).body.config.models).not.toHaveProperty('never')
})

it('rolls back to what there is, and only if its credentials are still there', async () => {
  expect((await admin('POST /config/rollback', { version: 99_999 })).status).toBe(404)
  await admin('PUT /credentials/going', { value: 'a-value-to-go' })
  const provider = { protocol: 'openai', baseUrl: 'https://api.example.com/v1', credential: 'going' }
  const named = await admin('PUT /config', { providers: { p: provider } })
  await admin('PUT /config', {})
  expect((await admin('DELETE /credentials/going')).status).toBe(204)
  const refused = await admin('POST /config/rollback', { version: named.body.version })
  expect(refused.status).toBe(409)
  expect(refused.body.error).toMatchObject({
    code: 'conflict',
    message: expect.stringContaining('/providers/p/credential'),
    faults: [{ path: '/providers/p/credential' }],
  })
})

it('publishes the schema it validates with', async () => {
  const { status, body } = await admin('GET /config.schema.json')
  expect(status).toBe(200)
  expect(body).toEqual(JSON.parse(JSON.stringify(z.toJSONSchema(configSchema, { io: 'input' }))))
  expect(body.properties.models.additionalProperties.required).toEqual(['targets'])
})
