/** apply and config. */
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { cliAgainst, refusedWith } from '../../support/cli.ts'

const fileWith = async (text: string) => {
  const file = join(await mkdtemp(join(tmpdir(), 'sluice-cli-')), 'config.json')
  await writeFile(file, text)
  return file
}
const changes = [
  { path: '/models/new', op: 'add', after: { targets: [] } },
  { path: '/models/old', op: 'remove', before: 'x' },
  { path: '/log', op: 'replace', before: 'off', after: 'all' },
]

it('shows every change, and the version that came of them', async () => {
  const file = await fileWith('{"models":{}}')
  const ran = await cliAgainst({ 'PUT /admin/config': { body: { version: 4, changes } } }, ['apply', file])
  expect(ran.out.split('\n')).toEqual([
    '+ /models/new  {"targets":[]}',
    '- /models/old  x',
    '~ /log  off → all',
    '3 changes; version 4 is in force.',
  ])
  expect(ran.asked).toMatchObject([{ body: { models: {} } }])
  expect(ran.code).toBe(0)
})

it('says of a dry run that nothing was applied', async () => {
  const answers = { 'PUT /admin/config?dryRun=true': { body: { version: 3, changes: changes.slice(0, 1) } } }
  const ran = await cliAgainst(answers, ['apply', await fileWith('{}'), '--dry-run'])
  expect(ran.out).toContain('1 change; nothing was applied')
})

it('says when nothing changes', async () => {
  const answers = { 'PUT /admin/config': { body: { version: 3, changes: [] } } }
  expect((await cliAgainst(answers, ['apply', await fileWith('{}')])).out).toBe('No changes. Version 3 is in force.')
})

it('lists all faults and fails', async () => {
  const faults = [
    { path: '/models/a/targets', message: 'is required' },
    { path: '/x', message: 'is not a known field' },
  ]
  const answers = { 'PUT /admin/config': { status: 400, body: refusedWith('invalid_request', 'Two.', faults) } }
  const ran = await cliAgainst(answers, ['apply', await fileWith('{}')])
  expect(ran).toMatchObject({ code: 1, out: '' })
  expect(ran.err).toContain('/models/a/targets  is required\n  /x  is not a known field')
})

it('asks nothing of the server when the file is broken', async () => {
  const ran = await cliAgainst({}, ['apply', await fileWith('{\n "a" 1}')])
  expect(ran).toMatchObject({ code: 1, asked: [] })
  expect(ran.err).toMatch(/config\.json:2:6: /)
})

it('shows the document, its versions and its schema', async () => {
  const answers = {
    'GET /admin/config': { body: { version: 2, config: { log: 'all' } } },
    'GET /admin/config/versions?limit=1000': {
      body: { data: [{ version: 2, at: 'now', actor: 'admin', rollbackOf: 1 }], has_more: false, last: '2' },
    },
    'GET /admin/config.schema.json': { body: { type: 'object' } },
  }
  expect(JSON.parse((await cliAgainst(answers, ['config', 'show'])).out)).toEqual({ log: 'all' })
  expect(JSON.parse((await cliAgainst(answers, ['config', 'show', '--json'])).out)).toMatchObject({ version: 2 })
  expect((await cliAgainst(answers, ['config', 'history'])).out).toMatch(/VERSION.*\n2 +now +admin +1/)
  expect(JSON.parse((await cliAgainst(answers, ['config', 'schema'])).out)).toEqual({ type: 'object' })
})

it('rolls back to a number and nothing else', async () => {
  const answers = { 'POST /admin/config/rollback': { body: { version: 5, changes } } }
  const ran = await cliAgainst(answers, ['config', 'rollback', '3'])
  expect(ran.asked).toMatchObject([{ body: { version: 3 } }])
  expect(ran.out).toContain('version 5 is in force')
  expect(await cliAgainst(answers, ['config', 'rollback', 'last'])).toMatchObject({ code: 1, asked: [] })
})
