/** What engines say of themselves, by pages of theirs. */
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { metricsPage } from '../../../scripts/demo/metrics.ts'
import { engineMetrics, gpuUtilisation } from '../../../src/core/pool/engine-metrics.ts'

const page = (name: string): string => readFileSync(`test/fixtures/metrics/${name}.txt`, 'utf8')
const NOW = 1_700_000_000_000
const NONE = { kvUsage: null, prefixQueries: null, prefixHits: null, prefixHitShare: null }

it.each([
  [
    'vllm-0.10',
    { running: 1, waiting: 2, kvUsage: 9.75010481363281e-6, prefixQueries: 32, prefixHits: 8, prefixHitShare: 0.25 },
  ],
  ['vllm-0.8', { running: 0, waiting: 0, kvUsage: 0, prefixQueries: 0, prefixHits: 0, prefixHitShare: null }],
  [
    'sglang',
    {
      running: 162,
      waiting: 2826,
      kvUsage: 0.28,
      prefixQueries: 8_128_902,
      prefixHits: null,
      prefixHitShare: 0.007507552643049313,
    },
  ],
  [
    'sglang-ranks',
    { running: 8, waiting: 4, kvUsage: 0.5, prefixQueries: 4000, prefixHits: 2000, prefixHitShare: 0.5 },
  ],
  ['tgi', { ...NONE, running: 4, waiting: 7 }],
])('%s', (name, expected) => {
  expect(engineMetrics(page(name), NOW)).toEqual({ ...expected, gpuUtilisation: null, readAtMs: NOW })
})

it('reads the demo origin’s page', () => {
  const counters = {
    running: 3,
    waiting: 2,
    cacheQueriedTokens: 1000,
    cacheHitTokens: 250,
    promptTokens: 1000,
    generatedTokens: 10,
    finished: { stop: 1, length: 0, abort: 0 },
    firstTokenSeconds: [0.01, 200],
  }
  expect(engineMetrics(metricsPage('demo-chat', counters, 0.125), NOW)).toEqual({
    running: 3,
    waiting: 2,
    kvUsage: 0.125,
    prefixQueries: 1000,
    prefixHits: 250,
    prefixHitShare: 0.25,
    gpuUtilisation: null,
    readAtMs: NOW,
  })
})

it('adds up the engines of one server, whose memories are apart', () => {
  const of = (engine: number, running: number, usage: number): string =>
    [
      `vllm:num_requests_running{engine="${engine}",model_name="m"} ${running}`,
      `vllm:num_requests_waiting{engine="${engine}",model_name="m"} 1`,
      `vllm:kv_cache_usage_perc{engine="${engine}",model_name="m"} ${usage}`,
    ].join('\n')
  expect(engineMetrics(`${of(0, 3, 0.2)}\n${of(1, 4, 0.6)}\n`, NOW)).toMatchObject({
    running: 7,
    waiting: 2,
    kvUsage: 0.4,
  })
})

it.each([
  ['no page', ''],
  ['a page that is none', '<html>404</html>'],
  ['the page of something else', 'llamacpp:requests_processing 2\n'],
  ['half of what there is to say', 'vllm:num_requests_running 2\n'],
  ['words in the place of numbers', 'vllm:num_requests_running NaN\nvllm:num_requests_waiting -1\n'],
  ['only the GPUs', page('dcgm')],
])('knows no engine by %s', (_, text) => {
  expect(engineMetrics(text, NOW)).toBeNull()
})

it('tells no more than the whole', () => {
  const text = 'vllm:num_requests_running 1\nvllm:num_requests_waiting 0\nvllm:kv_cache_usage_perc 1.02\n'
  expect(engineMetrics(text, NOW)?.kvUsage).toBe(1)
})

it('reads the mean of the GPUs that can tell', () => {
  expect(gpuUtilisation(page('dcgm'))).toBeCloseTo(0.6)
  expect(gpuUtilisation('DCGM_FI_DEV_GPU_UTIL{gpu="0"} 9223372036854775794\n')).toBeNull()
  expect(gpuUtilisation(page('tgi'))).toBeNull()
})
