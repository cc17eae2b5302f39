/** One isolate's recall around stores in the test's hand: what they are asked is noted, what they answer is scripted. */
import { Breaker } from '../../src/core/breaker.ts'
import { ByteBudget } from '../../src/core/byte-budget.ts'
import type { ConfigDocument } from '../../src/core/config.ts'
import { CACHE_HITS_FLUSH_MS } from '../../src/core/recall/limits.ts'
import { Outbox } from '../../src/core/recall/outbox.ts'
import type { Remembered } from '../../src/core/recall/remembered.ts'
import { Sieve } from '../../src/core/recall/sieve.ts'
import type { CacheNews, RecordedReply, SealedValue } from '../../src/core/recall/types.ts'
import { VaultError } from '../../src/core/sealed.ts'
import { placeOf, type TenantPlace } from '../../src/core/tenant.ts'
import type { Search } from '../../src/recall/search.ts'
import type { RecallServices, Ticket } from '../../src/recall/types.ts'
import type { CacheLookUp, Nearest, ReplyCache, RouteFacts } from '../../src/stores/types.ts'
import type { CacheKeyring } from '../../src/vault/types.ts'
import { manualClock } from './manual-clock.ts'
import { callerOf, deploymentOf, requestOf, STARTED_AT_MS } from './path.ts'

type Cache = NonNullable<NonNullable<ConfigDocument['models']>[string]['cache']>

export const MARK = 'mark-1'
const NO_FACTS: RouteFacts = { state: null, groups: {} }

/** Seals by wrapping: what matters here is who is given what, not how well it is hidden. */
export const keyring: CacheKeyring = {
  fingerprint: (text) => `fp(${text})`,
  mark: (kind, token) => `${kind}:${token}`,
  seal: async (key, value) =>
    JSON.stringify([key, typeof value === 'string' ? value : new TextDecoder().decode(value)]),
  async open(key, sealed) {
    const [of, value] = sealed.startsWith('[') ? (JSON.parse(sealed) as [string, string]) : ['', '']
    if (of !== key) throw new VaultError('it does not open')
    return value
  },
}

export const USED = {
  inputTokens: 11,
  cachedInputTokens: 0,
  cacheWriteTokens: 0,
  outputTokens: 7,
  reasoningTokens: 0,
  source: 'provider',
} as const

/** A reply as it is recorded. */
export const replyOf = (content: string, more: Partial<RecordedReply> = {}): RecordedReply => ({
  operation: 'chat',
  body: JSON.stringify({
    object: 'chat.completion',
    choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
  }),
  target: 'up/m',
  usage: USED,
  costMicroUsd: 92,
  answeredAtMs: STARTED_AT_MS,
  ...more,
})

/** The same as it lies in a store. */
export async function sealedReply(key: string, reply: RecordedReply): Promise<SealedValue> {
  return {
    key,
    sealed: await keyring.seal(key, JSON.stringify(reply)),
    about: {
      kind: 'reply',
      model: 'model',
      storedAtMs: STARTED_AT_MS,
      expiresAtMs: STARTED_AT_MS + 60_000,
      knowledgeVersion: null,
      savedTokens: 18,
      savedMicroUsd: 92,
    },
  }
}

/** An isolate with a model `model` of this policy. */
export function recalling(cache: Cache = { exact: true }, targets = 1) {
  const clock = manualClock(STARTED_AT_MS)
  const told: CacheNews[] = []
  const asked: string[] = []
  const background: Promise<unknown>[] = []
  const lines: Readonly<Record<string, unknown>>[] = []
  const store = {
    mark: MARK as string | null,
    mayHold: true,
    values: new Map<string, SealedValue>(),
    lookUp: async (key: string, _lease: string | null): Promise<CacheLookUp> => ({
      mark: MARK,
      found: store.values.get(key) ?? null,
      turn: null,
    }),
    wait: (_lease: string): Promise<'stored' | 'lead' | 'alone'> => new Promise(() => {}),
    tell: async (_: readonly CacheNews[]): Promise<void> => {},
    nearest: async (): Promise<Nearest> => ({ neighbours: [], facts: NO_FACTS }),
  }
  const replyCache: ReplyCache = {
    know: () => ({ mark: store.mark, mayHold: store.mayHold }),
    lookUp(_, key, lease) {
      asked.push(`lookUp ${key}`)
      return store.lookUp(key, lease)
    },
    wait(_, _key, lease) {
      asked.push(`wait ${lease}`)
      return store.wait(lease)
    },
    async renew(_, _key, lease) {
      asked.push(`renew ${lease}`)
      return true
    },
    async release(_, _key, lease, next) {
      asked.push(`release ${lease} ${next}`)
    },
    async tell(_, news) {
      await store.tell(news)
      told.push(...news)
    },
    purge: async () => 0,
    stats: () => Promise.reject(new Error('not asked here')),
    erase: async () => {},
  }
  const breaker = (): Breaker => new Breaker({ failuresMax: 5, restMs: 1000, tellMs: 60_000 })
  const services: RecallServices = {
    clock,
    random: () => 0.5,
    background: (work) => void background.push(work),
    log: (line) => void lines.push(line),
    replyCache,
    vectorIndex: {
      async nearest(_, space) {
        asked.push(`nearest ${space.route} ${space.encoder}`)
        return store.nearest()
      },
      async add(_, __, member) {
        asked.push(`add ${member.id} to ${member.group}`)
      },
      async dropGroup(_, __, group) {
        asked.push(`dropGroup ${group}`)
      },
      purge: async () => 0,
      erase: async () => {},
    },
    semanticRoutes: {
      look: async () => NO_FACTS,
      async learn(_, route, __, observations) {
        asked.push(`learn ${route.route} ${observations.map(({ right }) => right).join()}`)
      },
      views: async () => [],
      erase: async () => {},
    },
    cacheKeys: { keysOf: () => keyring },
    memory: new Sieve<Remembered>(1_000_000),
    vectors: new Sieve<Float32Array>(1_000_000),
    outbox: new Outbox(),
    recordings: new ByteBudget(1_000_000),
    cacheBreaker: breaker(),
    embedBreaker: breaker(),
    vectorBreaker: breaker(),
  }
  const deployment = deploymentOf({
    providers: { up: { protocol: 'openai', baseUrl: 'https://up.test/v1' } },
    models: {
      model: {
        targets: ['m', 's']
          .slice(0, targets)
          .map((model) => ({ provider: 'up', model, price: { input: 2, output: 10 } })),
        cache,
      },
    },
  })
  const model = deployment.models.get('model')
  if (model === undefined) throw new Error('no model')
  const caller = callerOf()
  const place: TenantPlace = placeOf(caller)
  const searchOf = (more: Partial<Search> = {}): Search => ({
    canLead: true,
    embedder: null,
    judge: null,
    request: requestOf(),
    model,
    caller,
    place,
    keyring,
    key: 'k1',
    may: { read: true, write: true, exact: true, reason: null },
    client: new AbortController().signal,
    ...more,
  })
  const ticketOf = (more: Partial<Ticket> = {}): Ticket => ({
    place,
    key: 'k1',
    keyring,
    operation: 'chat',
    model,
    ttlSeconds: 60,
    lease: null,
    asked: null,
    ...more,
  })
  /** Lets everything that was kept alive come to its end. */
  async function settle(): Promise<void> {
    for (let known = -1; known !== background.length; ) {
      known = background.length
      await clock.advance(CACHE_HITS_FLUSH_MS)
      await Promise.all(background)
    }
  }
  return {
    clock,
    services,
    store,
    told,
    asked,
    lines,
    background,
    deployment,
    model,
    caller,
    place,
    searchOf,
    ticketOf,
    settle,
  }
}
