/** Status, provider check and audit over HTTP. */
import { expect, it } from 'vitest'
import { VERSION } from '../../src/lib/version.ts'
import { admin, newTenant } from '../support/admin.ts'

it('tells how the deployment stands', async () => {
  const { version: configVersion } = (await admin('GET /config')).body
  const { status, body } = await admin('GET /status')
  expect(status).toBe(200)
  const own = { degradedSeconds: 0, rowsDropped: 0, ledgerCalls: 0 }
  expect(body).toEqual({ version: VERSION, configVersion, ...own, recordsUnderOldKey: 0 })
})

it('tries a provider that cannot be reached, and knows none that is not there', async () => {
  const pool = { replicas: [{ id: 'a', url: 'http://127.0.0.1:9/v1' }] }
  await admin('PUT /config', { providers: { dead: { protocol: 'openai', pool } } })
  const checked = await admin('POST /providers/dead/check')
  expect(checked).toMatchObject({ status: 200, body: { ok: false, latencyMs: expect.any(Number) } })
  expect(checked.body.error).toMatch(/^replica "a" /)
  expect((await admin('POST /providers/ghost/check')).status).toBe(404)
  expect((await admin('POST /providers/constructor/check')).status).toBe(404)
  await admin('PUT /config', {})
})

it('names a reseal in the audit log, with what came of it', async () => {
  const { body: counts } = await admin('POST /credentials/reseal')
  const { body } = await admin('GET /audit?limit=1000')
  const { at, ...entry } = body.data.at(-1)
  expect(entry).toEqual({
    actor: 'admin/current',
    action: 'credential.reseal',
    subject: 'credentials',
    after: counts,
  })
})

it('keeps an audit log to follow, with who did what', async () => {
  let last = ''
  for (let more = true; more; ) {
    const { body } = await admin(`GET /audit?limit=1000${last === '' ? '' : `&after=${last}`}`)
    last = body.last ?? last
    more = body.has_more
  }
  const id = await newTenant()
  await admin(`PUT /credentials/audited`, { value: 'canary-secret-value' })
  const followed = await admin(`GET /audit${last === '' ? '' : `?after=${last}`}`)
  expect(followed.body.data).toMatchObject([
    { actor: 'admin/current', action: 'tenant.create', subject: `tenants/${id}`, after: { id } },
    { actor: 'admin/current', action: 'credential.create', subject: 'credentials/audited' },
  ])
  expect(Object.keys(followed.body.data[0]).sort()).toEqual(['action', 'actor', 'after', 'at', 'subject'])
  const first = await admin(`GET /audit?limit=1${last === '' ? '' : `&after=${last}`}`)
  expect(first.body).toMatchObject({ data: [{ action: 'tenant.create' }], has_more: true })
  const second = await admin(`GET /audit?after=${first.body.last}`)
  expect(second.body.data).toMatchObject([{ action: 'credential.create' }])
})
