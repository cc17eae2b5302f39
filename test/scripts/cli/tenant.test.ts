/** tenant. */
import { expect, it } from 'vitest'
import { cliAgainst } from '../../support/cli.ts'

const view = { id: 'acme', name: 'Acme', state: 'active', createdAt: '2026-01-01T00:00:00.000Z' }

it('makes a tenant of its options, named as its id by default', async () => {
  const answers = { 'POST /admin/tenants': { status: 201, body: view } }
  const options = ['--model', 'chat-*', '--metadata', 'plan=a=b', '--wait-max-ms', '500', '--region', 'weur']
  const ran = await cliAgainst(answers, ['tenant', 'create', 'acme', ...options])
  expect(ran.asked[0]?.body).toEqual({
    id: 'acme',
    name: 'acme',
    models: ['chat-*'],
    metadata: { plan: 'a=b' },
    waitMaxMs: 500,
    region: 'weur',
  })
  expect(ran.out).toContain('state:     active')
})

it('lists and shows', async () => {
  const answers = {
    'GET /admin/tenants?limit=1000': { body: { data: [view, { ...view, id: 'b', models: [] }], has_more: false } },
    'GET /admin/tenants/acme': { body: view },
  }
  expect((await cliAgainst(answers, ['tenant', 'list'])).out).toMatch(/^ID .*\nacme +Acme +active +all .*\nb +/)
  expect(JSON.parse((await cliAgainst(answers, ['tenant', 'get', 'acme', '--json'])).out)).toEqual(view)
})

it('changes only what is named', async () => {
  const answers = { 'PATCH /admin/tenants/acme': { body: view } }
  const body = async (...args: string[]) => (await cliAgainst(answers, ['tenant', ...args])).asked[0]?.body
  expect(await body('update', 'acme', '--name', 'New')).toEqual({ name: 'New' })
  expect(await body('update', 'acme', '--all-models')).toEqual({ models: null })
  expect(await body('update', 'acme', '--no-models')).toEqual({ models: [] })
  expect(await body('suspend', 'acme')).toEqual({ state: 'suspended' })
  expect(await body('activate', 'acme')).toEqual({ state: 'active' })
})

it('deletes', async () => {
  const ran = await cliAgainst({ 'DELETE /admin/tenants/acme': { status: 202 } }, ['tenant', 'delete', 'acme'])
  expect(ran).toMatchObject({ code: 0, out: expect.stringContaining('acme is gone') })
})

it('refuses metadata that is no pair', async () => {
  const ran = await cliAgainst({}, ['tenant', 'update', 'acme', '--metadata', 'plan'])
  expect(ran).toMatchObject({ code: 1, asked: [], err: expect.stringContaining('name=value') })
})
