/** One look at a replica of a pool: its health page, and where the config names it the metrics of its engine. */
import type { PoolConfig, ReplicaConfig } from '../core/config.ts'
import { openedHeaders, secretNames } from '../core/operator-secrets.ts'
import { type EngineMetrics, engineMetrics, gpuUtilisation, type ProbeResult } from '../core/pool/engine-metrics.ts'
import { POOL_HEALTH_MS, POOL_METRICS_BYTES_MAX, POOL_METRICS_MS } from '../core/pool/probe-limits.ts'
import { OPERATOR } from '../core/sealed.ts'
import { allOpen } from '../lib/all-open.ts'
import { boundedText } from '../lib/bounded-text.ts'
import { type Clock, withDeadline } from '../lib/clock.ts'
import { type Outgoing, outgoingThrough } from '../lib/outgoing.ts'
import { USER_AGENT } from '../lib/version.ts'
import type { Services } from '../services.ts'

type Tools = Pick<Services, 'clock' | 'vault' | 'binding'> & {
  readonly deployment: Pick<Services['deployment'], 'get'>
}

/** Looks at replicas. */
export interface PoolProber {
  /**
   * Asks one page after the other, so that a probe has one connection at a time; at most POOL_HEALTH_MS and twice
   * POOL_METRICS_MS. Never rejects, and what it resolves with holds nothing of what was sent or of what came back but
   * numbers.
   */
  probe(poolName: string, replica: ReplicaConfig): Promise<ProbeResult>
}

type Headers = Readonly<Record<string, string>>
type Get = (url: string, headers: Headers) => Promise<Response>
/** Asks, and reads what comes, within a time; null where nothing came of it. */
type Asking = <T>(ms: number, ask: (get: Get) => Promise<T | null>) => Promise<T | null>

/** Prometheus' own text format, and not one of those that need another reader. */
const TEXT_FORMAT = 'text/plain;version=0.0.4'

const NOTHING_LEARNT: ProbeResult = { isHealthy: null, metrics: null }
const ILL: ProbeResult = { isHealthy: false, metrics: null }

/** Probes with the pool's own headers and credential, as the config in force has them. */
export function poolProber(tools: Tools): PoolProber {
  return { probe: (poolName, replica) => probe(tools, poolName, replica).catch(() => NOTHING_LEARNT) }
}

/** Rejects where the config or a secret cannot be had now: that is not the replica's doing. */
async function probe(
  { deployment, vault, binding, clock }: Tools,
  poolName: string,
  replica: ReplicaConfig,
): Promise<ProbeResult> {
  const { config, credentials } = await deployment.get()
  const pool = config.providers[poolName]?.pool
  if (pool === undefined) return NOTHING_LEARNT
  const through = replica.binding === undefined ? undefined : binding(replica.binding)
  // No request can reach it either.
  if (replica.binding !== undefined && through === undefined) return ILL
  const names = secretNames(pool)
  return allOpen(
    names,
    async (name, action: (value: string) => Promise<ProbeResult>) => {
      const record = credentials[name]
      return record === undefined ? NOTHING_LEARNT : vault.use(OPERATOR, name, record, action)
    },
    async (values) => {
      const secrets = new Map(names.map((name, index) => [name, values[index] ?? '']))
      const asking = askingThrough(outgoingThrough(through), clock)
      const shared = sharedHeaders(pool, secrets)
      // A credential of the engine is the engine's alone; a header of the pool, say of its tunnel, is for all behind it.
      const own = pool.credential === undefined ? shared : { ...bearer(secrets.get(pool.credential)), ...shared }
      if (!(await isWell(asking, rootOf(replica) + pool.health.path, own))) return ILL
      const { metrics } = pool.health
      if (metrics === undefined) return { isHealthy: true, metrics: null }
      const engine = await engineOf(asking, rootOf(replica) + metrics, own, clock)
      return { isHealthy: true, metrics: engine === null ? null : await withGpus(asking, replica, shared, engine) }
    },
  )
}

/** Paths are appended to it, and not resolved: one that begins with two slashes must not become a host. */
const rootOf = ({ url }: ReplicaConfig): string => new URL(url).origin

async function isWell(asking: Asking, url: string, headers: Headers): Promise<boolean> {
  const isHealthy = await asking(POOL_HEALTH_MS, async (get) => {
    const reply = await get(url, { accept: '*/*', ...headers })
    // What it says is not looked at; a connection that is read no further must be told.
    reply.body?.cancel().catch(() => undefined)
    return reply.ok
  })
  return isHealthy === true
}

async function engineOf(asking: Asking, url: string, headers: Headers, clock: Clock): Promise<EngineMetrics | null> {
  const page = await pageOf(asking, url, headers)
  return page === null ? null : engineMetrics(page, clock.now())
}

async function withGpus(
  asking: Asking,
  { gpuMetricsUrl }: ReplicaConfig,
  headers: Headers,
  engine: EngineMetrics,
): Promise<EngineMetrics> {
  const page = gpuMetricsUrl === undefined ? null : await pageOf(asking, gpuMetricsUrl, headers)
  return page === null ? engine : { ...engine, gpuUtilisation: gpuUtilisation(page) }
}

/** The configured headers, in lower case: two spellings of one name would be sent as one header with both values. */
function sharedHeaders(pool: PoolConfig, secrets: ReadonlyMap<string, string>): Record<string, string> {
  const named = Object.entries(openedHeaders(pool, secrets)).map(([name, value]) => [name.toLowerCase(), value])
  return { 'user-agent': USER_AGENT, ...Object.fromEntries(named) }
}

const bearer = (credential = ''): Record<string, string> => ({ authorization: `Bearer ${credential}` })

/** A page of metrics; null where it did not come whole, in time, with status 200. */
function pageOf(asking: Asking, url: string, headers: Headers): Promise<string | null> {
  return asking(POOL_METRICS_MS, async (get) => {
    const reply = await get(url, { accept: TEXT_FORMAT, ...headers })
    if (reply.status === 200) return boundedText(reply.body, POOL_METRICS_BYTES_MAX)
    reply.body?.cancel().catch(() => undefined)
    return null
  })
}

/** Whether a call can be stopped or not, and however it fails: its own words may quote a URL or a header, and are dropped. */
function askingThrough(send: Outgoing, clock: Clock): Asking {
  return async (ms, ask) => {
    const abort = new AbortController()
    const { signal } = abort
    const asked = ask((url, headers) => send({ url, method: 'GET', headers, signal }))
    const answer = await withDeadline(clock, ms, asked, () => new Error('late')).catch(() => null)
    abort.abort()
    return answer
  }
}
