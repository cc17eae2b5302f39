/** The metrics page: vLLM's names, in Prometheus' text form. */
import { expect, test } from 'vitest'
import { metricsPage } from '../../../scripts/demo/metrics.ts'

const counters = {
  running: 2,
  waiting: 1,
  promptTokens: 10,
  generatedTokens: 20,
  cacheQueriedTokens: 10,
  cacheHitTokens: 4,
  finished: { stop: 3, length: 1, abort: 2 },
  firstTokenSeconds: [0.03, 0.3],
}

test('samples under the names that dashboards and schedulers read', () => {
  const page = metricsPage('m', counters, 0.25)
  const labels = 'engine="0",model_name="m"'
  for (const line of [
    `vllm:num_requests_running{${labels}} 2`,
    `vllm:num_requests_waiting{${labels}} 1`,
    `vllm:kv_cache_usage_perc{${labels}} 0.25`,
    `vllm:prefix_cache_hits_total{${labels}} 4`,
    `vllm:generation_tokens_total{${labels}} 20`,
    `vllm:request_success_total{${labels},finished_reason="abort"} 2`,
    `vllm:time_to_first_token_seconds_bucket{${labels},le="0.04"} 1`,
    `vllm:time_to_first_token_seconds_bucket{${labels},le="+Inf"} 2`,
    `vllm:time_to_first_token_seconds_count{${labels}} 2`,
  ]) {
    expect(page.split('\n')).toContain(line)
  }
})

test('every line is a comment or a sample, every sample has its type', () => {
  const page = metricsPage('m', counters, 0)
  const types = new Set([...page.matchAll(/^# TYPE (\S+) /gm)].map((match) => match[1]))
  for (const line of page.trimEnd().split('\n')) {
    if (line.startsWith('# ')) continue
    const [, name = ''] = /^([a-z_:]+)\{[^}]+\} [\d.e-]+$/.exec(line) ?? []
    expect(types).toContain(name.replace(/_(total|bucket|sum|count)$/, ''))
  }
})
