/** The embedded Directory: every method of the interface reaches the object's method of the same meaning. */

import { env } from 'cloudflare:test'
import { expect, it } from 'vitest'
import { systemClock } from '../../../src/lib/clock.ts'
import { createDirectory, createDirectoryAdmin } from '../../../src/stores/embedded/directory.ts'
import { sealedOf, tenantOf } from '../../support/control-plane.ts'

const tools = { clock: systemClock, random: () => 0 }
const directory = createDirectory(env.DIRECTORY, tools)
const admin = createDirectoryAdmin(env.DIRECTORY, tools)
const RULES = { dryRun: false, allowPrivate: false, protocols: ['openai'], actor: 'ops' }

it('shows isolates what the admin API has changed', async () => {
  const empty = await directory.snapshot(-1)
  expect(empty).toMatchObject({ configVersion: 0, pepper: null })
  expect(await directory.snapshot(empty?.revision ?? -1)).toBeNull()

  const pepper = await directory.ensurePepper(sealedOf(1, { iv: 'pepper' }))
  expect(await admin.nextCredentialVersion('main')).toBe(1)
  expect(await admin.putCredential('main', sealedOf(1), 'ops')).toEqual({ created: true })
  const config = { providers: { p: { protocol: 'openai', baseUrl: 'https://x.example.com/v1', credential: 'main' } } }
  expect(await admin.applyConfig({ nonsense: 1 }, RULES)).toMatchObject({ ok: false })
  expect(await admin.applyConfig(config, RULES)).toMatchObject({ ok: true, version: 1 })
  expect(await admin.config()).toEqual({ version: 1, config })
  expect(await directory.snapshot(empty?.revision ?? -1)).toMatchObject({
    configVersion: 1,
    credentials: { main: sealedOf(1) },
    pepper,
  })

  expect(await admin.rollback(1, 'ops')).toMatchObject({ ok: true, version: 2, changes: [] })
  expect((await admin.configVersions(undefined, 10)).data.map(({ version }) => version)).toEqual([2, 1])
  expect(await admin.credentials()).toMatchObject([{ name: 'main', usedBy: ['p'] }])
  expect(await admin.deleteCredential('main', 'ops')).toEqual({ usedBy: ['/providers/p/credential'] })
  expect((await admin.sealedRecords()).map(({ name }) => name)).toEqual(['api_key_pepper', 'main'])
  expect(await admin.replaceSealed('main', sealedOf(1), sealedOf(1, { iv: 'new' }))).toBe(true)
})

it('makes, places, lists and deletes tenants', async () => {
  const place = await admin.createTenant(tenantOf('acme', { region: 'weur' }), 'ops')
  expect(place).toMatchObject({ id: 'acme', region: 'weur' })
  expect(await admin.createTenant(tenantOf('acme'), 'ops')).toBe('exists')
  expect(await directory.place('acme')).toEqual(place)
  expect(await admin.place('acme')).toEqual(place)
  expect((await admin.tenants(undefined, 10)).data.map(({ id }) => id)).toEqual(['acme'])
  expect(await admin.deleteTenant('acme', 'ops')).toEqual(place)
  expect(await directory.place('acme')).toBeNull()
})

it('keeps what is appended to the audit log', async () => {
  const entry = { id: 'x', at: '2026-11-20T00:00:00Z', actor: 'ops', action: 'provider.check', subject: 'p' }
  await admin.appendAudit([entry])
  expect((await admin.audit(undefined, 100)).data).toContainEqual(entry)
})
