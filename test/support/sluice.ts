/** A running Sluice set up for one test file: credentials, config, tenants and keys in place and in force on every isolate. */
import { randomBytes, randomInt } from 'node:crypto'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ConfigDocument } from '../../src/core/config.ts'
import type { UsageRecord } from '../../src/core/usage-record.ts'
import { begin, type Exchange, type Outgoing, pick, type Reply, send } from './http-client.ts'
import { type RunningSluice, type SluiceOptions, startSluice } from './serve.ts'
import { SHARED_BUILD } from './shared-build.ts'

/** A change is in force everywhere within this time. */
const IN_FORCE_MS = 10_000
/** A usage row is listed within this time of the request's end. */
export const ROW_MS = 2000
/** Files that run side by side look for ports in places of their own. */
const FROM = 9450 + (Number(process.env.VITEST_POOL_ID ?? 1) % 3) * 50
const PORTS = { from: FROM, to: FROM + 49 }

/** Asks again every 25 ms until `look` gives something; fails with its last word after `withinMs`. */
export async function eventually<T>(what: string, withinMs: number, look: () => Promise<T | undefined>): Promise<T> {
  const giveUpAt = Date.now() + withinMs
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    if (Date.now() >= giveUpAt) throw new Error(`not within ${withinMs} ms: ${what}`)
    await sleep(25)
  }
}

/** The first of `count` neighbouring ports that are all free, looked for from anywhere: other runs look too. */
export async function freePorts(count: number): Promise<number> {
  const isFree = (port: number): Promise<boolean> =>
    new Promise((resolve) => {
      const probe = createServer()
      probe.once('error', () => resolve(false))
      probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
    })
  const places = PORTS.to - PORTS.from + 2 - count
  const offset = randomInt(places)
  for (let step = 0; step < places; step += 1) {
    const first = PORTS.from + ((offset + step) % places)
    const free = await Promise.all(Array.from({ length: count }, (_, index) => isFree(first + index)))
    if (free.every(Boolean)) return first
  }
  throw new Error(`no ${count} free ports from ${PORTS.from} to ${PORTS.to}`)
}

/** What a file wants to find set up. */
export interface Setup extends Omit<SluiceOptions, 'port'> {
  /** Credentials by name. */
  readonly credentials?: Readonly<Record<string, string>>
  readonly config?: ConfigDocument
  /** Tenants to make; each gets one key. More fields go into the tenant. */
  readonly tenants?: readonly ({ readonly id: string } & Readonly<Record<string, unknown>>)[]
}

/** A key as the admin API made it. */
export interface MadeKey {
  readonly id: string
  readonly key: string
}

/** A Sluice that is set up. */
export interface TestSluice extends Omit<RunningSluice, 'admin'> {
  readonly port: number
  /** A call to the admin API; the whole reply. */
  admin(method: string, path: string, body?: unknown, url?: string): Promise<Reply>
  /** A call that must succeed; its JSON. */
  done(method: string, path: string, body?: unknown): Promise<unknown>
  makeTenant(id: string, fields?: Readonly<Record<string, unknown>>): Promise<void>
  makeKey(tenant: string, fields?: Readonly<Record<string, unknown>>): Promise<MadeKey>
  /** The key of a tenant named in the setup. */
  keyOf(tenant: string): MadeKey
  /** Waits until every isolate lists every alias to this key. */
  inForce(key: string, aliases: readonly string[]): Promise<void>
  /** Sends an inference request. */
  post(key: string, path: string, body: unknown, outgoing?: Outgoing & { readonly url?: string }): Promise<Reply>
  /** Begins one, to be watched or broken off. */
  begin(key: string, path: string, body: unknown, outgoing?: Outgoing & { readonly url?: string }): Exchange
  /** All usage rows of a tenant, newest first. */
  rows(tenant: string): Promise<UsageRecord[]>
  /** The one row of a request, as soon as it is listed; fails when there are two. */
  row(tenant: string, requestId: string | undefined): Promise<UsageRecord>
  /** Everything that the process wrote. */
  output(): string
}

/** Starts Sluice on free ports and sets it up; `start` may run it in another way than `npm run serve`. */
export async function setUp(setup: Setup, start: typeof startSluice = startSluice): Promise<TestSluice> {
  const port = await freePorts(setup.isolates ?? 1)
  // A token of its own: should another run's Sluice answer on this port, it will not be taken for ours.
  const env = { SLUICE_ADMIN_TOKEN: randomBytes(24).toString('hex'), ...setup.env }
  const running = await start({ ...setup, env, port, built: process.env[SHARED_BUILD] })
  const sluice = control(running, port)
  try {
    for (const [name, value] of Object.entries(setup.credentials ?? {})) {
      await sluice.done('PUT', `/admin/credentials/${name}`, { value })
    }
    if (setup.config !== undefined) await sluice.done('PUT', '/admin/config', setup.config)
    for (const { id, ...fields } of setup.tenants ?? []) await sluice.makeTenant(id, fields)
    const first = setup.tenants?.[0]?.id
    if (first !== undefined && setup.tenants?.[0]?.models === undefined) {
      await sluice.inForce(sluice.keyOf(first).key, Object.keys(setup.config?.models ?? {}))
    }
    return sluice
  } catch (error) {
    await running.stop()
    throw new Error(`${String(error)}\n${running.stderr()}`)
  }
}

/** The controls of a running Sluice. */
export function control(running: RunningSluice, port: number): TestSluice {
  const keys = new Map<string, MadeKey>()
  const admin = (method: string, path: string, body?: unknown, url = running.url): Promise<Reply> =>
    send(`${url}${path}`, {
      method,
      headers: { authorization: `Bearer ${running.adminToken}` },
      ...(body === undefined ? {} : { body }),
    })
  const done = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const reply = await admin(method, path, body)
    if (reply.status >= 300) throw new Error(`${method} ${path}: ${reply.status} ${reply.body}`)
    return reply.body === '' ? undefined : reply.json
  }
  const makeKey = async (tenant: string, fields: Readonly<Record<string, unknown>> = {}): Promise<MadeKey> =>
    (await done('POST', `/admin/tenants/${tenant}/keys`, { name: 'test', ...fields })) as MadeKey
  const rows = async (tenant: string): Promise<UsageRecord[]> => {
    const found: UsageRecord[] = []
    for (let after = ''; ; ) {
      const page = await done('GET', `/admin/tenants/${tenant}/usage/requests?limit=100${after}`)
      found.push(...(pick(page, 'data') as UsageRecord[]))
      if (pick(page, 'has_more') !== true) return found
      after = `&after=${encodeURIComponent(String(pick(page, 'last')))}`
    }
  }
  const start = (key: string, path: string, body: unknown, outgoing: Outgoing & { url?: string } = {}): Exchange =>
    begin(`${outgoing.url ?? running.url}${path}`, {
      ...outgoing,
      body,
      headers: { authorization: `Bearer ${key}`, ...outgoing.headers },
    })
  return {
    ...running,
    port,
    admin,
    done,
    makeKey,
    makeTenant: async (id, fields = {}) => {
      await done('POST', '/admin/tenants', { id, name: id, ...fields })
      keys.set(id, await makeKey(id))
    },
    keyOf: (tenant) => {
      const key = keys.get(tenant)
      if (key === undefined) throw new Error(`no tenant ${tenant} in the setup`)
      return key
    },
    inForce: async (key, aliases) => {
      for (const url of running.urls) {
        let last = ''
        await eventually(`all aliases at ${url}; last: ${last}`, IN_FORCE_MS, async () => {
          const reply = await send(`${url}/v1/models`, { headers: { authorization: `Bearer ${key}` } })
          last = `${reply.status} ${reply.body.slice(0, 500)}`
          const listed = new Set((pick(reply.json, 'data') as { id: string }[] | undefined)?.map(({ id }) => id))
          return aliases.every((alias) => listed.has(alias)) ? true : undefined
        })
      }
    },
    post: (key, path, body, outgoing) => start(key, path, body, outgoing).reply,
    begin: start,
    rows,
    row: async (tenant, requestId) => {
      const row = await eventually(`the usage row of ${requestId}`, ROW_MS, async () => {
        const found = (await rows(tenant)).filter((candidate) => candidate.requestId === requestId)
        if (found.length > 1) throw new Error(`${found.length} rows of ${requestId}`)
        return found[0]
      })
      return row
    },
    output: () => running.stdout() + running.stderr(),
  }
}
