/** The path's surroundings in a test's hand: a deployment, a caller, requests, scripted providers, time and chance. */
import { ByteBudget } from '../../src/core/byte-budget.ts'
import { type ConfigDocument, configSchema } from '../../src/core/config.ts'
import type { InferenceRequest } from '../../src/core/inference.ts'
import { REPLIES_IN_FLIGHT_BYTES_MAX } from '../../src/core/limits.ts'
import { Replicas } from '../../src/core/replicas.ts'
import { RetryBudget } from '../../src/core/retry-budget.ts'
import { OPERATOR, type SealedRecord } from '../../src/core/sealed.ts'
import { compileModels, type DirectorySnapshot, type Model } from '../../src/core/snapshot.ts'
import { TargetHealth } from '../../src/core/target-health.ts'
import { type Caller, matcher, type Tenant, type TenantCredential } from '../../src/core/tenant.ts'
import type { Provider, ProviderCall, ProviderReply } from '../../src/providers/types.ts'
import type { Vault } from '../../src/vault/types.ts'
import { manualClock } from './manual-clock.ts'
import { poolsOver } from './pools.ts'

/** When every test of the path begins. */
export const STARTED_AT_MS = Date.UTC(2026, 0, 1)
const encoder = new TextEncoder()

/** A record that opens to `value` in the vault of these tests. */
export const sealed = (value: string, more: Partial<SealedRecord> = {}): SealedRecord => ({
  kekVersion: '0011223344556677',
  salt: '',
  iv: '',
  ciphertext: value,
  version: 1,
  createdAt: '2026-01-01T00:00:00.000Z',
  last4: '',
  ...more,
})

/** A vault that opens a record for its own owner and name only, and remembers how many are open. */
export function openVault(): Vault & { readonly open: number; readonly opened: readonly string[] } {
  const opened: string[] = []
  let open = 0
  const unused = (): never => {
    throw new Error('not used on the path')
  }
  return {
    get open() {
      return open
    },
    opened,
    seal: unused,
    reseal: unused,
    isCurrent: unused,
    async use(owner, name, record, action) {
      opened.push(`${owner}/${name}`)
      open += 1
      try {
        return await action(record.ciphertext)
      } finally {
        open -= 1
      }
    },
  }
}

export type Deployment = DirectorySnapshot & { readonly models: ReadonlyMap<string, Model> }

/** A deployment of a document; `credentials` are the operator's, name → value. */
export function deploymentOf(document: ConfigDocument, credentials: Readonly<Record<string, string>> = {}): Deployment {
  const config = configSchema.parse(document)
  const records = Object.entries(credentials).map(([name, value]): [string, SealedRecord] => [name, sealed(value)])
  const snapshot = { revision: 1, configVersion: 1, config, credentials: Object.fromEntries(records), pepper: null }
  return { ...snapshot, models: compileModels(config) }
}

/** Somebody let in. */
export function callerOf(
  more: {
    tenant?: Partial<Tenant>
    models?: readonly string[]
    credentials?: Readonly<Record<string, TenantCredential>>
    cacheSecret?: SealedRecord | null
    webhook?: Caller['webhook']
  } = {},
): Caller {
  const tenant: Tenant = {
    id: 'acme',
    name: 'Acme',
    state: 'active',
    createdAt: '2026-01-01T00:00:00.000Z',
    ...more.tenant,
  }
  return {
    tenantId: tenant.id,
    generation: 'g1',
    tenant,
    key: {
      id: 'key00001',
      name: 'key',
      createdAt: tenant.createdAt,
      expiresAt: null,
      revokedAt: null,
      overlapUntil: null,
      lastUsedOn: null,
    },
    credentials: more.credentials ?? {},
    cacheSecret: more.cacheSecret ?? null,
    webhook: more.webhook ?? null,
    mayCall: matcher(more.models),
  }
}

/** A chat request for the alias `model`. */
export function requestOf(more: Partial<InferenceRequest> = {}): InferenceRequest {
  return {
    requestId: '00000000-0000-4000-8000-000000000001',
    startedAtMs: STARTED_AT_MS,
    operation: 'chat',
    alias: 'model',
    body: { model: 'model', messages: [{ role: 'user', content: 'Say hello.' }] },
    bodyBytes: 400,
    bodyChars: 400,
    stream: false,
    wantsUsage: false,
    timeoutMs: undefined,
    firstTokenMs: undefined,
    maxWaitMs: undefined,
    user: undefined,
    cacheMode: undefined,
    cacheTtlSeconds: undefined,
    debug: false,
    traceparent: undefined,
    ...more,
  }
}

/** How a scripted provider answers one call. */
export type Script = (call: ProviderCall) => ProviderReply | Promise<ProviderReply>

/** A provider that answers each of a model's calls by the next of its scripts; the last one answers all further calls. */
export function scriptedProvider(scripts: Readonly<Record<string, readonly Script[]>>) {
  const calls: ProviderCall[] = []
  const provider: Provider = {
    operations: ['chat', 'completions', 'embeddings', 'relay'],
    defaultBaseUrl: 'https://provider.example/v1',
    async call(call) {
      const before = calls.filter(({ model }) => model === call.model).length
      calls.push(call)
      const script = scripts[call.model]?.[before] ?? scripts[call.model]?.at(-1)
      if (script === undefined) throw new Error(`no script for ${call.model}`)
      return script(call)
    },
    check: () => Promise.reject(new Error('not used on the path')),
  }
  return Object.assign(provider, { calls, asked: () => calls.map(({ model }) => model) })
}

/** A body that is sent piece by piece by the test, and that fails when its call is aborted, as the runtime's do. */
export function scriptedBody(signal?: AbortSignal) {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined
  const body = new ReadableStream<Uint8Array>({
    start(own) {
      controller = own
    },
  })
  signal?.addEventListener('abort', () => controller?.error(new Error('aborted')), { once: true })
  return {
    body,
    send: (piece: string | Uint8Array) =>
      controller?.enqueue(typeof piece === 'string' ? encoder.encode(piece) : piece),
    close: () => controller?.close(),
    fail: () => controller?.error(new Error('connection lost')),
  }
}

/** A reply with these pieces as its body; `after` says what follows the last of them. */
export function reply(
  status: number,
  headers: Readonly<Record<string, string>>,
  pieces: readonly (string | Uint8Array)[],
  after: 'close' | 'cut' | 'silence' = 'close',
): Script {
  return ({ signal }) => {
    const scripted = scriptedBody(signal)
    // An error would discard what is queued, so a cut comes only once the rest has been read.
    for (const piece of pieces) scripted.send(piece)
    if (after === 'close') scripted.close()
    const body = after === 'cut' ? cutAfter(scripted.body, pieces.length) : scripted.body
    return { status, headers: new Headers(headers), body, droppedParams: [] }
  }
}

function cutAfter(body: ReadableStream<Uint8Array>, pieces: number): ReadableStream<Uint8Array> {
  const reader = body.getReader()
  let left = pieces
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      left -= 1
      if (left < 0) return controller.error(new Error('connection lost'))
      const { value } = await reader.read()
      if (value !== undefined) controller.enqueue(value)
    },
  })
}

const JSON_TYPE = { 'content-type': 'application/json' }
export const SSE_TYPE = { 'content-type': 'text/event-stream; charset=utf-8' }

/** A whole answer, or any other JSON with a status. */
export const json = (text: string, status = 200, headers: Readonly<Record<string, string>> = {}): Script =>
  reply(status, { ...JSON_TYPE, ...headers }, [text])

/** A stream that is sent in pieces. */
export const sse = (pieces: readonly (string | Uint8Array)[], after?: 'close' | 'cut' | 'silence'): Script =>
  reply(200, SSE_TYPE, pieces, after)

/** Nothing came back: refused, TLS, a name that does not resolve. */
export const unreachable: Script = () => Promise.reject(new Error('connection refused'))

/** Headers never come; the call fails when it is aborted. */
export const silent: Script = ({ signal }) =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true })
  })

/** Numbers in [0, 1) that look random and are the same each time: mulberry32. */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** What route, dispatch and record stand on, around scripted providers under the protocol `openai`. */
export function pathServices(provider: Provider) {
  const clock = manualClock(STARTED_AT_MS)
  const lines: Readonly<Record<string, unknown>>[] = []
  const chance = { next: () => 0.5 }
  return {
    clock,
    lines,
    chance,
    random: () => chance.next(),
    log: (line: Readonly<Record<string, unknown>>) => void lines.push(line),
    vault: openVault(),
    background: (_: Promise<unknown>): void => undefined,
    replicas: new Replicas(),
    pools: poolsOver(clock),
    apiKeys: { prefixSalt: async (_: SealedRecord, owner: string) => `salt of ${owner}` },
    providers: new Map<string, Provider>([['openai', provider]]),
    binding: (_: string): { fetch(url: string, init: RequestInit): Promise<Response> } | undefined => undefined,
    health: new TargetHealth(),
    retryBudget: new RetryBudget(),
    replyBudget: new ByteBudget(REPLIES_IN_FLIGHT_BYTES_MAX),
  }
}

/** A candidate of a deployment's alias, with the credentials that its config names. */
export function candidatesOf(deployment: Deployment, alias = 'model') {
  const model = deployment.models.get(alias)
  if (model === undefined) throw new Error(`no model ${alias}`)
  const candidates = model.targets.map((target) => {
    const name = target.provider.credential
    const record = name === undefined ? undefined : deployment.credentials[name]
    const primary = name === undefined || record === undefined ? null : { owner: OPERATOR, name, record }
    const credentials = { primary, headers: [], identity: target.id }
    return { target, credentials, isNative: false, keepsBound: true }
  })
  return { model, candidates, asker: { owner: 'acme.g1', pepper: null } }
}
