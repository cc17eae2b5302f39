/** The models of a key: only what it may call, and no hint of the rest. */
import { expect, it } from 'vitest'
import { isolate } from '../support/worker.ts'

const target = { targets: [{ provider: 'up', model: 'm' }] }
const CONFIG = {
  providers: { up: { protocol: 'openai', baseUrl: 'https://up.test/v1' } },
  models: { open: target, 'org/large:v2': target, secret: target, '50%': target },
}
const model = (id: string) => ({ id, object: 'model', created: 0, owned_by: 'sluice' })

it('lists what the key and its tenant may both call', async () => {
  const all = await isolate({ config: CONFIG })
  const reply = await all.get('/v1/models', { 'x-request-id': 'mine' })
  expect(reply.status).toBe(200)
  expect(reply.headers.get('content-type')).toContain('application/json')
  expect(reply.headers.get('x-client-request-id')).toBe('mine')
  const list = (await reply.json()) as { object: string; data: { id: string }[] }
  expect(list.object).toBe('list')
  expect(list.data.map(({ id }) => id).sort()).toEqual(['50%', 'open', 'org/large:v2', 'secret'])
  expect(list.data.find(({ id }) => id === 'open')).toEqual(model('open'))

  const narrow = await isolate({ config: CONFIG, tenant: { models: ['o*'] }, key: { models: ['*pen', 'secret'] } })
  expect(await (await narrow.get('/v1/models')).json()).toEqual({ object: 'list', data: [model('open')] })
  const none = await isolate({ config: CONFIG, key: { models: [] } })
  expect(await (await none.get('/v1/models')).json()).toEqual({ object: 'list', data: [] })
})

it('shows one, whatever its name has in it', async () => {
  const at = await isolate({ config: CONFIG })
  for (const [path, id] of [
    ['open', 'open'],
    ['org/large:v2', 'org/large:v2'],
    ['org%2Flarge%3Av2', 'org/large:v2'],
    ['50%25', '50%'],
  ] as const) {
    const reply = await at.get(`/v1/models/${path}`, { 'x-request-id': 'mine' })
    expect(reply.status, path).toBe(200)
    expect(reply.headers.get('x-client-request-id')).toBe('mine')
    expect(await reply.json()).toEqual(model(id))
  }
})

it('answers for one that the key may not call as for one that is not there', async () => {
  const at = await isolate({ config: CONFIG, key: { models: ['open'] } })
  const text = async (id: string) => {
    const reply = await at.get(`/v1/models/${id}`)
    expect(reply.status).toBe(404)
    return (await reply.text()).replaceAll(id, 'ID')
  }
  const absent = await text('absent')
  expect(JSON.parse(absent)).toMatchObject({
    error: { code: 'model_not_found', type: 'invalid_request_error', param: 'model' },
  })
  expect(await text('secret')).toBe(absent)
})

it('answers for a name that cannot be decoded as for any that is not there', async () => {
  const at = await isolate({ config: CONFIG })
  for (const id of ['%', '%zz', '%ff']) {
    const reply = await at.get(`/v1/models/${id}`)
    expect(reply.status, id).toBe(404)
    expect(await reply.json()).toMatchObject({ error: { code: 'model_not_found' } })
  }
  expect(at.lines).toEqual([])
})

it('wants a key for both', async () => {
  const at = await isolate({ config: CONFIG })
  for (const path of ['/v1/models', '/v1/models/open']) {
    const reply = await at.fetch(path, { headers: { authorization: 'Bearer slc_no', 'x-request-id': 'mine' } })
    expect(reply.status).toBe(401)
    expect(reply.headers.get('x-client-request-id')).toBe('mine')
    expect(await reply.json()).toMatchObject({ error: { code: 'invalid_api_key' } })
  }
})

it('keeps no row of it: nothing was asked of a model', async () => {
  const at = await isolate({ config: CONFIG })
  await at.get('/v1/models')
  await at.get('/v1/models/absent')
  expect(await at.rows()).toEqual([])
})
