/** usage. */
import { expect, it } from 'vitest'
import { cliAgainst } from '../../support/cli.ts'

const sums = {
  requests: 3,
  inputTokens: 100,
  cachedInputTokens: 50,
  cacheWriteTokens: 0,
  outputTokens: 7,
  reasoningTokens: 0,
  costMicroUsd: 1234,
  unpricedRequests: 0,
  cacheHits: 0,
  errors: 1,
  cancelled: 2,
  refused: 4,
  firstTokenMs: { p50: 12, p95: null },
  totalMs: { p50: 20, p95: 30 },
}

it('sums by model unless told otherwise', async () => {
  const data = [
    { model: 'chat', ...sums },
    { model: 'other', ...sums, costMicroUsd: null },
  ]
  const ran = await cliAgainst({ 'GET /admin/tenants/acme/usage?by=model': { body: { data } } }, ['usage', 'acme'])
  expect(ran.out).toMatch(/^MODEL +REQUESTS .*\nchat +3 +100 +50 +7 +0\.001234 +0 +1 +2 +4 +12\/-\nother .* unknown /)
})

it('passes range and grouping on', async () => {
  const at = '/admin/tenants/acme/usage?from=2026-01-01T00%3A00%3A00Z&by=day%2Ckey'
  const answers = { [`GET ${at}`]: { body: { data: [{ day: '2026-01-01', key: 'k', ...sums }] } } }
  const ran = await cliAgainst(answers, ['usage', 'acme', '--from', '2026-01-01T00:00:00Z', '--by', 'day,key'])
  expect(ran.out).toMatch(/^DAY +KEY +REQUESTS .*\n2026-01-01 +k +3 /)
})

it('lists single requests, and says how to go on', async () => {
  const record = { at: 't', requestId: 'r', key: 'k', model: null, target: null, outcome: 'refused', status: 429 }
  const more = { attempts: 0, usage: null, costMicroUsd: null, firstTokenMs: null, totalMs: 1, cache: 'bypass' }
  const body = { data: [{ ...record, ...more }], has_more: true, last: 'L' }
  const ran = await cliAgainst({ 'GET /admin/tenants/acme/usage/requests?limit=1': { body } }, [
    ...['usage', 'requests', 'acme', '--limit', '1'],
  ])
  expect(ran.out).toMatch(/t +r +k +- +- +refused +429 +0 +- +unknown +1\nMore: --after L/)
})
