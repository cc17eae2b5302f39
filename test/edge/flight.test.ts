/** Identical requests in flight: who comes first is answered as always, the others read along, and nobody is lost by it. */
import { describe, expect, it } from 'vitest'
import type { StreamJob, StreamOpened } from '../../src/core/streams/types.ts'
import type { Exchange } from '../../src/edge/exchange.ts'
import { share } from '../../src/edge/flight.ts'
import { commonHeaders } from '../../src/edge/headers.ts'
import { KnownBodies } from '../../src/edge/known-bodies.ts'
import { SKINS } from '../../src/edge/skins.ts'
import { WrittenHeaders } from '../../src/edge/written-headers.ts'
import type { StreamStore } from '../../src/stores/types.ts'
import { entered, requestOf } from '../support/entered.ts'
import { whole } from '../support/wire.ts'
import { CONFIG, type IsolateOptions, upstream } from '../support/worker.ts'

const CHAT = '/v1/chat/completions'
const HEAD = {
  'content-type': 'application/json',
  'x-sluice-target': 'up/m',
  'x-sluice-cost-usd': '0.000092',
  'x-sluice-attempts': '3',
  'x-sluice-cache': 'miss',
}

/** An isolate where a meeting is answered so. */
async function meeting(
  found: Partial<StreamOpened & { kind: 'open' }> | StreamOpened | null,
  options: IsolateOptions = {},
) {
  const jobs: StreamJob[] = []
  let cancelled = 0
  const body = () =>
    new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          controller.enqueue(new TextEncoder().encode('theirs'))
          controller.close()
        },
        cancel: () => void cancelled++,
      },
      { highWaterMark: 0 },
    )
  const streams = {
    async start(job: StreamJob) {
      jobs.push(job)
      if (found === null) throw new Error('down')
      return { kind: 'open', status: 200, headers: HEAD, body: body(), isJoined: true, ...found }
    },
  } as unknown as StreamStore
  const at = await entered({ scripts: [upstream(whole('own'))], ...options, services: { streams } })
  let released = 0
  const client = new AbortController()
  const share_ = (name = 'm', path: keyof typeof SKINS = CHAT, more: Partial<Exchange['request']> = {}) => {
    const request = requestOf('priced', at.clock.now(), more)
    const exchange = {
      skin: SKINS[path],
      entry: at.entry,
      request,
      client,
      headers: commonHeaders(new Headers()),
      release: () => void released++,
      text: null,
    } as unknown as Exchange
    const begun = {
      entry: at.entry,
      identity: request,
      path,
      alias: 'priced',
      sent: new Headers(),
      text: '{}',
      isBase64: false,
    }
    const edge = { ...at, known: new KnownBodies(), written: new WrittenHeaders() } as unknown as Parameters<
      typeof share
    >[0]
    return at.soon(share(edge, exchange, name, begun))
  }
  return { ...at, jobs, client, share: share_, released: () => released, cancelled: () => cancelled }
}

describe('whoever comes first', () => {
  it('is answered as the object answers, and its upstream goes with the last reader', async () => {
    const at = await meeting({ isJoined: false })
    const answered = await at.share()
    expect(await answered.text()).toBe('theirs')
    expect(Object.fromEntries(answered.headers)).toMatchObject({ ...HEAD, 'x-sluice-stream': at.jobs[0]?.id })
    expect(at.jobs).toMatchObject([{ whenDeserted: 'cancel', isBackground: false, webhook: null, digest: null }])
    expect([at.released(), at.calls.length]).toEqual([1, 0])
    // The object records it.
    expect(await at.rows()).toEqual([])
  })
})

describe('whoever comes later', () => {
  it('reads along, and is charged and recorded as a hit is', async () => {
    const at = await meeting({})
    const answered = await at.share()
    expect(await answered.text()).toBe('theirs')
    expect(Object.fromEntries(answered.headers)).toMatchObject({
      'x-sluice-cache': 'coalesced',
      'x-sluice-attempts': '0',
      'x-sluice-queue-ms': '0',
      'x-sluice-cost-usd': '0',
      'x-sluice-target': 'up/m',
    })
    expect([at.released(), at.calls.length]).toEqual([1, 0])
    expect(await at.rows()).toMatchObject([
      { outcome: 'finished', cache: 'coalesced', target: 'up/m', attempts: 0, usage: null, costMicroUsd: 0 },
    ])
  })

  it('and leaves in the middle, is recorded so', async () => {
    const at = await meeting({})
    await (await at.share()).body?.cancel()
    expect(await at.rows()).toMatchObject([{ outcome: 'cancelled', cache: 'coalesced' }])
  })

  it('beyond a limit of their own is refused, and reads nothing', async () => {
    const limits = [{ name: 'rpm', of: 'requests', amount: 1, perSeconds: 60 }] as const
    const at = await meeting({}, { config: { ...CONFIG, limits: [...limits] } })
    await (await at.share()).text()
    const answered = await at.share()
    expect([answered.status, await answered.json()]).toMatchObject([429, { error: { code: 'rate_limit_exceeded' } }])
    expect(answered.headers.get('x-sluice-limited-by')).toBe('rpm')
    expect([at.released(), at.cancelled(), at.calls.length]).toEqual([2, 1, 0])
    await at.settle()
  })
})

describe('is answered by itself', () => {
  it.each([
    ['where the object is out of reach', null],
    ['where the first was refused', { status: 429 }],
    ['where there are too many readers', { kind: 'crowded' }],
    ['where the first has died', { kind: 'dead' }],
  ] as const)('%s', async (_, found) => {
    const at = await meeting(found as StreamOpened)
    expect(await (await at.share()).text()).toBe(whole('own'))
    expect([at.released(), at.calls.length]).toEqual([1, 1])
    expect(at.cancelled()).toBe(found !== null && 'status' in found ? 1 : 0)
    expect(await at.rows()).toMatchObject([{ outcome: 'finished', attempts: 1 }])
  })
})

it('meets whoever asks the same, for an answer of the same bytes', async () => {
  const at = await meeting({ kind: 'dead' })
  const asks = [
    ['m', CHAT, {}],
    ['m', CHAT, {}],
    ['other', CHAT, {}],
    ['m', '/v1/messages', {}],
    ['m', CHAT, { wantsUsage: true }],
    ['m', CHAT, { debug: true }],
  ] as const
  for (const [name, path, more] of asks) await at.share(name, path, more)
  const ids = at.jobs.map(({ id }) => id)
  expect(ids[1]).toBe(ids[0])
  expect(new Set(ids).size).toBe(asks.length - 1)
  for (const id of ids) expect(id).toMatch(/^strm_[0-9a-f]{32}$/)
  await at.settle()
})
