/** `/v1/responses/{id}` where something runs in the background, and where what keeps responses is out of reach. */
import { Hono } from 'hono'
import { describe, expect, it } from 'vitest'
import { BodyBudget } from '../../../src/edge/body.ts'
import { putKept } from '../../../src/edge/kept/record.ts'
import { type Running, responseRoutes } from '../../../src/edge/kept/routes.ts'
import { KnownBodies } from '../../../src/edge/known-bodies.ts'
import { WrittenHeaders } from '../../../src/edge/written-headers.ts'
import { entered } from '../../support/entered.ts'

const LIVE = 'resp_live'
const running: Running = {
  stream: async (_, id, after, headers) => (id === LIVE ? new Response(`from ${after}`, { headers }) : null),
  cancel: async (_, id) => (id === LIVE ? { id, status: 'cancelled' } : null),
  now: async (_, __, response) => response,
  forget: async () => {},
}

async function setUp(runs: Running | null = running) {
  const at = await entered()
  const edge = { ...at, bodies: new BodyBudget(at.clock), known: new KnownBodies(), written: new WrittenHeaders() }
  const app = new Hono()
  const routes = responseRoutes(edge, runs)
  app.get('/v1/responses/:id', routes.retrieve)
  app.delete('/v1/responses/:id', routes.remove)
  app.get('/v1/responses/:id/input_items', routes.inputItems)
  app.post('/v1/responses/:id/cancel', routes.cancel)
  const ask = async (path: string, method = 'GET', key = at.key) => {
    const reply = await app.request(`https://sluice.test/v1/responses/${path}`, {
      method,
      headers: { authorization: `Bearer ${key}` },
    })
    const text = await reply.text()
    return { status: reply.status, headers: reply.headers, text, json: text.startsWith('{') ? JSON.parse(text) : null }
  }
  const keep = (id: string, more: object = {}) =>
    putKept(at.services, at.entry.caller, id, {
      response: { id, status: 'completed', ...more },
      input: [{ id: 'msg_a' }, { id: 'msg_b' }],
      context: [],
    })
  return { ...at, ask, keep }
}

describe('a response that runs', () => {
  it('is streamed from where its reader is, and cancelled', async () => {
    const { ask } = await setUp()
    expect(await ask(`${LIVE}?stream=true&starting_after=7`)).toMatchObject({ status: 200, text: 'from 7' })
    expect(await ask(`${LIVE}?stream=true`)).toMatchObject({ text: 'from null' })
    expect(await ask(`${LIVE}/cancel`, 'POST')).toMatchObject({ status: 200, json: { status: 'cancelled' } })
    expect((await ask(`${LIVE}?stream=true&starting_after=x`)).json).toMatchObject({
      error: { param: 'starting_after' },
    })
  })
})

describe('one that has ended', () => {
  it('stays as it is when it is cancelled, if it ran in the background', async () => {
    const { ask, keep, settle } = await setUp()
    await keep('resp_1', { background: true })
    await keep('resp_2', { background: false })
    expect(await ask('resp_1/cancel', 'POST')).toMatchObject({ status: 200, json: { status: 'completed' } })
    expect(await ask('resp_2/cancel', 'POST')).toMatchObject({ status: 400 })
    expect((await ask('resp_1?stream=true')).json).toMatchObject({ error: { param: 'stream' } })
    await settle()
  })

  it('is had, listed and deleted, once', async () => {
    const { ask, keep, settle } = await setUp(null)
    await keep('resp_1')
    const reply = await ask('resp_1')
    expect(reply).toMatchObject({ status: 200, json: { id: 'resp_1', status: 'completed' } })
    expect(reply.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
    expect((await ask('resp_1/input_items?order=asc&limit=1')).json).toEqual({
      object: 'list',
      data: [{ id: 'msg_a' }],
      first_id: 'msg_a',
      last_id: 'msg_a',
      has_more: true,
    })
    expect((await ask('resp_1/input_items?after=msg_b')).json).toMatchObject({
      data: [{ id: 'msg_a' }],
      has_more: false,
    })
    expect((await ask('resp_1/input_items?after=msg_a')).json).toMatchObject({
      data: [],
      first_id: null,
      last_id: null,
    })
    for (const [query, param] of [
      ['limit=0', 'limit'],
      ['limit=x', 'limit'],
      ['order=up', 'order'],
      ['after=no', 'after'],
    ])
      expect((await ask(`resp_1/input_items?${query}`)).json).toMatchObject({ error: { param } })
    expect((await ask('resp_1', 'DELETE')).json).toEqual({ id: 'resp_1', object: 'response', deleted: true })
    for (const [path, method] of [
      ['resp_1', 'DELETE'],
      ['resp_1', 'GET'],
      ['resp_1/input_items', 'GET'],
      ['resp_1/cancel', 'POST'],
    ] as const)
      expect(await ask(path, method)).toMatchObject({
        status: 404,
        json: { error: { code: 'not_found', param: null } },
      })
    await settle()
  })
})

it('lets nobody in without a key, and says when it cannot tell', async () => {
  const { ask, services } = await setUp(null)
  expect(await ask('resp_1', 'GET', 'slc_nonsense')).toMatchObject({ status: 401 })
  services.responses.get = () => Promise.reject(new Error('down'))
  expect(await ask('resp_1')).toMatchObject({ status: 503, json: { error: { code: 'overloaded' } } })
})
