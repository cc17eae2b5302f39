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

it('shows how limits stand', async () => {
  const idle = { scope: 'tenant', subject: null, hard: false, used: 0, resetMs: 0, nextFreeMs: 0, waiting: 0 }
  const data = [
    { ...idle, name: 'rpm', of: 'requests', amount: 600, perSeconds: 60, used: 3, remaining: 597, resetMs: 59_500 },
    { ...idle, name: 'even', of: 'requests', amount: 9, perSeconds: 1, shape: 'paced', burst: 2, remaining: 2 },
    {
      ...idle,
      name: 'flight',
      of: 'concurrency',
      amount: 5,
      remaining: 0,
      resetMs: null,
      nextFreeMs: null,
      waiting: 4,
    },
    { ...idle, name: 'month', of: 'usd', amount: 1.5, per: 'month', timeZone: 'UTC', remaining: 1.5 },
    { ...idle, name: 'each', of: 'tokens', scope: 'key', subject: 'k1', amount: 9, perSeconds: 1, remaining: 9 },
  ]
  const view = { data, reservations: 2, slices: 1, waiting: 4 }
  const answers = { 'GET /admin/tenants/acme/limits': { body: view } }
  const { out } = await cliAgainst(answers, ['tenant', 'limits', 'acme'])
  expect(out.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
    ['NAME', 'OF', 'SCOPE', 'AMOUNT', 'PER', 'USED', 'REMAINING', 'WHOLE IN', 'NEXT FREE IN', 'WAITING'],
    ['rpm', 'requests', 'tenant', '600', '60 s', '3', '597', '59.5 s', '0 s', '0'],
    ['even', 'requests', 'tenant', '9', '1 s, paced, burst 2', '0', '2', '0 s', '0 s', '0'],
    ['flight', 'concurrency', 'tenant', '5', '-', '0', '0', '-', '-', '4'],
    ['month', 'usd', 'tenant', '1.5', 'month (UTC)', '0', '1.5', '0 s', '0 s', '0'],
    ['each', 'tokens', 'key k1', '9', '1 s', '0', '9', '0 s', '0 s', '0'],
    ['Reservations alive: 2. Slices out: 1. Waiting: 4.'],
  ])
  expect(JSON.parse((await cliAgainst(answers, ['tenant', 'limits', 'acme', '--json'])).out)).toEqual(view)
})

it('changes only what is named', async () => {
  const answers = { 'PATCH /admin/tenants/acme': { body: view } }
  const body = async (...args: string[]) => (await cliAgainst(answers, ['tenant', ...args])).asked[0]?.body
  expect(await body('update', 'acme', '--name', 'New')).toEqual({ name: 'New' })
  expect(await body('update', 'acme', '--all-models')).toEqual({ models: null })
  expect(await body('update', 'acme', '--no-models')).toEqual({ models: [] })
  expect(await body('update', 'acme', '--no-limits')).toEqual({ limits: null })
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

it('names the template that profiles go into, and takes it away', async () => {
  const answers = { 'PATCH /admin/tenants/acme': { body: view } }
  for (const [option, profileTemplate] of [
    [['--profile-template', 'about'], 'about'],
    [['--no-profile-template'], null],
  ] as const) {
    const ran = await cliAgainst(answers, ['tenant', 'update', 'acme', ...option])
    expect(ran.asked[0]?.body).toEqual({ profileTemplate })
  }
  const ran = await cliAgainst(answers, ['tenant', 'update', 'acme', '--name', 'Acme'])
  expect(ran.asked[0]?.body).toEqual({ name: 'Acme' })
})
