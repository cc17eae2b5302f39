/** Faults of config documents: each by its path, all at once. */
import { describe, expect, it } from 'vitest'
import type { ConfigDocument } from '../../src/core/config.ts'
import { checkConfig, missingCredentials, usesOfCredential } from '../../src/core/config-faults.ts'

const CONTEXT = {
  credentials: new Set(['gpu-token', 'openai-main']),
  protocols: ['openai', 'anthropic'],
  allowPrivate: false,
}

const good = {
  providers: {
    gpu: {
      protocol: 'openai',
      pool: {
        replicas: [
          { id: 'a', url: 'https://gpu-a.example.com/v1' },
          { id: 'b', url: 'http://10.0.0.2:8000/v1', binding: 'GPU_VPC' },
        ],
        credential: 'gpu-token',
        headers: { 'x-plain': 'text', 'CF-Access-Client-Id': { credential: 'gpu-token' } },
      },
    },
    openai: { protocol: 'openai', baseUrl: 'https://api.openai.com/v1', credential: 'openai-main' },
    anthropic: { protocol: 'anthropic' },
  },
  models: {
    chat: { targets: [{ provider: 'gpu', model: 'llama' }] },
    'embed/small': { targets: [{ provider: 'openai', model: 'e' }] },
  },
  embedder: { model: 'embed/small' },
  limits: [{ name: 'rpm', of: 'requests', amount: 600, perSeconds: 60, scope: 'tenant' }],
  cors: { origins: ['https://app.example.com', 'http://localhost:3000'] },
} satisfies ConfigDocument

const check = (document: unknown, more: Partial<typeof CONTEXT> = {}) => checkConfig(document, { ...CONTEXT, ...more })
const faultsOf = (document: unknown, more: Partial<typeof CONTEXT> = {}) => {
  const checked = check(document, more)
  return checked.ok ? [] : checked.faults
}
const paths = (document: unknown, more: Partial<typeof CONTEXT> = {}) =>
  faultsOf(document, more)
    .map(({ path }) => path)
    .sort()

describe('checkConfig', () => {
  it('takes a good document and fills in its defaults', () => {
    const checked = check(good)
    if (!checked.ok) return expect.fail(JSON.stringify(checked.faults))
    expect(checked.config.providers.gpu?.pool?.health).toEqual({ path: '/health', intervalMs: 5000 })
    expect(checked.config.models.chat?.strategy).toBe('fallback')
  })

  it('takes the empty document', () => {
    expect(check({}).ok).toBe(true)
  })

  it('takes a pool without replicas only where workers may dial in', () => {
    const pool = (pool: object) => ({ providers: { gpu: { protocol: 'openai', pool } } })
    const checked = check(pool({ workers: true }))
    expect(checked.ok && checked.config.providers.gpu?.pool).toMatchObject({ replicas: [], workers: true })
    for (const without of [{}, { replicas: [] }, { replicas: [], workers: false }])
      expect(paths(pool(without))).toEqual(['/providers/gpu/pool/replicas'])
    expect(paths(pool({ workers: 'yes' }))).toContain('/providers/gpu/pool/workers')
  })

  it('lists every fault, those of the schema and those between its parts', () => {
    const bad = {
      providers: {
        gpu: {
          protocol: 'openai',
          pool: {
            replicas: [
              { id: 'a', url: 'https://10.0.0.1/v1', speed: 1 },
              { id: 'a', url: 'ftp://gpu.example.com' },
            ],
            credential: 'missing-1',
            headers: { 'x-id': { credential: 'missing-2' } },
          },
        },
        both: { protocol: 'openai', baseUrl: 'https://api.example.com/v1', pool: good.providers.gpu.pool },
        neither: { protocol: 'openai', credential: 'missing-3' },
        odd: { protocol: 'smoke-signals', pool: good.providers.gpu.pool },
      },
      models: {
        empty: { targets: [] },
        'a/b~c': { targets: [{ provider: 'nobody', model: 'm' }], strategy: 'luck' },
        judged: {
          targets: [{ provider: 'gpu', model: 'm' }],
          cache: { semantic: { enabled: true, judge: { model: 'nobody' } }, knowledgeVersion: 'a b' },
        },
      },
      embedder: { model: 'nothing' },
      sessions: { summary: { model: 'nobody' } },
      limits: [
        { name: 'x', of: 'requests', amount: 1, perSeconds: 60 },
        { name: 'x', amount: 1, per: 'day', perSeconds: 1 },
      ],
      cors: { origins: ['app.example.com'] },
      surprise: true,
    }
    expect(paths(bad)).toEqual(
      [
        '/surprise',
        '/providers/gpu/pool/replicas/0/speed',
        '/providers/gpu/pool/replicas/0/url',
        '/providers/gpu/pool/replicas/1/id',
        '/providers/gpu/pool/replicas/1/url',
        '/providers/gpu/pool/credential',
        '/providers/gpu/pool/headers/x-id/credential',
        '/providers/both',
        '/providers/neither',
        '/providers/neither/credential',
        '/providers/odd/protocol',
        '/providers/odd/pool',
        '/models/empty/targets',
        '/models/a~1b~0c/strategy',
        '/models/a~1b~0c/targets/0/provider',
        '/models/judged/cache/knowledgeVersion',
        '/models/judged/cache/semantic/judge/model',
        '/sessions/summary/model',
        '/embedder/model',
        '/limits/1/name',
        '/limits/1/of',
        '/limits/1/per',
        '/cors/origins/0',
      ].sort(),
    )
    for (const { message } of faultsOf(bad)) expect(message).not.toBe('')
  })

  it.each([
    ['null', null],
    ['an array', []],
    ['a text', 'config'],
    ['parts of the wrong kind', { providers: [], models: 3, limits: {}, cors: null, embedder: 'x' }],
    ['entries of the wrong kind', { providers: { gpu: null }, models: { m: { targets: 'x' } }, limits: [null, 3] }],
  ])('refuses %s without failing itself', (_, document) => {
    expect(check(document).ok).toBe(false)
  })

  it('does not ignore a credential or headers that stand beside a pool', () => {
    const { pool } = good.providers.gpu
    const beside = { protocol: 'openai', pool, credential: 'gpu-token', headers: { 'x-team': 'gpu' } }
    expect(paths({ providers: { beside } })).toEqual(['/providers/beside/credential', '/providers/beside/headers'])
  })

  it('takes the URL of an exporter by the rules of its replica, and only beside the engine’s own page', () => {
    const url = 'https://gpu-a.example.com/v1'
    const inside = 'http://10.0.0.2:9400/metrics'
    const replicas = [
      { id: 'a', url, gpuMetricsUrl: 'https://gpu-a.example.com/dcgm' },
      { id: 'b', url, gpuMetricsUrl: inside },
      { id: 'c', url, gpuMetricsUrl: inside, binding: 'GPU_VPC' },
    ]
    const providers = (health: object) => ({ gpu: { protocol: 'openai', pool: { replicas, health } } })
    const at = (index: number) => `/providers/gpu/pool/replicas/${index}/gpuMetricsUrl`
    expect(paths({ providers: providers({ metrics: '/metrics' }) })).toEqual([at(1)])
    expect(paths({ providers: providers({}) })).toEqual([at(0), at(1), at(1), at(2)])
    expect(paths({ providers: providers({ metrics: 'metrics' }) })).toEqual([
      '/providers/gpu/pool/health/metrics',
      at(1),
    ])
  })

  it('lets only engines that can go on with the text of another do so', () => {
    const pool = { ...good.providers.gpu.pool, onBreak: 'continue' as const }
    const gpu = (kind?: string) =>
      paths({ providers: { gpu: { protocol: 'openai', pool: { ...pool, ...(kind && { kind }) } } } })
    expect([gpu(), gpu('vllm'), gpu('sglang')]).toEqual([[], [], []])
    expect([gpu('tgi'), gpu('other')]).toEqual([['/providers/gpu/pool/onBreak'], ['/providers/gpu/pool/onBreak']])
  })

  it('allows private URLs to a deployment that allows them', () => {
    const document = { providers: { gpu: { protocol: 'openai', baseUrl: 'http://127.0.0.1:8000/v1' } } }
    expect(paths(document)).toEqual(['/providers/gpu/baseUrl'])
    expect(paths(document, { allowPrivate: true })).toEqual([])
  })

  it('does not let a name change what objects are', () => {
    const document = JSON.parse('{"models":{"__proto__":{"targets":[]}}}') as unknown
    expect(paths(document)).toEqual(['/models/__proto__'])
    const provider = '{"protocol":"openai","baseUrl":"https://api.example.com/v1"}'
    expect(paths(JSON.parse(`{"providers":{"__proto__":${provider}}}`))).toEqual(['/providers/__proto__'])
    const inherited = {
      models: { m: { targets: [{ provider: 'constructor', model: 'x' }] } },
      embedder: { model: 'toString' },
    }
    expect(paths(inherited)).toEqual(['/embedder/model', '/models/m/targets/0/provider'])
  })

  it.each([
    ['https://app.example.com', true],
    ['http://localhost:3000', true],
    ['chrome-extension://abcdef', true],
    ['https://app.example.com/', false],
    ['https://app.example.com:443', false],
    ['https://App.example.com', false],
    ['https://*.example.com', false],
    ['*', false],
    ['null', false],
  ])('origin %s: %s', (origin, fine) => {
    expect(paths({ cors: { origins: [origin] } })).toEqual(fine ? [] : ['/cors/origins/0'])
  })
})

describe('credentials of a document', () => {
  it('are found wherever they are named', () => {
    expect(usesOfCredential(good, 'gpu-token')).toEqual([
      { path: '/providers/gpu/pool/credential', provider: 'gpu' },
      { path: '/providers/gpu/pool/headers/CF-Access-Client-Id/credential', provider: 'gpu' },
    ])
    expect(usesOfCredential(good, 'other')).toEqual([])
  })

  it('are missing where the vault has none of the name', () => {
    expect(missingCredentials(good, new Set(['gpu-token']))).toEqual([
      { path: '/providers/openai/credential', message: 'there is no credential "openai-main"' },
    ])
  })
})
