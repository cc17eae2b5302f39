/** credential: values come in unseen and never go out. */
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { cliAgainst } from '../../support/cli.ts'

const view = { name: 'main', createdAt: 'now', version: 1, last4: 'ry-1', usedBy: ['openai'] }
const answers = {
  'PUT /admin/credentials/main': { status: 201, body: view },
  'PUT /admin/tenants/acme/credentials/main': { status: 201, body: { ...view, fallbackToOperator: true } },
}

it('takes the value from standard input, a file or the environment, without its line end', async () => {
  const file = join(await mkdtemp(join(tmpdir(), 'sluice-cli-')), 'value')
  await writeFile(file, 'canary-1\r\n')
  for (const [args, more] of [
    [[], { input: 'canary-1\n' }],
    [['--value-file', file], {}],
    [['--value-env', 'KEY'], { env: { KEY: 'canary-1' } }],
  ] as const) {
    const ran = await cliAgainst(answers, ['credential', 'set', 'main', ...args], more)
    expect(ran.asked[0]?.body).toEqual({ value: 'canary-1' })
    expect(ran.out + ran.err).not.toContain('canary')
  }
})

it('asks nothing of the server without a value', async () => {
  for (const args of [
    ['--value-env', 'NOT_SET'],
    ['--value-file', '/nowhere'],
    ['--value-env', 'A', '--value-file', 'b'],
    [],
  ]) {
    const ran = await cliAgainst(answers, ['credential', 'set', 'main', ...args])
    expect(ran, args.join(' ')).toMatchObject({ code: 1, asked: [] })
  }
})

it('keeps a tenant’s own apart', async () => {
  const own = ['credential', 'set', 'main', '--fallback-to-operator']
  const ran = await cliAgainst(answers, [...own, '--tenant', 'acme'], { input: 'v' })
  expect(ran.asked[0]).toMatchObject({
    path: '/admin/tenants/acme/credentials/main',
    body: { value: 'v', fallbackToOperator: true },
  })
  expect(await cliAgainst(answers, own, { input: 'v' })).toMatchObject({ code: 1, asked: [] })
})

it('lists, deletes and reseals', async () => {
  const lists = {
    'GET /admin/credentials?limit=1000': {
      body: { data: [view, { ...view, last4: '', usedBy: [] }], has_more: false },
    },
    'DELETE /admin/credentials/main': { status: 204 },
    'POST /admin/credentials/reseal': { body: { resealed: 3, remaining: 0 } },
  }
  expect((await cliAgainst(lists, ['credential', 'list'])).out).toMatch(
    /main +1 +…ry-1 +now +openai\nmain +1 +- +now +-/,
  )
  expect((await cliAgainst(lists, ['credential', 'delete', 'main'])).out).toBe('Credential main is forgotten.')
  expect((await cliAgainst(lists, ['credential', 'reseal'])).out).toContain('3 resealed, none left')
})
