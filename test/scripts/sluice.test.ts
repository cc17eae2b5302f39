/** The CLI as a whole: help, wrong verbs, exit codes, and the process itself. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { cliAgainst, refusedWith, runCli, stubAdmin } from '../support/cli.ts'

const run = promisify(execFile)

it('explains itself without a server or a token', async () => {
  const { code, out } = await runCli(['--help'], {})
  expect(code).toBe(0)
  for (const verb of [
    'apply',
    'tenant',
    'key',
    'credential',
    'webhook',
    'provider',
    'usage',
    'config',
    'status',
    'audit',
  ]) {
    expect(out).toMatch(new RegExp(`^  ${verb}\\b`, 'm'))
  }
})

it('refuses verbs and options it does not know', async () => {
  expect(await runCli(['tenants'], {})).toMatchObject({ code: 1, err: expect.stringContaining('unknown command') })
  expect(await runCli(['status', '--wait'], {})).toMatchObject({
    code: 1,
    err: expect.stringContaining('unknown option'),
  })
  expect(await runCli(['tenant', 'get'], {})).toMatchObject({ code: 1, err: expect.stringContaining("'id'") })
})

it('prints a refusal as JSON where that was asked for', async () => {
  const body = refusedWith('not_found', 'There is no tenant "x".')
  const answers = { 'GET /admin/tenants/x': { status: 404, body } }
  const json = await cliAgainst(answers, ['tenant', 'get', 'x', '--json'])
  expect({ code: json.code, body: JSON.parse(json.out) }).toEqual({ code: 1, body })
  const words = await cliAgainst(answers, ['tenant', 'get', 'x'])
  expect(words).toMatchObject({ code: 1, out: '', err: 'There is no tenant "x". (not_found, 404)' })
})

it('runs as a process and reads a value from a pipe', async () => {
  const { url, asked } = await stubAdmin({
    'PUT /admin/credentials/main': { body: { name: 'main', createdAt: 'now', version: 1, last4: '', usedBy: [] } },
  })
  const child = run(process.execPath, ['scripts/sluice.ts', 'credential', 'set', 'main'], {
    env: { ...process.env, SLUICE_URL: url, SLUICE_ADMIN_TOKEN: 'a' },
  })
  child.child.stdin?.end('piped\n')
  expect((await child).stdout).toContain('version:')
  expect(asked[0]?.body).toEqual({ value: 'piped' })
})

it('ends with code 1 as a process when Sluice is not there', async () => {
  const env = { ...process.env, SLUICE_URL: 'http://127.0.0.1:9', SLUICE_ADMIN_TOKEN: 'a' }
  await expect(run(process.execPath, ['scripts/sluice.ts', 'status'], { env })).rejects.toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringContaining('cannot be reached'),
  })
})
