/** key. */
import { expect, it } from 'vitest'
import { cliAgainst } from '../../support/cli.ts'

const made = { id: 'AbCdEf12', key: 'slc_acme_AbCdEf12_x' }

it('shows a new key once, on standard output', async () => {
  const answers = { 'POST /admin/tenants/acme/keys': { status: 201, body: made } }
  const ran = await cliAgainst(answers, ['key', 'create', 'acme', 'ci', '--expires-at', '2030-01-01T00:00:00Z'])
  expect(ran.asked[0]?.body).toEqual({ name: 'ci', expiresAt: '2030-01-01T00:00:00Z' })
  expect(ran.out).toBe('id:  AbCdEf12\nkey: slc_acme_AbCdEf12_x')
  expect(ran.err).toContain('not shown again')
  expect(JSON.parse((await cliAgainst(answers, ['--json', 'key', 'create', 'acme', 'ci'])).out)).toEqual(made)
})

it('rotates with the overlap that is named, or the server’s', async () => {
  const answers = { 'POST /admin/tenants/acme/keys/AbCdEf12/rotate': { status: 201, body: made } }
  const body = async (...args: string[]) =>
    (await cliAgainst(answers, ['key', 'rotate', 'acme', 'AbCdEf12', ...args])).asked[0]?.body
  expect(await body('--overlap-seconds', '0')).toEqual({ overlapSeconds: 0 })
  expect(await body()).toEqual({})
})

it('changes only what is named', async () => {
  const view = { id: 'AbCdEf12', name: 'ci', state: 'active', expiresAt: null, models: null, limits: null }
  const answers = { 'PATCH /admin/tenants/acme/keys/AbCdEf12': { body: view } }
  const input = '[{"name":"rpm","amount":null}]'
  const update = (...args: string[]) => cliAgainst(answers, ['key', 'update', 'acme', 'AbCdEf12', ...args], { input })
  const body = async (...args: string[]) => (await update(...args)).asked[0]?.body
  expect(await body()).toEqual({})
  expect(await body('--limits', '-')).toEqual({ limits: JSON.parse(input) })
  expect(await body('--no-limits', '--all-models')).toEqual({ limits: null, models: null })
  expect(await body('--model', 'a*', '--name', 'New', '--debug')).toEqual({ models: ['a*'], name: 'New', debug: true })
  expect(await body('--expires-at', '2030-01-01T00:00:00Z')).toEqual({ expiresAt: '2030-01-01T00:00:00Z' })
  expect(await body('--no-expires-at', '--no-debug')).toEqual({ expiresAt: null, debug: false })
  expect((await update('--name', 'ci')).out).toMatch(/^id: +AbCdEf12\nname: +ci\nstate: +active\n/)
  expect(JSON.parse((await update('--json')).out)).toEqual(view)
})

it('lists and revokes', async () => {
  const key = {
    id: 'AbCdEf12',
    name: 'ci',
    state: 'expiring',
    createdAt: 'then',
    expiresAt: 'soon',
    lastUsedOn: null,
    models: ['a', 'b'],
    limits: null,
  }
  const answers = {
    'GET /admin/tenants/acme/keys?limit=1000': { body: { data: [key], has_more: false, last: 'AbCdEf12' } },
    'DELETE /admin/tenants/acme/keys/AbCdEf12': { status: 204 },
  }
  expect((await cliAgainst(answers, ['key', 'list', 'acme'])).out).toMatch(/AbCdEf12 +ci +expiring +then +soon +- +a b/)
  expect((await cliAgainst(answers, ['key', 'revoke', 'acme', 'AbCdEf12'])).out).toBe('Key AbCdEf12 is revoked.')
})
