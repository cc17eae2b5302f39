/** Limits whose object is far, or out of reach: what such suites press against. */
import { type CrowdPlan, press, seeded } from './crowd.ts'
import type { FaultySluice } from './faulty-sluice.ts'
import { pick, type Reply } from './http-client.ts'
import { PRICE } from './limit-checks.ts'

export const ISOLATES = 4
const PER_SECONDS = 4
export const PER_MS = PER_SECONDS * 1000
export const REQUESTS = 40
export const BUDGET_MICRO_USD = 3000
/** While its object is out of reach each isolate lets through this part of a rate. */
export const OPEN_PART = 8

export const rpm = { name: 'rpm', of: 'requests', amount: REQUESTS, perSeconds: PER_SECONDS } as const
export const budget = { name: 'budget', of: 'usd', amount: BUDGET_MICRO_USD / 1e6, per: 'day' } as const

/** A deployment of several isolates over one origin. */
export const overOrigin = (origin: { readonly url: string }) => ({
  isolates: ISOLATES,
  credentials: { upstream: 'sk-operator' },
  config: {
    log: 'off' as const,
    providers: { metered: { protocol: 'openai' as const, baseUrl: origin.url, credential: 'upstream' } },
    models: {
      m: { targets: [{ provider: 'metered', model: 'm', maxOutputTokens: 100, price: PRICE }], retries: 0 },
    },
  },
})

/** Has every isolate know a tenant's key and make its first acquaintance with the object. */
export async function visit(sluice: FaultySluice, tenant: string): Promise<void> {
  for (const url of sluice.urls) await ask(sluice, tenant, url, 'visits')
}

export function ask(sluice: FaultySluice, tenant: string, url: string, group = tenant): Promise<Reply> {
  const body = { model: 'm', messages: [{ role: 'user', content: 'hi' }], max_tokens: 5, order: { group } }
  return sluice.post(sluice.keyOf(tenant).key, '/v1/chat/completions', body, { url })
}

export function crowd(sluice: FaultySluice, tenant: string, plan: Partial<CrowdPlan>): ReturnType<typeof press> {
  const { key } = sluice.keyOf(tenant)
  const usual = { clients: 100, forMs: 13_000, maxWaitMs: 1000, maxTokens: 100, model: 'm', random: seeded(5) }
  return press(sluice, { ...usual, key, order: { group: tenant, tokens: 20 }, ...plan })
}

export const degradedSeconds = async (sluice: FaultySluice, url: string): Promise<number> =>
  Number(pick((await sluice.admin('GET', '/admin/status', undefined, url)).json, 'degradedSeconds'))
