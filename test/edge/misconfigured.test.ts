/** A deployment that lacks a variable: alive, and 503 with its name to everything else. */
import { expect, it } from 'vitest'
import { misconfiguredApp } from '../../src/edge/misconfigured.ts'
import { VERSION } from '../../src/lib/version.ts'

const app = misconfiguredApp({ variable: 'SLUICE_MASTER_KEY', message: 'is not set' })
const call = (path: string, init: RequestInit = {}) => app.fetch(new Request(`https://sluice.test${path}`, init))

it('is alive, and carries a request id like every reply', async () => {
  const reply = await call('/health', { headers: { 'x-request-id': 'mine' } })
  expect(reply.status).toBe(200)
  expect(await reply.json()).toEqual({ status: 'ok', version: VERSION })
  expect(reply.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  expect(reply.headers.get('x-client-request-id')).toBe('mine')
})

it.each([
  ['GET', '/ready'],
  ['GET', '/'],
  ['GET', '/v1/models'],
  ['POST', '/v1/chat/completions'],
  ['GET', '/admin/config'],
  ['PUT', '/admin/config'],
  ['GET', '/docs'],
])('answers %s %s with the variable', async (method, path) => {
  const reply = await call(path, { method, headers: { 'x-request-id': 'mine' } })
  expect(reply.status).toBe(503)
  expect(reply.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  expect(reply.headers.get('x-client-request-id')).toBe('mine')
  const { error } = (await reply.json()) as { error: { message: string } }
  expect(error).toMatchObject({ code: 'misconfigured', type: 'overloaded_error', param: null })
  expect(error.message).toContain('SLUICE_MASTER_KEY is not set')
})
