/** The pool lane's replicas: processes that tell what they did, and become slow when told to. */
import { expect, it } from 'vitest'
import { startReplicas, workOf } from '../../../scripts/bench/pool-origins.ts'
import { metricsPage } from '../../../scripts/demo/metrics.ts'
import type { Lifetime } from '../../../scripts/support/lifetime.ts'

it('reads a page of metrics', () => {
  const counters = {
    ...{ running: 0, waiting: 0, promptTokens: 900, generatedTokens: 5, cacheQueriedTokens: 900, cacheHitTokens: 300 },
    ...{ finished: { stop: 4, length: 2, abort: 1 }, firstTokenSeconds: [0.1] },
  }
  expect(workOf(metricsPage('demo-llm', counters, 0.5))).toEqual({ requests: 7, computedTokens: 600 })
})

it('starts them, and each has an engine of its own', async () => {
  const stops: ((drainMs: number) => Promise<void>)[] = []
  const lifetime: Lifetime = {
    onStop: (stop) => void stops.push(stop),
    stop: async () => undefined,
    stopping: () => false,
  }
  try {
    const [a, b] = await startReplicas(['a', 'b'], { prefill: 0, decode: 0, kvTokens: 1000 }, lifetime)
    const ask = { model: 'demo-llm', max_tokens: 2, messages: [{ role: 'user', content: 'hello' }] }
    const reply = await fetch(`${a?.url}/chat/completions`, { method: 'POST', body: JSON.stringify(ask) })
    expect(reply.status).toBe(200)
    await reply.text()
    expect(await a?.work()).toMatchObject({ requests: 1 })
    expect(await b?.work()).toEqual({ requests: 0, computedTokens: 0 })
    await a?.slow(10)
    const speed = await (await fetch(`${a?.url.slice(0, -3)}/demo/speed`)).json()
    expect(speed).toMatchObject({ slow: 10, serialPrefill: true })
  } finally {
    for (const stop of stops) await stop(100)
  }
})
