/** One isolate inside workerd: the real app over the real objects, a scripted upstream, and time in the test's hand. */
import { env } from 'cloudflare:test'
import { createAuthCache } from '../../src/authenticate/cache.ts'
import type { ConfigDocument } from '../../src/core/config.ts'
import { USAGE_FLUSH_MS } from '../../src/core/limits.ts'
import type { ApiKey, Tenant } from '../../src/core/tenant.ts'
import type { UsageRecord } from '../../src/core/usage-record.ts'
import { edgeApp } from '../../src/edge/app.ts'
import type { OwnedRequests } from '../../src/edge/owned.ts'
import { type Clock, sleep } from '../../src/lib/clock.ts'
import type { Provider, ProviderCall, ProviderReply } from '../../src/providers/types.ts'
import { createServices, type Services } from '../../src/services.ts'
import { keyOf, tenantOf } from './control-plane.ts'
import { manualClock } from './manual-clock.ts'

/** What the upstream does with one call. */
export type Script = (call: ProviderCall, clock: Clock) => ProviderReply | Promise<ProviderReply>

const UTF8 = new TextEncoder()

/** A reply of the upstream's; JSON unless it says otherwise. */
export const upstream = (body: string, more: { status?: number; headers?: Record<string, string> } = {}): Script => {
  const headers = new Headers({ 'content-type': 'application/json', ...more.headers })
  return () => ({ status: more.status ?? 200, headers, body: new Blob([body]).stream(), droppedParams: [] })
}

/** A stream that the test feeds piece by piece. */
export function feed(headers: Record<string, string> = {}) {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined
  const body = new ReadableStream<Uint8Array>({
    start(made) {
      controller = made
    },
  })
  const script: Script = ({ signal }) => {
    signal.addEventListener('abort', () => controller?.error(signal.reason))
    return {
      status: 200,
      headers: new Headers({ 'content-type': 'text/event-stream', ...headers }),
      body,
      droppedParams: [],
    }
  }
  return {
    script,
    push: (text: string) => controller?.enqueue(UTF8.encode(text)),
    close: () => controller?.close(),
    cut: () => controller?.error(new Error('connection reset')),
  }
}

/** An upstream that takes its time. */
export const late =
  (ms: number, script: Script): Script =>
  async (call, clock) => {
    await sleep(clock, ms)
    return script(call, clock)
  }

/** An upstream that says nothing until its caller gives up. */
export const silence: Script = ({ signal }) =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))

/** Two targets under one alias, and each of them alone. */
export const CONFIG = {
  providers: {
    up: { protocol: 'openai', baseUrl: 'https://up.test/v1' },
    spare: { protocol: 'openai', baseUrl: 'https://spare.test/v1' },
  },
  models: {
    both: {
      targets: [
        { provider: 'up', model: 'm', price: { input: 2, output: 10 } },
        { provider: 'spare', model: 's' },
      ],
      retries: 0,
    },
    priced: { targets: [{ provider: 'up', model: 'm', price: { input: 2, output: 10 } }], retries: 0 },
    plain: { targets: [{ provider: 'spare', model: 's' }], retries: 0 },
  },
} satisfies ConfigDocument

/** What one isolate is made with. */
export interface IsolateOptions {
  readonly config?: ConfigDocument
  /** One for each call to come; the last goes on answering. */
  readonly scripts?: readonly Script[]
  readonly tenant?: Partial<Tenant>
  readonly key?: Partial<ApiKey>
  /** Put in the place of services of the same names. */
  readonly services?: Partial<Services>
}

/** Makes an isolate with a tenant and a key of its own, under the given config. */
export async function isolate(options: IsolateOptions = {}) {
  const clock = manualClock()
  const background: Promise<unknown>[] = []
  const calls: ProviderCall[] = []
  const lines: Record<string, unknown>[] = []
  const recorded: UsageRecord[] = []
  let scripts = options.scripts ?? []

  const made = createServices(env, (work) => void background.push(work))
  if ('fault' in made) throw new Error(made.fault.message)
  const scripted: Provider = {
    operations: ['chat', 'completions', 'embeddings', 'relay'],
    defaultBaseUrl: undefined,
    async call(call) {
      calls.push(call)
      const [script, ...rest] = scripts
      if (rest.length > 0) scripts = rest
      if (script === undefined) throw new Error('no script')
      return script(call, clock)
    },
    check: () => Promise.reject(new Error('not asked here')),
  }
  const chatOnly: Provider = { ...scripted, operations: ['chat'] }
  const services: Services = {
    ...made,
    clock,
    log: (line) => void lines.push(line),
    providers: new Map([
      ['openai', scripted],
      ['chat-only', chatOnly],
    ]),
    tenants: {
      ...made.tenants,
      async record(place, batch) {
        recorded.push(...batch.rows)
        await made.tenants.record(place, batch)
      },
    },
    ...options.services,
  }

  const { directoryAdmin, directory, apiKeys } = made
  const applied = await directoryAdmin.applyConfig(options.config ?? CONFIG, {
    dryRun: false,
    allowPrivate: true,
    protocols: [...services.providers.keys()],
    actor: 'test',
  })
  if (!applied.ok) throw new Error(JSON.stringify(applied.faults))
  const tenantId = `t-${crypto.randomUUID().slice(0, 8)}`
  const place = await directoryAdmin.createTenant(tenantOf(tenantId, options.tenant), 'test')
  if (place === 'exists') throw new Error('the tenant exists')
  const pepper = await directory.ensurePepper(await apiKeys.newPepper())
  const { key, id, digest } = await apiKeys.mint(pepper, tenantId)
  await made.tenantAdmin(place).createKey(keyOf(id, { digest, ...options.key }), 'test')

  const guard = { clock, apiKeys: services.apiKeys, cache: createAuthCache(services) }
  const owned: OwnedRequests = new WeakMap()
  const app = edgeApp(services, owned)
  const fetch = async (path: string, init: RequestInit = {}): Promise<Response> =>
    app.fetch(new Request(`https://sluice.test${path}`, init))

  /** What comes of it, however long it takes: time passes until it is there. */
  async function soon<T>(pending: Promise<T>): Promise<T> {
    const there = pending.then(() => true)
    while (!(await Promise.race([there, clock.advance(USAGE_FLUSH_MS).then(() => false)])));
    return pending
  }

  /** Lets everything that was kept alive come to its end. */
  async function settle(): Promise<void> {
    for (let known = -1; known !== background.length; ) {
      known = background.length
      await soon(Promise.allSettled(background))
    }
  }

  return {
    services,
    clock,
    calls,
    lines,
    place,
    key,
    keyId: id,
    guard,
    owned,
    app,
    soon,
    settle,
    fetch,
    /** What the upstream does from now on. */
    script(...next: Script[]): void {
      scripts = next
    },
    /** Calls with the key. */
    get: (path: string, headers: Record<string, string> = {}) =>
      fetch(path, { headers: { authorization: `Bearer ${key}`, ...headers } }),
    /** Sends JSON with the key. */
    post: (path: string, body: unknown, headers: Record<string, string> = {}, signal?: AbortSignal) =>
      fetch(path, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
        ...(signal === undefined ? {} : { signal }),
      }),
    /** The rows sent to the tenant's object, once all is settled; the object has as many. */
    async rows(): Promise<UsageRecord[]> {
      await settle()
      const { data } = await made.tenantAdmin(place).requests(undefined, 100)
      if (data.length !== recorded.length) throw new Error(`${recorded.length} rows were sent, ${data.length} are kept`)
      return recorded
    },
  }
}

/** A reply's body, piece by piece. */
export function reading(reply: Response) {
  const reader = (reply.body ?? new ReadableStream<Uint8Array>()).getReader()
  const text = new TextDecoder()
  const next = async (): Promise<string | null> => {
    const { value, done } = await reader.read()
    return done ? null : text.decode(value, { stream: true })
  }
  return {
    /** The next piece; null at the end. */
    next,
    /** Everything up to the end. */
    async rest(): Promise<string> {
      let all = ''
      for (let piece = await next(); piece !== null; piece = await next()) all += piece
      return all
    },
    leave: () => reader.cancel(),
  }
}
