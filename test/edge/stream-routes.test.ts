/** `/v1/streams/{id}` in one isolate: where a reader goes on, how a stream stands, and what is said where nobody can tell. */
import { describe, expect, it } from 'vitest'
import type { StreamOpened, StreamState } from '../../src/core/streams/types.ts'
import { positionIn, stateView } from '../../src/edge/stream-routes.ts'
import type { StreamStore } from '../../src/stores/types.ts'
import { isolate } from '../support/worker.ts'

const ID = 'strm_1'
const STATE: StreamState = {
  id: ID,
  status: 'finished',
  startedAtMs: 1_999,
  endedAtMs: 5_001,
  lastEvent: 7,
  webhook: [],
}
const VIEW = {
  id: ID,
  object: 'stream',
  status: 'finished',
  created_at: 1,
  ended_at: 5,
  last_event: 7,
  webhook: [],
}

/** An isolate whose streams answer so; `asked` is what they were asked. */
async function withStreams(found: { opened?: StreamOpened | null; state?: StreamState | null } | 'down') {
  const asked: unknown[][] = []
  const answering =
    <T>(name: string, answer: T) =>
    (...args: unknown[]): Promise<T> => {
      asked.push([name, ...args])
      return found === 'down' ? Promise.reject(new Error('down')) : Promise.resolve(answer)
    }
  const { opened = null, state = null } = found === 'down' ? {} : found
  const streams = {
    read: answering('read', opened),
    state: answering('state', state),
    cancel: answering('cancel', state),
  } as unknown as StreamStore
  return { ...(await isolate({ services: { streams } })), asked }
}

const open = (): StreamOpened => ({
  kind: 'open',
  status: 200,
  headers: { 'content-type': 'text/event-stream', 'x-ratelimit-limit-requests': '5' },
  body: new Blob(['data: 8\n\n']).stream(),
  isJoined: true,
})
const JSON_ONLY = { accept: 'application/json' }

describe('a stream', () => {
  it('is read on by its own tenant from where its reader was', async () => {
    const at = await withStreams({ opened: open() })
    const reply = await at.get(`/v1/streams/${ID}`, { 'last-event-id': `${ID}:7` })
    expect([reply.status, await reply.text()]).toEqual([200, 'data: 8\n\n'])
    expect(reply.headers.get('content-type')).toBe('text/event-stream')
    expect(reply.headers.get('x-sluice-stream')).toBe(ID)
    expect(reply.headers.get('x-ratelimit-limit-requests')).toBeNull()
    expect(at.asked).toEqual([['read', at.place, ID, 7]])
    await (await at.get(`/v1/streams/${ID}?starting_after=3`)).body?.cancel()
    expect(at.asked[1]).toEqual(['read', at.place, ID, 3])
  })

  it('tells how it stands, asked for JSON and nothing else', async () => {
    const at = await withStreams({ opened: open(), state: STATE })
    expect(await (await at.get(`/v1/streams/${ID}`, JSON_ONLY)).json()).toEqual(VIEW)
    const both = await at.get(`/v1/streams/${ID}`, { accept: 'text/event-stream, application/json' })
    expect(await both.text()).toBe('data: 8\n\n')
  })

  it('is stopped', async () => {
    const at = await withStreams({ state: { ...STATE, status: 'cancelled' } })
    expect(await (await at.post(`/v1/streams/${ID}/cancel`, {})).json()).toEqual({ ...VIEW, status: 'cancelled' })
    expect(at.asked).toEqual([['cancel', at.place, ID]])
  })

  it.each([
    ['there is none', {}, 404, 'not_found'],
    ['nobody can tell', 'down', 503, 'overloaded'],
  ] as const)('that is said where %s', async (_, found, status, code) => {
    const at = await withStreams(found)
    for (const reply of [
      await at.get(`/v1/streams/${ID}`),
      await at.get(`/v1/streams/${ID}`, JSON_ONLY),
      await at.post(`/v1/streams/${ID}/cancel`, {}),
    ])
      expect([reply.status, await reply.json()]).toMatchObject([status, { error: { code } }])
  })

  it('is nothing to whoever has no key, and from no place that is none', async () => {
    const at = await withStreams({ opened: open(), state: STATE })
    expect((await at.fetch(`/v1/streams/${ID}`)).status).toBe(401)
    expect((await at.fetch(`/v1/streams/${ID}/cancel`, { method: 'POST' })).status).toBe(401)
    const misplaced = await at.get(`/v1/streams/${ID}?starting_after=x`)
    expect([misplaced.status, await misplaced.json()]).toMatchObject([400, { error: { param: 'starting_after' } }])
    expect(at.asked).toEqual([])
  })
})

it.each([
  ['', {}, -1],
  ['?starting_after=4', {}, 4],
  ['?starting_after=strm_1:4', {}, 4],
  ['', { 'last-event-id': 'strm_1:9' }, 9],
  ['?starting_after=4', { 'last-event-id': 'strm_1:9' }, 4],
  ['?starting_after=-1', {}, { param: 'starting_after' }],
  ['', { 'last-event-id': 'strm_2:9' }, { param: 'last-event-id' }],
])('%s with %j is after %j', (query, headers, expected) => {
  const position = positionIn(new URL(`https://sluice.test/v1/streams/strm_1${query}`), new Headers(headers), ID)
  if (typeof expected === 'number') expect(position).toBe(expected)
  else expect(position).toMatchObject({ code: 'invalid_request', ...expected })
})

it('what has not ended has no end', () =>
  expect(stateView({ ...STATE, status: 'running', endedAtMs: null, lastEvent: null })).toMatchObject({
    ended_at: null,
    last_event: null,
  }))
