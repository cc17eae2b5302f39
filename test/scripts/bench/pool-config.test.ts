/** The config of the pool lane: one that the gateway takes, over the replicas that were started. */
import { expect, it } from 'vitest'
import { poolConfigOf, roundRobinAlias } from '../../../scripts/bench/pool-config.ts'
import { ENGINE } from '../../../scripts/bench/pool-lane.ts'
import { configSchema } from '../../../src/core/config.ts'

const replicas = (from: number) => ['a', 'b'].map((id, index) => ({ id, url: `http://127.0.0.1:${from + index}/v1` }))

it('has pools over the one group, and each of the other by itself', () => {
  const config = configSchema.parse(poolConfigOf(replicas(1), replicas(5), ENGINE)('http://127.0.0.1:9/v1'))
  const urlsOf = (alias: string): unknown => {
    const { pool, baseUrl } = config.providers[config.models[alias]?.targets[0]?.provider ?? ''] ?? {}
    return pool?.replicas.map(({ url }) => url) ?? baseUrl
  }
  for (const alias of ['chats', 'fair', 'slow', 'busy'])
    expect(urlsOf(alias)).toEqual(['http://127.0.0.1:1/v1', 'http://127.0.0.1:2/v1'])
  expect([0, 1].map(roundRobinAlias).map(urlsOf)).toEqual(['http://127.0.0.1:5/v1', 'http://127.0.0.1:6/v1'])
  expect([urlsOf('pooled'), urlsOf('plain')]).toEqual([['http://127.0.0.1:9/v1'], 'http://127.0.0.1:9/v1'])
  expect(config.providers.busy?.pool).toMatchObject({
    prefillTokensPerSecond: ENGINE.prefill,
    kvTokens: ENGINE.kvTokens,
  })
})
