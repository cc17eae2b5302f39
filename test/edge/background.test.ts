/** Runs in the background: what can be one, and how it is told of before, while and after it is made. */
import { describe, expect, it } from 'vitest'
import { enter } from '../../src/authenticate/enter.ts'
import type { StreamJob, StreamOpened, StreamState } from '../../src/core/streams/types.ts'
import {
  backgroundFault,
  begunResponse,
  inBackground,
  keepEnded,
  keepQueued,
  keepRefused,
  launched,
  queuedResponse,
  runningResponses,
} from '../../src/edge/background.ts'
import type { Exchange, Lasting } from '../../src/edge/exchange.ts'
import { putKept, readKept } from '../../src/edge/kept/record.ts'
import { SKINS } from '../../src/edge/skins.ts'
import type { StreamStore } from '../../src/stores/types.ts'
import { requestOf } from '../support/path.ts'
import { isolate } from '../support/worker.ts'

const native = {
  form: 'responses',
  body: { model: 'plain', input: 'hi', metadata: { a: 'b' } },
  headers: {},
  dropped: [],
} as const

const ID = 'resp_abc'

async function exchangeOf(more: Parameters<typeof requestOf>[0] = {}, from = isolate()): Promise<Exchange> {
  const at = await from
  const entry = await enter(at.services, at.guard, { authorization: `Bearer ${at.key}`, apiKey: null })
  if (entry.kind === 'refused') throw new Error(entry.refusal.message)
  const request = requestOf({ alias: 'plain', native, ...more })
  const headers = { 'x-request-id': 'r' }
  return { skin: SKINS['/v1/responses'], entry, request, headers, headingId: 'abc' } as unknown as Exchange
}
const lasting = { store: true } as Lasting

describe('what is refused at once', () => {
  it.each([
    ['what is not to be kept', {}, { store: false }, 'store'],
    ['an unknown model', { alias: 'nobody' }, {}, 'model'],
    [
      'what only its own protocol can say',
      { native: { ...native, unsayable: { param: 'tools[0]', message: 'No.' } } },
      {},
      'tools[0]',
    ],
  ] as const)('%s', async (_, request, more, param) => {
    expect(backgroundFault(await exchangeOf(request), { ...lasting, ...more })).toMatchObject({ param })
  })

  it('nothing else', async () => expect(backgroundFault(await exchangeOf(), lasting)).toBeNull())
})

it('is answered as a stream, in no protocol of its own', () => {
  const request = inBackground(requestOf({ native, stream: false }))
  expect(request).toMatchObject({ stream: true, wantsUsage: true, body: { stream: true } })
  expect(request.native?.isTranslated).toBe(true)
})

it('is told of at once, under its id', async () =>
  expect(queuedResponse(await exchangeOf())).toMatchObject({
    id: 'resp_abc',
    object: 'response',
    status: 'queued',
    background: true,
    model: 'plain',
    metadata: { a: 'b' },
    output: [],
  }))

it.each([
  ['running', null, 'queued'],
  ['running', 3, 'in_progress'],
  ['finished', 3, 'failed'],
  ['cancelled', 3, 'cancelled'],
  ['failed', null, 'failed'],
  ['interrupted', 3, 'failed'],
] as const)('a stream that is %s after event %s makes it %s', (status, lastEvent, expected) => {
  const state = { id: 'resp_abc', status, lastEvent, startedAtMs: 0, endedAtMs: null, webhook: [] }
  expect(begunResponse({ id: 'resp_abc', status: 'queued' }, state)).toMatchObject({ status: expected })
})

/** An isolate whose streams answer so. */
async function edgeWith(streams: Partial<StreamStore> = {}) {
  const at = await isolate({ services: { streams: streams as StreamStore } })
  const exchange = await exchangeOf({}, Promise.resolve(at))
  const edge = at as unknown as Parameters<typeof launched>[0]
  const kept = async () => (await readKept(at.services, exchange.entry.caller, ID, ['response']))?.response ?? null
  const keep = (response: object) =>
    putKept(at.services, exchange.entry.caller, ID, { response: { id: ID, ...response }, input: [], context: [] })
  return { ...at, edge, exchange, kept, keep, running: runningResponses(edge) }
}
const stateOf = (status: StreamState['status'], lastEvent: number | null = null): StreamState => ({
  id: ID,
  status,
  lastEvent,
  startedAtMs: 0,
  endedAtMs: null,
  webhook: [],
})

describe('launched', () => {
  const job = { id: ID, headingId: 'abc' } as StreamJob

  it('is kept before it runs, and told where it will be', async () => {
    const order: unknown[] = []
    const at = await edgeWith({
      async launch(asked) {
        order.push(asked.id, (await at.kept())?.status)
        return true
      },
    })
    const reply = await launched(at.edge, job, at.exchange, { ...lasting, previousResponseId: 'resp_before' })
    expect(order).toEqual([ID, 'queued'])
    expect(Object.fromEntries(reply.headers)).toMatchObject({ 'x-sluice-model': 'plain', 'x-sluice-stream': ID })
    expect(await reply.json()).toMatchObject({ id: ID, status: 'queued', previous_response_id: 'resp_before' })
    await at.settle()
  })

  it.each([
    ['another request has its key', () => Promise.resolve(false), 409, 'idempotency_conflict'],
    ['nobody can be reached', () => Promise.reject(new Error('down')), 503, 'overloaded'],
  ] as const)('where %s it is refused', async (_, launch, status, code) => {
    const at = await edgeWith({ launch })
    const reply = await launched(at.edge, job, at.exchange, lasting)
    expect([reply.status, await reply.json()]).toMatchObject([status, { error: { code } }])
    await at.settle()
  })

  it('where it cannot be kept it is refused, and does not run', async () => {
    const at = await edgeWith({ launch: () => Promise.reject(new Error('it is launched')) })
    at.services.responses.put = () => Promise.reject(new Error('down'))
    expect((await launched(at.edge, job, at.exchange, lasting)).status).toBe(503)
    await at.settle()
  })
})

it('under an idempotency key stays as its first request made it, and without one is new', async () => {
  const at = await edgeWith({ state: async () => stateOf('running', 4) })
  const keyed = { ...lasting, idempotencyKey: 'k' }
  expect(await keepQueued(at.edge, at.exchange, keyed)).toMatchObject({ id: ID, status: 'queued' })
  expect(await keepQueued(at.edge, at.exchange, keyed)).toMatchObject({ id: ID, status: 'in_progress' })
  await at.keep({ status: 'completed', output: ['o'] })
  expect(await keepQueued(at.edge, at.exchange, keyed)).toMatchObject({ status: 'completed', output: ['o'] })
  expect(await at.kept()).toMatchObject({ status: 'completed' })
  expect(await keepQueued(at.edge, at.exchange, lasting)).toMatchObject({ status: 'queued' })
  expect(await at.kept()).toMatchObject({ status: 'queued' })
  await at.settle()
})

describe('without an answer', () => {
  it('is kept as what it came to', async () => {
    const at = await edgeWith()
    await keepEnded(at.edge, at.exchange, 'cancelled')
    expect(await at.kept()).toMatchObject({ id: ID, status: 'cancelled', error: null, background: true })
    await keepEnded(at.edge, at.exchange, 'failed')
    expect(await at.kept()).toMatchObject({ status: 'failed', error: { code: 'server_error' }, output: [] })
    await at.settle()
  })

  it('is kept with why it was refused, and a refusal that cannot be kept is one all the same', async () => {
    const at = await edgeWith()
    const body = { error: { code: 'overloaded', message: 'Later.', type: 't', param: null } }
    const refused = () => Response.json(body, { status: 503, headers: { 'retry-after': '1' } })
    const reply = await keepRefused(at.edge, at.exchange, refused())
    expect([reply.status, reply.headers.get('retry-after'), await reply.json()]).toEqual([503, '1', body])
    expect(await at.kept()).toMatchObject({ status: 'failed', error: { code: 'overloaded', message: 'Later.' } })
    at.services.responses.put = () => Promise.reject(new TypeError('down'))
    expect((await keepRefused(at.edge, at.exchange, refused())).status).toBe(503)
    expect(at.lines).toContainEqual({ level: 'error', event: 'answer-not-kept', error: 'TypeError' })
    await at.settle()
  })
})

describe('while it runs', () => {
  it('is read from its stream, after an event or from the first', async () => {
    const asked: unknown[] = []
    const opened = (): StreamOpened => ({
      kind: 'open',
      status: 200,
      headers: {},
      body: new Blob(['e']).stream(),
      isJoined: true,
    })
    const at = await edgeWith({
      async read(_, id, after) {
        asked.push([id, after])
        return id === ID ? opened() : null
      },
    })
    const headers = { 'x-request-id': 'r' }
    for (const after of [null, 7]) {
      const reply = await at.running.stream(at.exchange.entry, ID, after, headers)
      expect([reply?.headers.get('x-sluice-stream'), await reply?.text()]).toEqual([ID, 'e'])
    }
    expect(await at.running.stream(at.exchange.entry, 'resp_other', null, headers)).toBeNull()
    expect(asked).toEqual([
      [ID, -1],
      [ID, 7],
      ['resp_other', -1],
    ])
  })

  it('is told as its stream stands, until there is something kept', async () => {
    const at = await edgeWith({ state: async () => stateOf('running', 4) })
    const { entry } = at.exchange
    expect(await at.running.now(entry, ID, { id: ID, status: 'queued' })).toMatchObject({ status: 'in_progress' })
    const completed = { id: ID, status: 'completed' }
    expect(await at.running.now(entry, ID, completed)).toBe(completed)
  })

  it('is cancelled once: what has ended stays as it is, and what there is not is nothing', async () => {
    let state: StreamState | null = stateOf('cancelled')
    const at = await edgeWith({ cancel: async () => state })
    const { entry } = at.exchange
    expect(await at.running.cancel(entry, ID)).toBeNull()
    await at.keep({ status: 'queued' })
    expect(await at.running.cancel(entry, ID)).toEqual({ id: ID, status: 'cancelled' })
    await at.keep({ status: 'completed' })
    expect(await at.running.cancel(entry, ID)).toEqual({ id: ID, status: 'completed' })
    state = null
    expect(await at.running.cancel(entry, ID)).toBeNull()
    await at.settle()
  })
})
