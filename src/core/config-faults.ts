/** Everything that is wrong with a config document, at once, each fault with its JSON Pointer. No I/O. */
import { type Config, configSchema } from './config.ts'
import type { Fault } from './control.ts'
import { faultsOf, pointer } from './faults.ts'
import { limitFaults } from './limit-faults.ts'
import { field, isObject, items, members } from './loose.ts'
import { upstreamUrlFault } from './upstream-url.ts'

/** What a document is checked against besides itself. */
export interface ConfigContext {
  /** Names of the credentials that the vault has. */
  readonly credentials: ReadonlySet<string>
  /** Protocols that this build speaks. */
  readonly protocols: readonly string[]
  readonly allowPrivate: boolean
}

type Path = readonly PropertyKey[]
/** A place in a document where a credential is named. */
interface CredentialUse {
  readonly path: Path
  readonly credential: string
  readonly provider: string
}

/**
 * Checks a document against its schema and the schema's blind spots. The cross checks look at the document as it was
 * written, so that a fault in one part does not hide those of another.
 */
export function checkConfig(
  document: unknown,
  context: ConfigContext,
): { ok: true; config: Config } | { ok: false; faults: Fault[] } {
  const parsed = configSchema.safeParse(document)
  const faults = [
    ...(parsed.success ? [] : faultsOf(parsed.error)),
    ...members(field(document, 'providers')).flatMap(([name, provider]) =>
      providerFaults(['providers', name], provider, context),
    ),
    ...missingCredentials(document, context.credentials),
    ...modelFaults(document),
    ...limitFaults(field(document, 'limits'), ['limits']),
    ...originFaults(document),
  ]
  return parsed.success && faults.length === 0 ? { ok: true, config: parsed.data } : { ok: false, faults }
}

/** The places that name a credential which does not exist. */
export function missingCredentials(document: unknown, credentials: ReadonlySet<string>): Fault[] {
  return credentialUses(document)
    .filter((use) => !credentials.has(use.credential))
    .map((use) => fault(use.path, `there is no credential "${use.credential}"`))
}

/** Where a document names credentials, as JSON Pointers, and for which provider. */
export function usesOfCredential(document: unknown, credential: string): { path: string; provider: string }[] {
  return credentialUses(document)
    .filter((use) => use.credential === credential)
    .map((use) => ({ path: pointer(use.path), provider: use.provider }))
}

function credentialUses(document: unknown): CredentialUse[] {
  return members(field(document, 'providers')).flatMap(([provider, value]) =>
    [value, field(value, 'pool')].flatMap((holder, index): CredentialUse[] => {
      const at: Path = index === 0 ? ['providers', provider] : ['providers', provider, 'pool']
      const named: [Path, unknown][] = [
        [[...at, 'credential'], field(holder, 'credential')],
        ...members(field(holder, 'headers')).map(([name, header]): [Path, unknown] => [
          [...at, 'headers', name, 'credential'],
          field(header, 'credential'),
        ]),
      ]
      return named.flatMap(([path, credential]) =>
        typeof credential === 'string' ? [{ path, credential, provider }] : [],
      )
    }),
  )
}

/** Engines that can go on with the text of another: they know `continue_final_message`. */
const CONTINUING_KINDS: ReadonlySet<unknown> = new Set(['vllm', 'sglang'])

function providerFaults(path: Path, provider: unknown, context: ConfigContext): Fault[] {
  const faults: Fault[] = []
  const protocol = field(provider, 'protocol')
  const baseUrl = field(provider, 'baseUrl')
  const pool = field(provider, 'pool')
  if (typeof protocol === 'string' && !context.protocols.includes(protocol)) {
    faults.push(fault([...path, 'protocol'], `must be one of ${context.protocols.join(', ')}`))
  }
  if (protocol === 'openai') {
    if (baseUrl === undefined && pool === undefined) faults.push(fault(path, 'needs a baseUrl or a pool'))
    if (baseUrl !== undefined && pool !== undefined) faults.push(fault(path, 'has both a baseUrl and a pool: name one'))
  } else if (pool !== undefined) {
    faults.push(fault([...path, 'pool'], 'goes only with the protocol openai'))
  }
  // Beside a pool they would be ignored, and every replica asked without them.
  for (const name of pool === undefined ? [] : ['credential', 'headers']) {
    if (field(provider, name) !== undefined) faults.push(fault([...path, name], 'goes inside the pool'))
  }
  // Another would begin anew behind what has been said, and say it twice.
  if (field(pool, 'onBreak') === 'continue' && !CONTINUING_KINDS.has(field(pool, 'kind') ?? 'vllm')) {
    faults.push(fault([...path, 'pool', 'onBreak'], 'can be continue only where kind is vllm or sglang'))
  }
  faults.push(...urlFaults([...path, 'baseUrl'], baseUrl, { bound: false, allowPrivate: context.allowPrivate }))
  const replicas = items(field(pool, 'replicas'))
  if (isObject(pool) && replicas.length === 0 && field(pool, 'workers') !== true)
    faults.push(fault([...path, 'pool', 'replicas'], 'needs a replica, or workers: true beside it'))
  replicas.forEach((replica, index) => {
    const at = [...path, 'pool', 'replicas', index]
    const id = field(replica, 'id')
    if (typeof id === 'string' && replicas.findIndex((other) => field(other, 'id') === id) < index) {
      faults.push(fault([...at, 'id'], 'is the id of another replica of this pool'))
    }
    const bound = field(replica, 'binding') !== undefined
    const rules = { bound, allowPrivate: context.allowPrivate }
    const gpuMetricsUrl = field(replica, 'gpuMetricsUrl')
    faults.push(...urlFaults([...at, 'url'], field(replica, 'url'), rules))
    faults.push(...urlFaults([...at, 'gpuMetricsUrl'], gpuMetricsUrl, rules))
    if (gpuMetricsUrl !== undefined && field(field(pool, 'health'), 'metrics') === undefined)
      faults.push(fault([...at, 'gpuMetricsUrl'], 'is read only beside the engine’s own: name health.metrics, too'))
  })
  return faults
}

function urlFaults(path: Path, url: unknown, rules: { bound: boolean; allowPrivate: boolean }): Fault[] {
  if (typeof url !== 'string') return []
  const message = upstreamUrlFault(url, rules)
  return message === null ? [] : [fault(path, message)]
}

function modelFaults(document: unknown): Fault[] {
  const models = field(document, 'models')
  const faults = members(models).flatMap(([alias, model]) =>
    items(field(model, 'targets')).flatMap((target, index) => {
      const provider = field(target, 'provider')
      if (typeof provider !== 'string' || field(field(document, 'providers'), provider) !== undefined) return []
      return [fault(['models', alias, 'targets', index, 'provider'], `there is no provider "${provider}"`)]
    }),
  )
  // The schema skips this key, because writing it to an object would change the object's prototype.
  for (const part of ['providers', 'models']) {
    if (members(field(document, part)).some(([name]) => name === '__proto__')) {
      faults.push(fault([part, '__proto__'], 'is not allowed as a name'))
    }
  }
  for (const [name, model] of members(models)) {
    const judge = field(field(field(field(model, 'cache'), 'semantic'), 'judge'), 'model')
    if (typeof judge === 'string' && field(models, judge) === undefined)
      faults.push(fault(['models', name, 'cache', 'semantic', 'judge', 'model'], `there is no model "${judge}"`))
  }
  const summary = field(field(field(document, 'sessions'), 'summary'), 'model')
  if (typeof summary === 'string' && field(models, summary) === undefined)
    faults.push(fault(['sessions', 'summary', 'model'], `there is no model "${summary}"`))
  const embedder = field(field(document, 'embedder'), 'model')
  if (typeof embedder === 'string' && field(models, embedder) === undefined) {
    faults.push(fault(['embedder', 'model'], `there is no model "${embedder}"`))
  }
  return faults
}

function originFaults(document: unknown): Fault[] {
  return items(field(field(document, 'cors'), 'origins')).flatMap((origin, index) =>
    typeof origin === 'string' && !isOrigin(origin)
      ? [fault(['cors', 'origins', index], 'must be an origin, as in https://app.example.com')]
      : [],
  )
}

/** Scheme, host and port as a browser sends them. Schemes without an origin of their own (extensions) pass by form. */
function isOrigin(text: string): boolean {
  const url = URL.parse(text)
  if (url === null || !/^[a-z][a-z0-9+.-]*:\/\/[^/?#@\s*]+$/.test(text)) return false
  return url.protocol === 'https:' || url.protocol === 'http:' ? url.origin === text : true
}

const fault = (path: Path, message: string): Fault => ({ path: pointer(path), message })
