/** Gives a running Sluice what the benchmark needs of it, through its admin API, and reads its usage back. */
import { setTimeout as sleep } from 'node:timers/promises'
import { modelOf } from './body.ts'

const TENANT = 'bench'
// A change is in force everywhere within 10 s.
const IN_FORCE_MS = 12_000
const IN_FORCE_POLL_MS = 100

/** Sizes of prompts and answers, in bytes. */
export const SIZES = [200, 10_000, 100_000] as const

/** A limit as the admin API takes it. */
export type LimitOf = Readonly<Record<string, string | number>>

/** What the limits lane does with a running Sluice. */
export interface Admission {
  /** Makes a tenant with these limits and no others; the headers its requests go with. More fields go into its key. */
  readonly addTenant: (
    id: string,
    limits: readonly LimitOf[],
    keyFields?: object,
  ) => Promise<Readonly<Record<string, string>>>
  /** Questions about admission that all isolates have put to tenants' objects. */
  readonly ledgerCalls: () => Promise<number>
}

const LIMITS = [
  { name: 'rpm', of: 'requests', amount: 1_000_000_000, perSeconds: 60, scope: 'tenant' },
  { name: 'tpm', of: 'tokens', amount: 1_000_000_000_000, perSeconds: 60, scope: 'key' },
] as const

/** What a running Sluice can be asked, for the one tenant whose `key` it is. */
export interface Running {
  readonly key: string
  /** Requests in its usage. */
  readonly recorded: () => Promise<number>
  /** Of those, the ones that the cache answered. */
  readonly cacheHits: () => Promise<number>
  readonly admission: Admission
}

/** A config document. */
export interface BenchConfig {
  readonly providers: object
  readonly limits: readonly object[]
  readonly embedder?: object
  readonly models: Readonly<Record<string, object>>
}

type Send = (method: string, path: string, body?: object, at?: string) => Promise<unknown>

/** Applies a config, and makes a tenant with a key. `urls`: one an isolate. */
export async function setUpSluice(urls: readonly string[], token: string, config: BenchConfig): Promise<Running> {
  const send: Send = async (method, path, body, at = urls[0]) => {
    const reply = await fetch(`${at}/admin${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await reply.text()
    if (!reply.ok) throw new Error(`${method} /admin${path} answered ${reply.status}: ${text}`)
    return text === '' ? undefined : JSON.parse(text)
  }
  await send('PUT', '/credentials/bench', { value: 'sk-bench-0123456789' })
  await send('PUT', '/config', config)
  const addKey = async (id: string, fields: object, keyFields: object = {}): Promise<string> => {
    await send('POST', '/tenants', { id, name: 'Benchmark', ...fields })
    return String(field(await send('POST', `/tenants/${id}/keys`, { name: 'bench', ...keyFields }), 'key'))
  }
  const key = await addKey(TENANT, {})
  for (const url of urls) await inForce(url, key, Object.keys(config.models))
  const from = new Date(Date.now() - 86_400_000).toISOString()
  const to = new Date(Date.now() + 2 * 86_400_000).toISOString()
  const usage = (): Promise<unknown> => send('GET', `/tenants/${TENANT}/usage?from=${from}&to=${to}`)
  return {
    key,
    recorded: async () => sumIn(await usage(), 'requests'),
    cacheHits: async () => sumIn(await usage(), 'cacheHits'),
    admission: {
      addTenant: async (id, limits, keyFields) => {
        // The deployment's own limits go by name: these replace them, and what is not replaced is removed.
        const removed = LIMITS.filter(({ name }) => limits.every((limit) => limit.name !== name)).map(({ name }) => ({
          name,
          amount: null,
        }))
        const made = await addKey(id, { limits: [...limits, ...removed] }, keyFields)
        return { 'content-type': 'application/json', authorization: `Bearer ${made}` }
      },
      ledgerCalls: async () => {
        const all = await Promise.all(urls.map((url) => send('GET', '/status', undefined, url)))
        return all.reduce((sum: number, status) => sum + Number(field(status, 'ledgerCalls')), 0)
      },
    },
  }
}

/** Waits until the key may call every alias. */
async function inForce(url: string, key: string, aliases: readonly string[]): Promise<void> {
  const deadline = performance.now() + IN_FORCE_MS
  let text = ''
  do {
    const reply = await fetch(`${url}/v1/models`, { headers: { authorization: `Bearer ${key}` } })
    text = await reply.text()
    if (aliases.every((alias) => text.includes(`"${alias}"`))) return
    await sleep(IN_FORCE_POLL_MS)
  } while (performance.now() < deadline)
  throw new Error(`the config is not in force: ${text}`)
}

/** One provider, one alias a size, prices, and limits that are counted but never reached. */
export function configOf(upstream: string): BenchConfig {
  return {
    providers: { upstream: { protocol: 'openai', baseUrl: upstream, credential: 'bench' } },
    models: Object.fromEntries(SIZES.map((bytes) => [modelOf(bytes), modelAt(modelOf(bytes))])),
    limits: LIMITS,
  }
}

/** A model of the config that the upstream knows by this name. */
export function modelAt(name: string): { readonly targets: readonly object[] } {
  return { targets: [{ provider: 'upstream', model: name, price: { input: 0.25, output: 2 } }] }
}

/** A count over all rows of a usage reply. */
export function sumIn(usage: unknown, name: 'requests' | 'cacheHits'): number {
  const rows = field(usage, 'data')
  if (!Array.isArray(rows)) throw new Error('the usage reply has no data')
  return rows.reduce((sum: number, row) => sum + Number(field(row, name)), 0)
}

function field(value: unknown, name: string): unknown {
  return Reflect.get(Object(value), name)
}
