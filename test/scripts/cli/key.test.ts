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
