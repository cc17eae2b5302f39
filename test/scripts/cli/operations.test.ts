/** provider check, status and audit. */
import { expect, it } from 'vitest'
import { cliAgainst } from '../../support/cli.ts'

it('fails when the provider does', async () => {
  const bad = { ok: false, latencyMs: 12, error: 'answered 401: it does not accept the credential' }
  const answers = { 'POST /admin/providers/openai/check': { body: bad } }
  expect(await cliAgainst(answers, ['provider', 'check', 'openai'])).toMatchObject({
    code: 1,
    err: 'Provider openai failed after 12 ms: answered 401: it does not accept the credential.',
  })
  const json = await cliAgainst(answers, ['provider', 'check', 'openai', '--json'])
  expect({ code: json.code, body: JSON.parse(json.out) }).toEqual({ code: 1, body: bad })
})

it('names the models of a provider that is fine', async () => {
  const good = { ok: true, latencyMs: 12, models: ['a', 'b'] }
  const ran = await cliAgainst({ 'POST /admin/providers/x/check': { body: good } }, ['provider', 'check', 'x'])
  expect(ran).toMatchObject({ code: 0, out: 'Provider x is fine: 12 ms, 2 models.\n  a\n  b' })
})

it('shows the status', async () => {
  const ran = await cliAgainst({ 'GET /admin/status': { body: { version: '1.0.0', rowsDropped: 0 } } }, ['status'])
  expect(ran.out).toBe('version:     1.0.0\nrowsDropped: 0')
})

it('lists the audit log whole or by page', async () => {
  const entry = { at: 't', actor: 'admin', action: 'key.create', subject: 'acme/k', after: { name: 'ci' } }
  const body = { data: [entry], has_more: false, last: 'e1' }
  const answers = { 'GET /admin/audit?limit=1000': { body }, 'GET /admin/audit?after=e0&limit=1': { body } }
  for (const args of [[], ['--after', 'e0', '--limit', '1']]) {
    const ran = await cliAgainst(answers, ['audit', ...args])
    expect(ran.out).toMatch(/t +admin +key\.create +acme\/k +- +\{"name":"ci"\}/)
  }
})
