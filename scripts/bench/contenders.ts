/** Starts what is compared: the floor, Sluice as `npm run serve` runs it, and Portkey where it is installed. */
import { randomBytes } from 'node:crypto'
import { existsSync, openSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buildWorker, installed } from '../support/build.ts'
import { type Child, startChild } from '../support/child.ts'
import type { Lifetime } from '../support/lifetime.ts'
import { projectFolder } from '../support/options.ts'
import { answers } from '../support/ports.ts'
import { cpuMs, findProcess } from './cpu.ts'
import { type PairsJob, type PairsRun, pairsConfig } from './pool-pairs.ts'
import { type BenchConfig, configOf, type Running, setUpSluice } from './sluice.ts'
import type { Contender, ContenderName } from './types.ts'

const READY_MS = 90_000
const LOG_SHOWN = 4000

/** Where contenders are started. */
export interface Place {
  readonly port: number
  readonly upstreamPort: number
  /** A folder of this run alone. */
  readonly folder: string
  readonly lifetime: Lifetime
}

const headers = { 'content-type': 'application/json' }

/** No hop at all: what load and upstream can do by themselves. */
export function direct(upstreamPort: number, pid: number): Contender {
  return { name: 'direct', port: upstreamPort, headers, pid }
}

/** The least that a Worker can do: pass everything through. The source is fixed, or the ratios would mean nothing. */
export const floorSource =
  'export default { fetch: (request, env) => fetch(env.ORIGIN + new URL(request.url).pathname, request) }'

/** The least that a Worker can do that answers by itself, and knows what it was asked. As fixed. */
export const hasherSource = `export default {
  async fetch(request, env) {
    await crypto.subtle.digest('SHA-256', await request.arrayBuffer())
    return new Response(env.REPLY, { headers: { 'content-type': 'application/json' } })
  },
}`

/** The pass-through Worker. */
export function startFloor(place: Place): Promise<Contender> {
  return startWorker(place, 'floor', floorSource, { ORIGIN: `http://127.0.0.1:${place.upstreamPort}` })
}

/** The Worker that hashes the body and gives one and the same reply. */
export function startHasher(place: Place, reply: string): Promise<Contender> {
  return startWorker(place, 'hasher', hasherSource, { REPLY: reply })
}

/** A Worker on a workerd of its own, so that its CPU time can be told from Sluice's. */
async function startWorker(
  place: Place,
  name: ContenderName,
  source: string,
  texts: Readonly<Record<string, string>>,
): Promise<Contender> {
  const compatibilityDate = /compatibility_date = "([\d-]+)"/.exec(
    await readFile(join(projectFolder, 'wrangler.toml'), 'utf8'),
  )
  const bindings = Object.entries(texts).map(([key, text]) => `(name = "${key}", text = ${JSON.stringify(text)})`)
  const config = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "${name}", worker = (
      modules = [(name = "${name}.js", esModule = embed "${name}.js")],
      compatibilityDate = "${compatibilityDate?.[1] ?? ''}",
      bindings = [${bindings.join(', ')}],
    )),
    (name = "internet", network = (allow = ["public", "private"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:${place.port}", http = (), service = "${name}")],
);
`
  const file = join(place.folder, `${name}.capnp`)
  await writeFile(join(place.folder, `${name}.js`), source)
  await writeFile(file, config)
  const child = start(place, name, installed(projectFolder, 'workerd'), ['serve', file], process.env)
  await ready(place, name, child, '/health')
  return { name, port: place.port, headers, pid: findProcess(child.pid, 'workerd') }
}

/** A contender that can be asked for more than replies. */
export interface SluiceContender extends Omit<Contender, 'recorded'>, Omit<Running, 'key'> {
  /** One an isolate. */
  readonly ports: readonly number[]
}

/**
 * Sluice through the code of `npm run serve`, with a tenant, a key and a config applied through its admin API. `built`:
 * the folder of another build than its own.
 */
export async function startSluice(
  place: Place,
  isolates = 1,
  configFor: (upstream: string) => BenchConfig = configOf,
  built?: string,
): Promise<SluiceContender> {
  const token = randomBytes(32).toString('base64url')
  const ports = Array.from({ length: isolates }, (_, index) => place.port + index)
  const child = start(
    place,
    'sluice',
    process.execPath,
    [
      join(projectFolder, 'scripts/serve.ts'),
      '--port',
      String(place.port),
      '--isolates',
      String(isolates),
      '--no-demo',
      '--state',
      join(place.folder, `state-${isolates}`),
      ...(built === undefined ? [] : ['--built', built]),
    ],
    { ...process.env, SLUICE_MASTER_KEY: randomBytes(32).toString('base64'), SLUICE_ADMIN_TOKEN: token },
  )
  await ready(place, 'sluice', child, '/health')
  const urls = ports.map((port) => `http://127.0.0.1:${port}`)
  const config = configFor(`http://127.0.0.1:${place.upstreamPort}/v1`)
  const { key, ...running } = await setUpSluice(urls, token, config)
  return {
    name: 'sluice',
    port: place.port,
    headers: { ...headers, authorization: `Bearer ${key}` },
    pid: findProcess(child.pid, 'workerd'),
    ports,
    ...running,
  }
}

/** A Sluice whose Worker has the loop over a pool's object in it, too: one isolate has the object, the other one asks. */
export async function startPairs(place: Place) {
  const built = join(place.folder, 'built')
  await buildWorker(projectFolder, built, join(projectFolder, 'scripts/bench/pool-worker/index.ts'))
  const { ports, pid } = await startSluice(place, 2, (upstream) => pairsConfig(configOf(upstream)), built)
  const run = async (job: PairsJob): Promise<PairsRun> => {
    const url = `http://127.0.0.1:${ports[1]}/bench/pairs`
    const reply = await fetch(url, { method: 'POST', body: JSON.stringify(job) })
    if (!reply.ok) throw new Error(`the loop over the pool's object answered ${reply.status}: ${await reply.text()}`)
    return (await reply.json()) as PairsRun
  }
  return { run, cpuMs: () => cpuMs(pid) }
}

/** Portkey's script under a folder: the package itself, or one that has it in its node_modules. */
export function findPortkey(folder: string): string | undefined {
  const script = 'build/start-server.js'
  return [join(folder, script), join(folder, 'node_modules/@portkey-ai/gateway', script)].find(existsSync)
}

/** Portkey's gateway on Node, sent to the upstream by its own headers. */
export async function startPortkey(place: Place, script: string): Promise<Contender> {
  const environment = { ...process.env, NODE_ENV: 'production', TRUSTED_CUSTOM_HOSTS: '127.0.0.1' }
  const child = start(place, 'portkey', process.execPath, [script, `--port=${place.port}`, '--headless'], environment)
  await ready(place, 'portkey', child, '/')
  return {
    name: 'portkey',
    port: place.port,
    headers: {
      ...headers,
      authorization: 'Bearer bench',
      'x-portkey-provider': 'openai',
      'x-portkey-custom-host': `http://127.0.0.1:${place.upstreamPort}/v1`,
    },
    pid: child.pid,
  }
}

/** What a contender says goes to a file: a gateway that logs every failure would drown the figures. */
function start(
  place: Place,
  name: ContenderName,
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Child {
  const log = openSync(logOf(place, name), 'w')
  const child = startChild(command, args, { env, cwd: projectFolder, stdio: ['ignore', log, log] })
  place.lifetime.onStop(child.stop)
  return child
}

async function ready(place: Place, name: ContenderName, child: Child, path: string): Promise<void> {
  if (await answers(`http://127.0.0.1:${place.port}${path}`, child.ended, READY_MS)) return
  throw new Error(`${name} does not answer:\n${(await readFile(logOf(place, name), 'utf8')).slice(-LOG_SHOWN)}`)
}

function logOf(place: Place, name: ContenderName): string {
  return join(place.folder, `${name}.log`)
}
