/** Profiles over HTTP: put, shown, forgotten, bounded; sealed on arrival, and each tenant's own. */
import { env, runInDurableObject } from 'cloudflare:test'
import { describe, expect, it } from 'vitest'
import { PROFILE_BYTES_MAX } from '../../src/core/prompts/limits.ts'
import { ownedStub } from '../../src/lib/object-places.ts'
import type { UserObject } from '../../src/objects/user.ts'
import { isolate } from '../support/worker.ts'

type World = Awaited<ReturnType<typeof isolate>>
const PROFILE = { attributes: { plan: 'canaryPlan', seats: 3, on: true, none: null, more: { a: [1] } }, tags: ['vip'] }

async function call(at: World, method: string, id: string, body?: unknown, headers: Record<string, string> = {}) {
  const reply = await at.fetch(`/v1/users/${id}/profile`, {
    method,
    headers: { authorization: `Bearer ${at.key}`, 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await reply.text()
  return { status: reply.status, headers: reply.headers, json: text === '' ? null : JSON.parse(text) }
}

describe('a profile', () => {
  it('is put, shown, replaced and forgotten', async () => {
    const at = await isolate()
    expect(await call(at, 'GET', 'ada')).toMatchObject({ status: 404, json: { error: { code: 'not_found' } } })
    expect(await call(at, 'PUT', 'ada', PROFILE)).toMatchObject({ status: 201, json: { id: 'ada', ...PROFILE } })
    expect((await call(at, 'GET', 'ada')).json).toEqual({ id: 'ada', object: 'user.profile', ...PROFILE })
    expect(await call(at, 'PUT', 'ada', { tags: [] })).toMatchObject({
      status: 200,
      json: { attributes: {}, tags: [] },
    })
    expect((await call(at, 'DELETE', 'ada')).status).toBe(204)
    expect((await call(at, 'DELETE', 'ada')).status).toBe(404)
    expect((await call(at, 'GET', 'ada')).status).toBe(404)
  })

  it('has the id that the header has, percent-decoded', async () => {
    const at = await isolate()
    expect((await call(at, 'PUT', 'a%2Fb%25c', { tags: ['x'] })).json).toMatchObject({ id: 'a/b%c' })
    expect(await at.services.users.profile(at.place, 'a/b%c')).not.toBeNull()
    for (const id of ['a%20b', '%C3%A9', 'x'.repeat(129)])
      expect(await call(at, 'GET', id)).toMatchObject({ status: 400, json: { error: { param: 'id' } } })
  })

  it('is one tenant’s own', async () => {
    const [mine, other] = [await isolate(), await isolate()]
    await call(mine, 'PUT', 'ada', PROFILE)
    expect((await call(other, 'GET', 'ada')).status).toBe(404)
    expect((await call(other, 'DELETE', 'ada')).status).toBe(404)
    expect((await call(mine, 'GET', 'ada')).status).toBe(200)
    expect((await call({ ...mine, key: 'slc_x' }, 'GET', 'ada')).status).toBe(401)
  })

  it('is in no row in clear', async () => {
    const at = await isolate()
    await call(at, 'PUT', 'ada', PROFILE)
    const rows = await runInDurableObject(ownedStub<UserObject>(env.USER, at.place, 'ada'), (_, { storage }) =>
      storage.sql.exec('SELECT * FROM profile').toArray(),
    )
    expect(rows).toMatchObject([{ sealed: expect.any(String) }])
    expect(JSON.stringify(rows)).not.toMatch(/canary|plan|vip/)
    expect(JSON.stringify(at.lines)).not.toContain('canary')
  })
})

describe('is refused', () => {
  const big = (chars: number) => ({ attributes: { note: 'x'.repeat(chars) } })

  it.each<[string, unknown, Record<string, string>, object]>([
    ['what is too large', big(PROFILE_BYTES_MAX), {}, { status: 413, code: 'request_too_large' }],
    ['an unknown field', { name: 'Ada' }, {}, { status: 400, param: 'name' }],
    ['a tag that is no text', { tags: ['a', 1] }, {}, { status: 400, param: 'tags[1]' }],
    ['attributes that are no object', { attributes: [] }, {}, { status: 400, param: 'attributes' }],
    ['no object', [], {}, { status: 400, param: null }],
    ['no JSON', '{', {}, { status: 400, param: null }],
    ['what is nested too deep', `{"attributes":{"a":${'['.repeat(80)}${']'.repeat(80)}}}`, {}, { status: 400 }],
    ['another type', '{}', { 'content-type': 'text/plain' }, { status: 415, param: 'content-type' }],
  ])('%s', async (_, body, headers, { status, ...error }: { status?: number } & object) => {
    const at = await isolate()
    expect(await call(at, 'PUT', 'ada', body, headers)).toMatchObject({ status, json: { error } })
    expect(await at.services.users.profile(at.place, 'ada')).toBeNull()
  })

  it('up to its bound it is taken', async () => {
    const at = await isolate()
    const frame = JSON.stringify({ attributes: { note: '' }, tags: [] }).length
    const full = { ...big(PROFILE_BYTES_MAX - frame), tags: [] }
    expect((await call(at, 'PUT', 'ada', full)).status).toBe(201)
    // Its defaults count.
    expect((await call(at, 'PUT', 'ada', big(PROFILE_BYTES_MAX - frame + 5))).status).toBe(413)
  })

  it('another method, and while its object is out of reach', async () => {
    const at = await isolate()
    const wrong = await call(at, 'POST', 'ada', {})
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'GET, HEAD, PUT, DELETE'])
    const users = { ...at.services.users, profile: () => Promise.reject(new Error('far')) }
    const far = await isolate({ services: { users } })
    expect(await call(far, 'GET', 'ada')).toMatchObject({ status: 503, json: { error: { code: 'overloaded' } } })
  })
})
