/** webhook set, show, rotate, delete. */
import { expect, it } from 'vitest'
import { cliAgainst } from '../../support/cli.ts'

const AT = '/admin/tenants/acme/webhook'
const view = {
  url: 'https://hooks.example.com/x',
  createdAt: '2026-11-28T07:00:00.000Z',
  last4: 'wxyz',
  previousUntil: null,
}
const secret = 'whsec_AAAA'

it.each([
  [['--url', view.url], { url: view.url }],
  [['--no-url'], { url: null }],
  [[], {}],
])('set %j', async (options, body) => {
  const made = { [`PUT ${AT}`]: { status: 201, body: { ...view, secret } } }
  const first = await cliAgainst(made, ['webhook', 'set', 'acme', ...options])
  expect(first.asked.map((asked) => asked.body)).toEqual([body])
  expect(first.out).toContain(secret)
  expect(first.out).toMatch(/not shown again\.$/)
  const again = await cliAgainst({ [`PUT ${AT}`]: { body: view } }, ['webhook', 'set', 'acme', ...options])
  expect(again.out).toContain('wxyz')
  expect(again.out).not.toContain('not shown again')
})

it('shows, rotates and deletes', async () => {
  const shown = await cliAgainst({ [`GET ${AT}`]: { body: view } }, ['webhook', 'show', 'acme'])
  expect(shown.out).toContain(view.url)
  const rotated = { secret, previousUntil: '2026-11-29T07:00:00.000Z' }
  const answers = { [`POST ${AT}/rotate`]: { status: 201, body: rotated } }
  expect((await cliAgainst(answers, ['webhook', 'rotate', 'acme'])).out).toMatch(/whsec_AAAA.*not shown again\.$/s)
  const json = await cliAgainst(answers, ['webhook', 'rotate', 'acme', '--json'])
  expect(JSON.parse(json.out)).toEqual(rotated)
  const deleted = await cliAgainst({ [`DELETE ${AT}`]: { status: 204 } }, ['webhook', 'delete', 'acme'])
  expect(deleted).toMatchObject({ code: 0, out: 'The webhook of acme is forgotten.' })
})
