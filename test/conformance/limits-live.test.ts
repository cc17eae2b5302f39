/** Policy that changes while requests wait: whoever waits is held to it within 10 s, and never to what was. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { pick, type Reply } from '../support/http-client.ts'
import { PRICE } from '../support/limit-checks.ts'
import { type MeteredOrigin, startMeteredOrigin } from '../support/metered-origin.ts'
import { eventually, setUp, type TestSluice } from '../support/sluice.ts'

const IN_FORCE_MS = 10_000
const WAITING = 4
/** Nobody's turn comes within the test. */
const rph = { name: 'rph', of: 'requests', amount: 1, perSeconds: 600 } as const

let origin: MeteredOrigin
let sluice: TestSluice

beforeAll(async () => {
  origin = await startMeteredOrigin()
  sluice = await setUp({
    isolates: 2,
    credentials: { upstream: 'sk-operator' },
    config: {
      providers: { metered: { protocol: 'openai', baseUrl: origin.url, credential: 'upstream' } },
      models: { m: { targets: [{ provider: 'metered', model: 'm', price: PRICE }], retries: 0 } },
    },
    tenants: ['raised', 'lifted', 'zeroed', 'suspended', 'revoked', 'deleted'].map((id) => ({ id, limits: [rph] })),
  })
})

afterAll(async () => {
  await sluice?.stop()
  await origin?.close()
})

const path = (tenant: string): string => `/admin/tenants/${tenant}`

function ask(tenant: string, index: number): Promise<Reply> {
  const body = { model: 'm', messages: [{ role: 'user', content: 'hi' }], order: { group: tenant } }
  const headers = { 'x-sluice-max-wait-ms': '3600000' }
  const url = sluice.urls[index % sluice.urls.length] ?? ''
  return sluice.post(sluice.keyOf(tenant).key, '/v1/chat/completions', body, { url, headers })
}

/** Replies to requests that waited when the policy changed, and how long after the change they came. */
async function changed(tenant: string, change: () => Promise<unknown>): Promise<{ replies: Reply[]; tookMs: number }> {
  expect((await ask(tenant, 0)).status).toBe(200)
  const waiting = Array.from({ length: WAITING }, (_, index) => ask(tenant, index))
  await eventually('they wait', 5000, async () => {
    const view = await sluice.done('GET', `${path(tenant)}/limits`)
    return pick(view, 'waiting') === WAITING ? true : undefined
  })
  await change()
  const changedAtMs = Date.now()
  const late = sleep(3 * IN_FORCE_MS, undefined, { ref: false }).then(() => {
    throw new Error('they still wait')
  })
  const replies = await Promise.race([Promise.all(waiting), late])
  return { replies, tookMs: Date.now() - changedAtMs }
}

const limitsOf = (tenant: string, limits: readonly unknown[]) => () => sluice.done('PATCH', path(tenant), { limits })

describe.concurrent('who waits', () => {
  test.each<[string, () => Promise<unknown>, number, string | undefined]>([
    ['raised', limitsOf('raised', [{ ...rph, amount: 1 + WAITING }]), 200, undefined],
    ['lifted', limitsOf('lifted', []), 200, undefined],
    ['zeroed', limitsOf('zeroed', [{ ...rph, amount: 0 }]), 429, 'queue_timeout'],
    ['suspended', () => sluice.done('PATCH', path('suspended'), { state: 'suspended' }), 403, 'tenant_suspended'],
    [
      'revoked',
      () => sluice.done('DELETE', `${path('revoked')}/keys/${sluice.keyOf('revoked').id}`),
      401,
      'revoked_api_key',
    ],
    ['deleted', () => sluice.done('DELETE', path('deleted')), 401, 'invalid_api_key'],
  ])('%s: is told within 10 s', { timeout: 60_000 }, async (tenant, change, status, code) => {
    const { replies, tookMs } = await changed(tenant, change)
    expect(replies.map((reply) => [reply.status, pick(pick(reply.json, 'error'), 'code')])).toEqual(
      Array.from({ length: WAITING }, () => [status, code]),
    )
    expect(tookMs).toBeLessThanOrEqual(IN_FORCE_MS)
  })
})
