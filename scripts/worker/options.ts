/** What the worker program is told: flags and environment, read and checked. */
import { readFile } from 'node:fs/promises'
import { STREAMS_PER_WORKER_MAX, WORKER_MODEL_CHARS_MAX, WORKER_MODELS_MAX } from '../../src/core/pool/worker-limits.ts'
import { codeOf, WorkerFault } from './fault.ts'
import { EXIT } from './limits.ts'

/** The flags as they were written. */
export interface WorkerFlags {
  readonly gateway: string
  readonly pool: string
  readonly origin: string
  readonly tokenFile?: string
  readonly maxConcurrency: string
  readonly models?: string
  readonly prefill?: string
  readonly kvTokens?: string
  readonly healthPort?: string
  readonly healthHost: string
  readonly drainSeconds: string
}

export interface WorkerOptions {
  /** `http(s)://…/v1/pools/<pool>/worker`, and the same for a WebSocket. */
  readonly address: string
  readonly socketAddress: string
  readonly pool: string
  readonly token: string
  /** Base URL of the engine, with the version path and without a slash at its end. */
  readonly origin: string
  readonly maxConcurrent: number
  /** Null: the engine is asked. */
  readonly models: readonly string[] | null
  readonly prefillTokensPerSecond: number | undefined
  readonly kvTokens: number | undefined
  readonly health: { readonly port: number; readonly host: string } | null
  readonly drainMs: number
}

/** Reads them; throws a `WorkerFault` that names what is wrong. */
export async function readWorkerOptions(
  flags: WorkerFlags,
  env: Readonly<Record<string, string | undefined>>,
): Promise<WorkerOptions> {
  const gateway = urlOf('--gateway', flags.gateway)
  if (!/^[a-z0-9-]{1,64}$/.test(flags.pool)) throw usage('--pool must be 1 to 64 of a-z, 0-9 and -')
  const address = `${gateway.replace(/\/v1$/, '')}/v1/pools/${flags.pool}/worker`
  const origin = urlOf('--origin', flags.origin)
  const models = flags.models === undefined ? null : modelsOf(flags.models)
  return {
    address,
    socketAddress: address.replace(/^http/, 'ws'),
    pool: flags.pool,
    token: await tokenOf(flags, env),
    // Every OpenAI-compatible server has it; a path that is given stays.
    origin: new URL(origin).pathname === '/' ? `${origin}/v1` : origin,
    maxConcurrent: whole('--max-concurrency', flags.maxConcurrency, 1, STREAMS_PER_WORKER_MAX),
    models,
    prefillTokensPerSecond: optional('--prefill', flags.prefill),
    kvTokens: optional('--kv-tokens', flags.kvTokens),
    health:
      flags.healthPort === undefined
        ? null
        : { port: whole('--health-port', flags.healthPort, 0, 65_535), host: flags.healthHost },
    drainMs: 1000 * whole('--drain-seconds', flags.drainSeconds, 0, 86_400),
  }
}

/** Names with commas between, as a worker may announce them. */
export function modelsOf(text: string): string[] {
  const models = text.split(',').map((name) => name.trim())
  if (!models.every((name) => /^[!-~]{1,256}$/.test(name))) throw usage('--models must be names with commas between')
  if (models.length > WORKER_MODELS_MAX || models.join('').length > WORKER_MODEL_CHARS_MAX)
    throw usage(
      `at most ${WORKER_MODELS_MAX} models, of ${WORKER_MODEL_CHARS_MAX} characters in all; name some with --models`,
    )
  return models
}

const usage = (message: string): WorkerFault => new WorkerFault(EXIT.usage, message)

async function tokenOf({ tokenFile, pool }: WorkerFlags, env: Readonly<Record<string, string | undefined>>) {
  const token = (tokenFile === undefined ? env.SLUICE_WORKER_TOKEN : await contentOf(tokenFile))?.trim() ?? ''
  if (token === '')
    throw usage(
      `There is no worker token. \`sluice pool worker create ${pool} NAME\` makes one for SLUICE_WORKER_TOKEN.`,
    )
  if (!/^slw_[a-z0-9-]{1,64}_[0-9A-Za-z]{8}_[0-9A-Za-z]{38}$/.test(token))
    throw usage('The worker token has not the form slw_<pool>_…: was all of it copied?')
  if (!token.startsWith(`slw_${pool}_`)) throw usage(`The worker token is not one of the pool "${pool}".`)
  return token
}

function contentOf(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: unknown) => {
    throw usage(`--token-file ${file} cannot be read (${codeOf(error)})`)
  })
}

function urlOf(flag: string, text: string): string {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.search !== '')
    throw usage(`${flag} must be a URL, as in https://sluice.example.com`)
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`
}

function whole(flag: string, text: string, least: number, most: number): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= least && value <= most) return value
  throw usage(`${flag} must be a whole number from ${least} to ${most}`)
}

const optional = (flag: string, text: string | undefined): number | undefined =>
  text === undefined ? undefined : whole(flag, text, 1, Number.MAX_SAFE_INTEGER)
