/** Tries a provider's credential by listing its models, every replica of a pool at once. */
import type { ProviderConfig } from '../core/config.ts'
import { PROVIDER_CHECK_BYTES_MAX, PROVIDER_CHECK_MS } from '../core/limits.ts'
import { openedHeaders, secretNames } from '../core/operator-secrets.ts'
import { OPERATOR, type SealedRecord, VaultError } from '../core/sealed.ts'
import { allOpen } from '../lib/all-open.ts'
import { boundedText } from '../lib/bounded-text.ts'
import type { Clock } from '../lib/clock.ts'
import { type Fetcher, outgoingThrough } from '../lib/outgoing.ts'
import type { Provider, ProviderReply } from '../providers/types.ts'
import type { Services } from '../services.ts'
import type { Vault } from '../vault/types.ts'

/** How a try went. The error is in our words: nothing of what the upstream sent, or of the runtime's message, is in it. */
export type ProviderVerdict =
  | { readonly ok: true; readonly latencyMs: number; readonly models: string[] }
  | { readonly ok: false; readonly latencyMs: number; readonly error: string }

/** A place to ask: a base URL, directly or through a binding. */
interface Endpoint {
  readonly label: string
  readonly baseUrl: string | undefined
  readonly binding: string | undefined
}

/** Checks a provider of the config with the operator's credentials. All of a pool's replicas that are on must answer. */
export async function checkProvider(
  services: Services,
  config: ProviderConfig,
  records: ReadonlyMap<string, SealedRecord>,
): Promise<ProviderVerdict> {
  const { clock, providers, vault } = services
  const started = clock.now()
  const failed = (error: string): ProviderVerdict => ({ ok: false, latencyMs: clock.now() - started, error })
  const provider = providers.get(config.protocol)
  if (provider === undefined) return failed(`this build does not speak the protocol "${config.protocol}"`)
  const endpoints = endpointsOf(config)
  if (endpoints.length === 0)
    return failed(
      config.pool?.workers === true
        ? 'it has no replica that could be called: its workers dial in, and GET /admin/pools/{id} shows who is connected'
        : 'every replica is disabled',
    )
  const names = secretNames(config.pool ?? config)
  const missing = names.filter((name) => !records.has(name))
  if (missing.length > 0) return failed(`there is no credential "${missing.join('", "')}"`)
  try {
    return await withSecrets(vault, records, names, async (secrets) => {
      const asked = endpoints.map((endpoint) => ask(services, provider, config, endpoint, secrets))
      return combined(endpoints, await Promise.all(asked))
    })
  } catch (error) {
    if (error instanceof VaultError) return failed('its credential does not open under this master key: set it again')
    throw error
  }
}

function endpointsOf({ pool, baseUrl }: ProviderConfig): Endpoint[] {
  if (pool === undefined) return [{ label: '', baseUrl, binding: undefined }]
  return pool.replicas
    .filter(({ state }) => state !== 'disabled')
    .map(({ id, url, binding }) => ({ label: `replica "${id}" `, baseUrl: url, binding }))
}

async function ask(
  { clock, binding }: Services,
  provider: Provider,
  config: ProviderConfig,
  endpoint: Endpoint,
  secrets: ReadonlyMap<string, string>,
): Promise<ProviderVerdict> {
  const started = clock.now()
  const took = () => clock.now() - started
  let through: Fetcher | undefined
  if (endpoint.binding !== undefined) {
    through = binding(endpoint.binding)
    if (through === undefined)
      return { ok: false, latencyMs: 0, error: `needs the missing binding ${endpoint.binding}` }
  }
  const holder = config.pool ?? config
  const { credential } = holder
  const deadline = deadlineAfter(clock, PROVIDER_CHECK_MS)
  try {
    const reply = await provider.check({
      baseUrl: endpoint.baseUrl,
      credential: credential === undefined ? undefined : secrets.get(credential),
      headers: openedHeaders(holder, secrets),
      outgoing: outgoingThrough(through),
      signal: deadline.signal,
    })
    const models = reply.status === 200 ? await modelsOf(reply) : null
    if (models !== null) return { ok: true, latencyMs: took(), models }
    await reply.body?.cancel().catch(() => {})
    return { ok: false, latencyMs: took(), error: told(reply.status) }
  } catch {
    const late = deadline.signal.aborted
    const error = late ? `did not answer within ${PROVIDER_CHECK_MS / 1000} s` : 'could not be reached'
    return { ok: false, latencyMs: took(), error }
  } finally {
    deadline.clear()
  }
}

function told(status: number): string {
  if (status === 401 || status === 403) return `answered ${status}: it does not accept the credential`
  if (status >= 300 && status < 400) return `answered ${status}: it redirects, which is never followed`
  if (status === 404) return 'answered 404: is the version path, as in /v1, missing from its URL?'
  if (status === 200) return 'answered 200, but not with a list of models'
  return `answered ${status}`
}

/** Ids of an OpenAI list of models; null when the body is no such thing. */
async function modelsOf(reply: ProviderReply): Promise<string[] | null> {
  const text = await boundedText(reply.body, PROVIDER_CHECK_BYTES_MAX)
  if (text === null) return null
  try {
    const { data } = JSON.parse(text) as { data?: unknown }
    if (!Array.isArray(data)) return null
    return data.flatMap((model: { id?: unknown } | null) => (typeof model?.id === 'string' ? [model.id] : []))
  } catch {
    return null
  }
}

/** One verdict for all endpoints: the slowest time, every failure by its replica, each model once. */
function combined(endpoints: readonly Endpoint[], verdicts: readonly ProviderVerdict[]): ProviderVerdict {
  const latencyMs = Math.max(...verdicts.map((verdict) => verdict.latencyMs))
  const errors = verdicts.flatMap((verdict, index) => {
    return verdict.ok ? [] : [`${endpoints[index]?.label ?? ''}${verdict.error}`]
  })
  if (errors.length > 0) return { ok: false, latencyMs, error: errors.join('; ') }
  return {
    ok: true,
    latencyMs,
    models: [...new Set(verdicts.flatMap((verdict) => (verdict.ok ? verdict.models : [])))],
  }
}

/** The plaintexts live as long as `action`. */
function withSecrets(
  vault: Vault,
  records: ReadonlyMap<string, SealedRecord>,
  names: readonly string[],
  action: (secrets: ReadonlyMap<string, string>) => Promise<ProviderVerdict>,
): Promise<ProviderVerdict> {
  const known = names.flatMap((name) => {
    const record = records.get(name)
    return record === undefined ? [] : [{ name, record }]
  })
  return allOpen(
    known,
    ({ name, record }, opened: (value: string) => Promise<ProviderVerdict>) =>
      vault.use(OPERATOR, name, record, opened),
    (values) => action(new Map(known.map(({ name }, index) => [name, values[index] ?? '']))),
  )
}

function deadlineAfter(clock: Clock, ms: number): { signal: AbortSignal; clear: () => void } {
  const controller = new AbortController()
  return { signal: controller.signal, clear: clock.after(ms, () => controller.abort()) }
}
