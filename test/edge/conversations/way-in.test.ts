/** The way in to conversations: keys, names, bodies, and what is told when the store is out of reach. */
import { expect, it } from 'vitest'
import { itemsCreateSchema } from '../../../src/core/session/schemas.ts'
import { checked, notAppended } from '../../../src/edge/conversations/way-in.ts'
import { isolate } from '../../support/worker.ts'

const PATH = '/v1/conversations'

it('lets in who has a key, and to what can be a conversation', async () => {
  const at = await isolate()
  expect((await at.fetch(PATH, { method: 'POST' })).status).toBe(401)
  for (const name of ['a%20b', '%C3%BC', 'x'.repeat(129)]) expect((await at.get(`${PATH}/${name}`)).status).toBe(404)
  expect((await at.get(`${PATH}/none`)).headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
})

it.each([
  ['no JSON', '{', 400],
  ['nested too deep', `{"items":${'['.repeat(70)}${']'.repeat(70)}}`, 400],
  ['not an object', '[]', 400],
])('refuses a body that is %s', async (_, body, status) => {
  const at = await isolate()
  expect((await at.post(PATH, body)).status).toBe(status)
})

it('takes JSON only, or nothing where nothing is needed', async () => {
  const at = await isolate()
  const headers = { authorization: `Bearer ${at.key}` }
  expect((await at.fetch(PATH, { method: 'POST', headers })).status).toBe(200)
  const text = { method: 'POST', headers: { ...headers, 'content-type': 'text/plain' }, body: '{}' }
  expect((await at.fetch(PATH, text)).status).toBe(415)
})

it('tells that it cannot be reached, and nothing of why', async () => {
  const at = await isolate()
  at.services.sessions.head = () => Promise.reject(new Error('secret'))
  const reply = await at.get(`${PATH}/any`)
  expect(reply.status).toBe(503)
  expect(await reply.text()).not.toContain('secret')
  expect(JSON.stringify(at.lines)).not.toContain('secret')
})

it('names the field that is at fault', () => {
  expect(checked(itemsCreateSchema, { items: [{ role: 'x' }] })).toMatchObject({ param: 'items[0].role' })
  expect(checked(itemsCreateSchema, 'x')).toMatchObject({ code: 'invalid_request', param: null })
})

it('says why something was not added', () => {
  expect(
    (['busy', 'too-large', 'stale', 'unknown', 'gone'] as const).map((kind) => notAppended(kind, 's').code),
  ).toEqual(['session_busy', 'request_too_large', 'conflict', 'not_found', 'not_found'])
})
