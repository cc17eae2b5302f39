/** Gives a running Sluice what the benchmark needs of it, through its admin API, and reads its usage back. */
import { setTimeout as sleep } from 'node:timers/promises'
import { modelOf } from './body.ts'

const TENANT = 'bench'
// A change is in force everywhere within 10 s.
const IN_FORCE_MS = 12_000
const IN_FORCE_POLL_MS = 100

/** Sizes of prompts and answers, in bytes. */
export const SIZES = [200, 10_000, 100_000] as const

type Send = (method: string, path: string, body?: object) => Promise<unknown>

/** A tenant's key, and the count of requests in its usage. */
export async function setUpSluice(
  url: string,
  token: string,
  upstream: string,
): Promise<{ key: string; recorded: () => Promise<number> }> {
  const send: Send = async (method, path, body) => {
    const reply = await fetch(`${url}/admin${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await reply.text()
    if (!reply.ok) throw new Error(`${method} /admin${path} answered ${reply.status}: ${text}`)
    return text === '' ? undefined : JSON.parse(text)
  }
  await send('PUT', '/credentials/bench', { value: 'sk-bench-0123456789' })
  await send('PUT', '/config', configOf(upstream))
  await send('POST', '/tenants', { id: TENANT, name: 'Benchmark' })
  const made = await send('POST', `/tenants/${TENANT}/keys`, { name: 'bench' })
  const key = String(Reflect.get(Object(made), 'key'))
  await inForce(url, key)
  const from = new Date(Date.now() - 86_400_000).toISOString()
  const to = new Date(Date.now() + 2 * 86_400_000).toISOString()
  return {
    key,
    recorded: async () => requestsIn(await send('GET', `/tenants/${TENANT}/usage?from=${from}&to=${to}`)),
  }
}

/** Waits until the key may call every alias. */
async function inForce(url: string, key: string): Promise<void> {
  const deadline = performance.now() + IN_FORCE_MS
  let text = ''
  do {
    const reply = await fetch(`${url}/v1/models`, { headers: { authorization: `Bearer ${key}` } })
    text = await reply.text()
    if (SIZES.every((bytes) => text.includes(`"${modelOf(bytes)}"`))) return
    await sleep(IN_FORCE_POLL_MS)
  } while (performance.now() < deadline)
  throw new Error(`the config is not in force: ${text}`)
}

/** One provider, one alias a size, prices, and limits that are counted but never reached. */
export function configOf(upstream: string): object {
  const target = (bytes: number): object => ({
    targets: [{ provider: 'upstream', model: modelOf(bytes), price: { input: 0.25, output: 2 } }],
  })
  return {
    providers: { upstream: { protocol: 'openai', baseUrl: upstream, credential: 'bench' } },
    models: Object.fromEntries(SIZES.map((bytes) => [modelOf(bytes), target(bytes)])),
    limits: [
      { name: 'rpm', of: 'requests', amount: 1_000_000_000, perSeconds: 60, scope: 'tenant' },
      { name: 'tpm', of: 'tokens', amount: 1_000_000_000_000, perSeconds: 60, scope: 'key' },
    ],
  }
}

/** Requests over all rows of a usage reply. */
export function requestsIn(usage: unknown): number {
  const rows: unknown = Reflect.get(Object(usage), 'data')
  if (!Array.isArray(rows)) throw new Error('the usage reply has no data')
  return rows.reduce((sum: number, row) => sum + Number(Reflect.get(Object(row), 'requests')), 0)
}
