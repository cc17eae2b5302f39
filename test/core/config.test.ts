/** The config schema: the document of the contract, its defaults, and what it publishes. */
import { expect, it } from 'vitest'
import { z } from 'zod'
import { configSchema } from '../../src/core/config.ts'

/** Every field that the contract names, and the guard. */
const whole = {
  providers: {
    gpu: {
      protocol: 'openai',
      pool: {
        replicas: [
          { id: 'a', url: 'https://gpu-a.example.com/v1' },
          {
            id: 'b',
            url: 'http://10.0.0.2:8000/v1',
            binding: 'GPU_VPC',
            state: 'active',
            gpuMetricsUrl: 'http://10.0.0.2:9400/metrics',
          },
        ],
        credential: 'gpu-token',
        headers: { 'CF-Access-Client-Id': { credential: 'access-id' } },
        kind: 'vllm',
        region: 'wnam',
        prefillTokensPerSecond: 16000,
        kvTokens: 2000000,
        maxInflightTokens: 64000,
        maxQueue: 1000,
        maxWaitMs: 30000,
        sharePrefix: false,
        health: { path: '/health', intervalMs: 5000, metrics: '/metrics' },
      },
    },
    openai: { protocol: 'openai', baseUrl: 'https://api.openai.com/v1', credential: 'openai-main', streamUsage: true },
    anthropic: { protocol: 'anthropic', credential: 'anthropic-main' },
  },
  models: {
    'chat-large': {
      strategy: 'fallback',
      targets: [
        {
          provider: 'gpu',
          model: 'llama-3.3-70b',
          contextWindow: 131072,
          maxOutputTokens: 8192,
          price: { input: 0.2, cachedInput: 0.05, output: 0.6 },
        },
        { provider: 'openai', model: 'gpt-5-mini', weight: 1, price: { input: 0.25, output: 2 } },
      ],
      timeouts: { firstTokenMs: 10000, idleMs: 15000, totalMs: 600000 },
      retries: 2,
      hedge: { afterMs: 0 },
      cache: {
        exact: true,
        semantic: { enabled: false, maxErrorRate: 0.02 },
        ttlSeconds: 86400,
        sharing: 'tenant',
        coalesce: 'off',
      },
    },
    'embed-small': { targets: [{ provider: 'gpu', model: 'bge-small' }] },
  },
  embedder: { model: 'embed-small' },
  limits: [
    { name: 'rpm', of: 'requests', amount: 600, perSeconds: 60, scope: 'tenant' },
    { name: 'tpm', of: 'tokens', amount: 200000, perSeconds: 60, scope: 'key', model: 'chat-*', hard: false },
    { name: 'flight', of: 'concurrency', amount: 50, scope: 'tenant' },
    { name: 'month', of: 'usd', amount: 500, per: 'month', timeZone: 'UTC', scope: 'tenant' },
  ],
  guard: { requests: 600, perSeconds: 60 },
  sessions: {
    onBusy: 'queue',
    ttlSeconds: 3600,
    maxTokens: 1000,
    loopRepeats: 0,
    summary: { model: 'chat-large' },
  },
  cors: { origins: [] },
  webhooks: { ownHosts: ['sluice.example.com', '*.gw.example.com'] },
  unknownPrice: 'block',
}

it('takes every field of the contract, and keeps it', () => {
  expect(configSchema.parse(whole)).toMatchObject(whole)
})

it.each(['rpm', 'per_user', 'Org.TPM-2'])('takes %s as the name of a limit', (name) => {
  expect(configSchema.safeParse({ limits: [{ name, of: 'requests', amount: 1, perSeconds: 1 }] }).success).toBe(true)
})

it('has the defaults that the contract shows', () => {
  const { providers, models } = configSchema.parse({
    providers: { gpu: { protocol: 'openai', pool: { replicas: [{ id: 'a', url: 'https://gpu.example.com' }] } } },
    models: {
      chat: { targets: [{ provider: 'gpu', model: 'm' }] },
      cached: { targets: [{ provider: 'gpu', model: 'm' }], cache: {} },
    },
  })
  const { credential: _, headers: __, replicas: ___, region: ____, health, ...pool } = whole.providers.gpu.pool
  expect(providers.gpu).toMatchObject({ streamUsage: true, pool: { ...pool, replicas: [{ state: 'active' }] } })
  const { metrics: _____, ...asked } = health
  expect(providers.gpu?.pool?.health).toEqual(asked)
  const { timeouts, retries, hedge, strategy, cache } = whole.models['chat-large']
  expect(models.chat).toEqual({
    targets: [{ provider: 'gpu', model: 'm', weight: 1 }],
    timeouts,
    retries,
    hedge,
    strategy,
  })
  expect(models.cached?.cache).toEqual({ ...cache, exact: false, standIn: false, forcedTools: false })
  expect(configSchema.parse({})).toEqual({
    providers: {},
    models: {},
    limits: [],
    sessions: { onBusy: 'refuse', ttlSeconds: 2_592_000, maxTokens: 200_000, loopRepeats: 5 },
    cors: { origins: [] },
    unknownPrice: 'block',
    log: 'errors',
  })
})

it.each([
  { providers: { 'Upper Case': { protocol: 'openai' } } },
  { models: { 'with space': { targets: [{ provider: 'p', model: 'm' }] } } },
  { models: { ['x'.repeat(129)]: { targets: [{ provider: 'p', model: 'm' }] } } },
  { embedder: {} },
  { embedder: { model: 'a', workersAi: 'b' } },
  { models: { m: { targets: [{ provider: 'p', model: 'm', weight: -1 }] } } },
  { models: { m: { targets: [{ provider: 'p', model: 'm', price: { input: -1, output: 0 } }] } } },
  { models: { m: { targets: [{ provider: 'p', model: 'm' }], timeouts: { idleMs: 0 } } } },
  { providers: { p: { protocol: 'openai', headers: { 'bad name': 'x' } } } },
  { limits: [{ name: 'x', of: 'requests', amount: -1, perSeconds: 1 }] },
  { limits: [{ name: 'x', of: 'requests', amount: 2 ** 53, perSeconds: 1 }] },
  { limits: [{ name: 'x', of: 'requests', amount: 1, perSeconds: 1, model: '' }] },
  { limits: [{ name: 'x', of: 'requests', amount: 1, perSeconds: 1, model: 'chat large' }] },
  { limits: [{ name: 'per user', of: 'requests', amount: 1, perSeconds: 1 }] },
  { limits: [{ name: 'x"', of: 'requests', amount: 1, perSeconds: 1 }] },
  { guard: {} },
  { guard: { requests: 0, perSeconds: 1 } },
  { guard: { requests: 1.5, perSeconds: 1 } },
  { guard: { requests: 1, perSeconds: 0 } },
  { guard: { requests: 1, perSeconds: 3601 } },
  { guard: { requests: 1, perSeconds: 1, burst: 2 } },
  { webhooks: { ownHosts: ['https://sluice.example.com'] } },
  { webhooks: { ownHosts: ['a.*.example.com'] } },
  { webhooks: { ownHosts: [''] } },
  { log: 'everything' },
])('refuses %j', (document) => {
  expect(configSchema.safeParse(document).success).toBe(false)
})

it('publishes a JSON Schema of what an operator writes: nothing with a default is required', () => {
  const schema = z.toJSONSchema(configSchema, { io: 'input' })
  expect(schema.required ?? []).toEqual([])
  expect(Object.keys(schema.properties ?? {})).toEqual(expect.arrayContaining(Object.keys(whole)))
})
