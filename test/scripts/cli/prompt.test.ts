/** prompt: templates from files, and how they are shown. */
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { cliAgainst } from '../../support/cli.ts'

const template = { messages: [{ role: 'system', content: 'In {{city}}.' }], variables: { city: { type: 'string' } } }
const about = { version: 2, at: '2026-01-01T00:00:00.000Z', actor: 'admin', rollbackOf: 1 }
const shown = { id: 'travel', ...about, ...template, description: 'Trips' }
const at = '/admin/tenants/acme/prompts'

it('puts a template from a file or standard input', async () => {
  const file = join(await mkdtemp(join(tmpdir(), 'sluice-cli-')), 'travel.json')
  await writeFile(file, JSON.stringify(template))
  const answers = { [`PUT ${at}/travel`]: { status: 201, body: { id: 'travel', version: 1 } } }
  for (const [from, more] of [
    [file, {}],
    ['-', { input: JSON.stringify(template) }],
  ] as const) {
    const ran = await cliAgainst(answers, ['prompt', 'put', 'acme', 'travel', from], more)
    expect(ran).toMatchObject({ code: 0, out: 'Version 1 of travel is in force.' })
    expect(ran.asked[0]?.body).toEqual(template)
  }
  const broken = await cliAgainst(answers, ['prompt', 'put', 'acme', 'travel', '-'], { input: '{' })
  expect(broken).toMatchObject({ code: 1, asked: [] })
})

it('lists, and shows the newest or a version', async () => {
  const listed = { id: 'travel', version: 2, at: about.at, description: null }
  const answers = {
    [`GET ${at}?limit=1000`]: { body: { data: [listed], has_more: false, last: 'travel' } },
    [`GET ${at}/travel`]: { body: shown },
    [`GET ${at}/travel?version=1`]: { body: { ...shown, version: 1 } },
    [`GET ${at}/travel/versions?limit=1000`]: { body: { data: [about], has_more: false, last: '2' } },
  }
  expect((await cliAgainst(answers, ['prompt', 'list', 'acme'])).out).toMatch(/^NAME .*\ntravel +2 +2026\S+ +-$/)
  expect((await cliAgainst(answers, ['prompt', 'show', 'acme', 'travel'])).out).toBe(
    'travel, version 2 of 2026-01-01T00:00:00.000Z: Trips\n  city: {"type":"string"}\n\nsystem:\nIn {{city}}.',
  )
  const json = await cliAgainst(answers, ['prompt', 'show', 'acme', 'travel', '--version', '1', '--json'])
  expect(JSON.parse(json.out)).toEqual({ ...shown, version: 1 })
  expect((await cliAgainst(answers, ['prompt', 'versions', 'acme', 'travel'])).out).toMatch(/2 +2026\S+ +admin +1$/)
})

it('brings back and forgets', async () => {
  const answers = {
    [`POST ${at}/travel/rollback`]: { body: { id: 'travel', version: 3 } },
    [`DELETE ${at}/travel`]: { status: 204 },
  }
  const back = await cliAgainst(answers, ['prompt', 'rollback', 'acme', 'travel', '1'])
  expect(back.asked[0]?.body).toEqual({ version: 1 })
  expect(back.out).toBe('Version 3 of travel is in force.')
  expect((await cliAgainst(answers, ['prompt', 'delete', 'acme', 'travel'])).out).toBe('Template travel is forgotten.')
  for (const wrong of ['0', 'x', '1.5']) {
    const ran = await cliAgainst(answers, ['prompt', 'rollback', 'acme', 'travel', wrong])
    expect(ran).toMatchObject({ code: 1, asked: [] })
  }
})

it('says what is wrong with a template', async () => {
  const faults = [{ path: '/messages/0/content', message: 'has the placeholder {{town}}, which no variable fills' }]
  const error = { message: 'Bad.', type: 'invalid_request_error', param: null, code: 'invalid_request', faults }
  const answers = { [`PUT ${at}/travel`]: { status: 400, body: { error } } }
  const ran = await cliAgainst(answers, ['prompt', 'put', 'acme', 'travel', '-'], { input: '{}' })
  expect(ran.code).toBe(1)
  expect(ran.err).toContain('/messages/0/content  has the placeholder {{town}}')
})
