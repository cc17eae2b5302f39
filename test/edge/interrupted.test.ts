/** The row of a run that nobody saw the end of: written once, at the price of the first target. */
import { expect, it } from 'vitest'
import { settleInterrupted } from '../../src/edge/interrupted.ts'
import { isolate } from '../support/worker.ts'

it('accounts for what came', async () => {
  const at = await isolate()
  const about = {
    id: 'strm_1',
    place: at.place,
    cacheSecret: null,
    path: '/v1/chat/completions',
    alias: 'priced',
    requestId: crypto.randomUUID(),
    key: at.keyId,
    bodyChars: 400,
    startedAtMs: at.clock.now() - 5000,
    isBackground: false,
    whenDeserted: 'run' as const,
    keptMs: null,
    webhook: null,
    digest: null,
  }
  for (let times = 0; times < 2; times += 1) await settleInterrupted(at.services, about, 30)
  const { data } = await at.services.tenantAdmin(at.place).requests(undefined, 10)
  expect(data).toEqual([
    expect.objectContaining({
      requestId: about.requestId,
      model: 'priced',
      target: 'up/m',
      outcome: 'broken',
      usage: expect.objectContaining({ inputTokens: 100, outputTokens: 30, source: 'estimated' }),
      costMicroUsd: 500,
      totalMs: 5000,
    }),
  ])
})
