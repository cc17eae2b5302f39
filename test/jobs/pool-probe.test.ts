/** One look at a replica: what is asked, with which secrets, and what is made of whatever comes back. */
import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { configSchema, type ReplicaConfig } from '../../src/core/config.ts'
import { POOL_HEALTH_MS, POOL_METRICS_BYTES_MAX, POOL_METRICS_MS } from '../../src/core/pool/probe-limits.ts'
import { OPERATOR, type SealedRecord } from '../../src/core/sealed.ts'
import { poolProber } from '../../src/jobs/pool-probe.ts'
import { toBase64 } from '../../src/lib/hash.ts'
import { USER_AGENT } from '../../src/lib/version.ts'
import type { Services } from '../../src/services.ts'
import { createVault } from '../../src/vault/vault.ts'
import { manualClock } from '../support/manual-clock.ts'

const CANARY = 'sk-canary-0123456789'
const A = { id: 'a', url: 'https://gpu-a.example.com:8443/engine/v1' }
const ENGINE = readFileSync('test/fixtures/metrics/vllm-0.10.txt', 'utf8')
const GPUS = readFileSync('test/fixtures/metrics/dcgm.txt', 'utf8')
const masterKey = toBase64(new Uint8Array(32).fill(7))

interface Sent {
  readonly url: string
  readonly through: string | null
  readonly headers: Readonly<Record<string, string>>
  readonly init: RequestInit
}
type Answer = (signal: AbortSignal) => Response | Promise<Response>

/** A pool of the replicas, and a network in the test's hand: path → what it answers. */
async function world() {
  const clock = manualClock()
  const vault = createVault({ masterKey, clock })
  const credentials: Record<string, SealedRecord> = {}
  for (const name of ['main', 'access']) credentials[name] = await vault.seal(OPERATOR, name, 1, `${CANARY}-${name}`)
  const state = {
    pool: { credential: 'main', headers: { 'CF-Access-Id': { credential: 'access' }, 'x-plain': 'p' } } as object,
    health: {} as object,
    credentials,
    bindings: ['GPU_VPC'],
    isReachable: true,
    answers: { '/health': () => new Response('fine') } as Record<string, Answer>,
  }
  const sent: Sent[] = []
  const fetcher = (through: string | null) => ({
    async fetch(url: string, init: RequestInit) {
      sent.push({ url, through, headers: init.headers as Record<string, string>, init })
      const { pathname } = new URL(url)
      return state.answers[pathname]?.(init.signal as AbortSignal) ?? new Response('no such page', { status: 404 })
    },
  })
  vi.stubGlobal('fetch', (url: string, init: RequestInit) => fetcher(null).fetch(url, init))
  const tools = {
    clock,
    vault,
    binding: (name: string) => (state.bindings.includes(name) ? fetcher(name) : undefined),
    deployment: {
      async get() {
        if (!state.isReachable) throw new Error('out of reach')
        const pool = { ...state.pool, replicas: [A], health: state.health }
        const config = configSchema.parse({ providers: { gpu: { protocol: 'openai', pool } } })
        return { config, credentials: state.credentials }
      },
    },
  } as unknown as Services
  const probe = async (replica: Partial<ReplicaConfig> = {}, pool = 'gpu') => {
    const found = await poolProber(tools).probe(pool, { ...A, state: 'active', ...replica })
    expect(JSON.stringify(found)).not.toContain('canary')
    expect(clock.timers).toBe(0)
    return found
  }
  return { clock, state, sent, probe }
}

let at: Awaited<ReturnType<typeof world>>
beforeEach(async () => {
  at = await world()
})
afterEach(() => {
  vi.unstubAllGlobals()
})

const WELL = { isHealthy: true, metrics: null }
const ILL = { isHealthy: false, metrics: null }
const NOTHING_LEARNT = { isHealthy: null, metrics: null }

it('asks the root of the host, with what the pool’s requests carry, and nothing else', async () => {
  expect(await at.probe()).toEqual(WELL)
  expect(at.sent.map(({ url, through }) => [url, through])).toEqual([['https://gpu-a.example.com:8443/health', null]])
  expect(at.sent[0]?.init).toMatchObject({ method: 'GET', redirect: 'manual' })
  expect(at.sent[0]?.init.body).toBeUndefined()
  expect(at.sent[0]?.headers).toEqual({
    accept: '*/*',
    'user-agent': USER_AGENT,
    authorization: `Bearer ${CANARY}-main`,
    'cf-access-id': `${CANARY}-access`,
    'x-plain': 'p',
  })
})

it('sends no authorization where the pool has none, and a header of that name where it has one', async () => {
  at.state.pool = {}
  await at.probe()
  at.state.pool = { credential: 'main', headers: { Authorization: 'Basic x' } }
  await at.probe()
  expect(at.sent.map(({ headers }) => headers.authorization)).toEqual([undefined, 'Basic x'])
})

it('keeps to the replica’s host whatever the path is', async () => {
  at.state.health = { path: '//elsewhere.example.com/x' }
  await at.probe()
  expect(at.sent.map(({ url }) => new URL(url).host)).toEqual(['gpu-a.example.com:8443'])
})

it('goes through the replica’s binding, and nowhere without it', async () => {
  expect(await at.probe({ url: 'http://10.0.0.2:8000/v1', binding: 'GPU_VPC' })).toEqual(WELL)
  expect(at.sent.map(({ url, through }) => [url, through])).toEqual([['http://10.0.0.2:8000/health', 'GPU_VPC']])
  expect(await at.probe({ binding: 'ABSENT' })).toEqual(ILL)
  expect(at.sent).toHaveLength(1)
})

it.each([
  [200, WELL],
  [204, WELL],
  [307, ILL],
  [401, ILL],
  [404, ILL],
  [503, ILL],
])('%i', async (status, found) => {
  at.state.answers['/health'] = () => new Response(null, { status, headers: { location: 'http://elsewhere/' } })
  expect(await at.probe()).toEqual(found)
})

it('reads nothing of what the health page says', async () => {
  const cancel = vi.fn()
  const endless = new ReadableStream({ pull: () => new Promise(() => {}), cancel })
  at.state.answers['/health'] = () => new Response(endless)
  expect(await at.probe()).toEqual(WELL)
  expect(cancel).toHaveBeenCalledOnce()
})

it('finds ill what cannot be reached, whatever the failure says', async () => {
  at.state.answers['/health'] = () => Promise.reject(new TypeError(`Invalid header value ${CANARY}`))
  expect(await at.probe()).toEqual(ILL)
})

it('gives up at the deadline, whether the call can be stopped or not', async () => {
  let signal: AbortSignal | undefined
  at.state.answers['/health'] = (given) => {
    signal = given
    return new Promise(() => {})
  }
  const found = at.probe()
  await vi.waitFor(() => expect(at.clock.timers).toBe(1))
  await at.clock.advance(POOL_HEALTH_MS - 1)
  expect(signal?.aborted).toBe(false)
  await at.clock.advance(1)
  expect(await found).toEqual(ILL)
  expect(signal?.aborted).toBe(true)
})

it.each([
  ['the config is out of reach', () => (at.state.isReachable = false)],
  ['a credential is missing', () => delete at.state.credentials.access],
  [
    'a credential does not open',
    () => (at.state.credentials.main = { ...(at.state.credentials.main as SealedRecord), iv: 'AAAAAAAAAAAAAAAA' }),
  ],
])('learns nothing of a replica where %s', async (_, arrange) => {
  arrange()
  expect(await at.probe()).toEqual(NOTHING_LEARNT)
  expect(at.sent).toEqual([])
})

it('learns nothing of a pool that is gone', async () => {
  expect(await at.probe({}, 'other')).toEqual(NOTHING_LEARNT)
})

it('reads the engine’s page where it is named, one page after the other', async () => {
  at.state.health = { metrics: '/metrics' }
  at.state.answers['/metrics'] = () => new Response(ENGINE)
  at.state.answers['/dcgm'] = () => new Response(GPUS)
  const gpuMetricsUrl = 'https://dcgm.example.com/dcgm'
  expect(await at.probe({ gpuMetricsUrl })).toEqual({
    isHealthy: true,
    metrics: {
      running: 1,
      waiting: 2,
      kvUsage: 9.75010481363281e-6,
      prefixQueries: 32,
      prefixHits: 8,
      prefixHitShare: 0.25,
      gpuUtilisation: 0.6,
      readAtMs: at.clock.now(),
    },
  })
  const [, engine, gpus] = at.sent
  expect(at.sent.map(({ url }) => url)).toEqual([
    'https://gpu-a.example.com:8443/health',
    'https://gpu-a.example.com:8443/metrics',
    gpuMetricsUrl,
  ])
  expect(engine?.headers).toMatchObject({ accept: 'text/plain;version=0.0.4', authorization: `Bearer ${CANARY}-main` })
  // The exporter is behind the same tunnel; the engine's key is none of its business.
  expect(gpus?.headers).toMatchObject({ 'cf-access-id': `${CANARY}-access` })
  expect(gpus?.headers).not.toHaveProperty('authorization')
})

it('asks an ill replica for no metrics', async () => {
  at.state.health = { metrics: '/metrics' }
  at.state.answers = {}
  expect(await at.probe()).toEqual(ILL)
  expect(at.sent).toHaveLength(1)
})

it.each([
  ['is not there', () => new Response(ENGINE, { status: 500 })],
  ['is no such page', () => new Response('<html>')],
  ['redirects', () => new Response(null, { status: 302 })],
  ['breaks', () => new Response(new ReadableStream({ pull: (controller) => controller.error(new Error('cut')) }))],
  ['is endless', () => new Response(new ReadableStream({ pull: (c) => c.enqueue(new Uint8Array(65_536).fill(0x0a)) }))],
  ['is too long', () => new Response(`${ENGINE}${'\n'.repeat(POOL_METRICS_BYTES_MAX)}`)],
])('is well without metrics where their page %s', async (_, answer) => {
  at.state.health = { metrics: '/metrics' }
  at.state.answers['/metrics'] = answer
  expect(await at.probe()).toEqual(WELL)
})

it('waits no longer for each page of metrics than it may, and keeps what it has', async () => {
  at.state.health = { metrics: '/metrics' }
  at.state.answers['/metrics'] = () => new Response(ENGINE)
  at.state.answers['/dcgm'] = () => new Response(new ReadableStream({ pull: () => new Promise(() => {}) }))
  const found = at.probe({ gpuMetricsUrl: 'https://dcgm.example.com/dcgm' })
  await vi.waitFor(() => expect(at.sent).toHaveLength(3))
  await at.clock.advance(POOL_METRICS_MS)
  expect(await found).toMatchObject({ isHealthy: true, metrics: { running: 1, gpuUtilisation: null } })
})
