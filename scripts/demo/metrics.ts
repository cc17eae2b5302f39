/** `/metrics` of the demo origin: Prometheus text under vLLM's names. No I/O. */
import type { EngineCounters } from './engine.ts'

const firstTokenBuckets = [
  0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80,
]

/** The page. */
export function metricsPage(model: string, counters: EngineCounters, cacheUsage: number): string {
  const labels = `engine="0",model_name="${model}"`
  const lines: string[] = []
  const family = (
    name: string,
    type: string,
    help: string,
    samples: readonly (readonly [string, string, number])[],
  ) => {
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`)
    for (const [suffix, more, value] of samples) lines.push(`${name}${suffix}{${labels}${more}} ${value}`)
  }
  family('vllm:num_requests_running', 'gauge', 'Requests in model execution batches.', [['', '', counters.running]])
  family('vllm:num_requests_waiting', 'gauge', 'Requests waiting to be processed.', [['', '', counters.waiting]])
  family('vllm:kv_cache_usage_perc', 'gauge', 'KV-cache usage. 1 means 100 percent.', [['', '', cacheUsage]])
  const totals = [
    ['vllm:prefix_cache_queries', 'Prefix cache queries, in queried tokens.', counters.cacheQueriedTokens],
    ['vllm:prefix_cache_hits', 'Prefix cache hits, in cached tokens.', counters.cacheHitTokens],
    ['vllm:prompt_tokens', 'Prefill tokens processed.', counters.promptTokens],
    ['vllm:generation_tokens', 'Generation tokens processed.', counters.generatedTokens],
    ['vllm:num_preemptions', 'Preemptions from the engine.', 0],
  ] as const
  for (const [name, help, value] of totals) family(name, 'counter', help, [['_total', '', value]])
  const finished = Object.entries(counters.finished)
  family(
    'vllm:request_success',
    'counter',
    'Successfully processed requests.',
    finished.map(([reason, value]) => ['_total', `,finished_reason="${reason}"`, value]),
  )
  const times = counters.firstTokenSeconds
  family('vllm:time_to_first_token_seconds', 'histogram', 'Time to first token in seconds.', [
    ...firstTokenBuckets.map(
      (bound) => ['_bucket', `,le="${bound}"`, times.filter((time) => time <= bound).length] as const,
    ),
    ['_bucket', ',le="+Inf"', times.length],
    ['_sum', '', times.reduce((sum, time) => sum + time, 0)],
    ['_count', '', times.length],
  ])
  return `${lines.join('\n')}\n`
}
