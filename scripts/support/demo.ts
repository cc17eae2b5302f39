/** The demo: an upstream to talk to, a config that names it, and tenant `demo` with a key. Idempotent on old state. */
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { startChild } from './child.ts'
import type { Lifetime } from './lifetime.ts'
import { projectFolder } from './options.ts'
import { UserError } from './run.ts'

export const DEMO_ALIAS = 'demo'
const TENANT = 'demo'
const IN_FORCE_MS = 15_000
const POLL_MS = 100
const MODELS_MS = 10_000
/** A model on a laptop's CPU takes its time before the first token. */
const SLOW_TIMEOUTS = { firstTokenMs: 300_000, idleMs: 120_000 }

/** What answers behind the gateway, as the document to apply. */
export interface DemoUpstream {
  readonly document: unknown
}

const demoSchema = z.looseObject({
  providers: z.object({
    gpu: z.looseObject({ pool: z.looseObject({ replicas: z.array(z.looseObject({ id: z.string() })) }) }),
  }),
})

/** Starts one replica of the demo origin for each that the demo config names, on ports that happen to be free. */
export async function startDemoOrigin(lifetime: Lifetime): Promise<DemoUpstream> {
  const document = demoSchema.parse(JSON.parse(await readFile(join(projectFolder, 'scripts/demo/config.json'), 'utf8')))
  const { pool } = document.providers.gpu
  pool.replicas = await Promise.all(
    pool.replicas.map(async (replica) => ({ ...replica, url: await startReplica(replica.id, lifetime) })),
  )
  return { document }
}

async function startReplica(name: string, lifetime: Lifetime): Promise<string> {
  const script = join(projectFolder, 'scripts/demo/origin.ts')
  const child = startChild(process.execPath, [script, '--port', '0', '--name', name], {
    stdio: ['ignore', 'pipe', process.stderr.fd],
  })
  lifetime.onStop(child.stop)
  const output = child.process.stdout
  if (output === null) throw new Error('the demo origin has no output')
  for await (const line of createInterface({ input: output })) {
    const url = /^origin ready on (\S+)$/.exec(line)?.[1]
    if (url !== undefined) return url
  }
  throw new Error(`replica ${name} of the demo origin did not start`)
}

const modelsSchema = z.object({ data: z.array(z.object({ id: z.string() })) })

/** Any OpenAI-compatible server as the upstream; without a model's name, the first that it lists. */
export async function useOrigin(url: string, model: string | undefined): Promise<DemoUpstream> {
  const target = { provider: 'gpu', model: model ?? (await firstModel(url)) }
  return {
    document: {
      providers: { gpu: { protocol: 'openai', baseUrl: url } },
      models: { [DEMO_ALIAS]: { targets: [target], timeouts: SLOW_TIMEOUTS } },
    },
  }
}

async function firstModel(url: string): Promise<string> {
  const advice = `is an OpenAI-compatible server running at ${url}? --model NAME spares the question`
  const reply = await fetch(`${url}/models`, { signal: AbortSignal.timeout(MODELS_MS) }).catch(() => undefined)
  const listed = modelsSchema.safeParse(await reply?.json().catch(() => undefined)).data?.data
  const first = listed?.[0]?.id
  if (first === undefined) throw new UserError(`${url}/models lists no model; ${advice}`)
  return first
}

// `version`: that of the config which was applied from here, so that an operator's own is told from it.
const noteSchema = z.object({ version: z.number().optional(), key: z.string().optional() })
const configSchema = z.object({ version: z.number(), config: z.unknown() })
const appliedSchema = z.object({ version: z.number() })
const mintedSchema = z.object({ key: z.string() })

export interface DemoOptions {
  readonly url: string
  readonly token: string
  readonly state: string
  readonly upstream: DemoUpstream
  readonly say: (line: string) => void
}

/**
 * Applies the config, unless somebody has applied one of their own since; makes the tenant; keeps its key, for it is
 * shown but once, in a file of the state folder that its owner alone can read. Returns when the key works.
 */
export async function applyDemo(options: DemoOptions): Promise<{ readonly key: string; readonly alias: string }> {
  const file = noteFile(options.state)
  const note =
    noteSchema.safeParse(
      await readFile(file, 'utf8')
        .then(JSON.parse)
        .catch(() => undefined),
    ).data ?? {}
  const version = await applyConfig(options, note.version)
  await admin(options, 'POST', '/admin/tenants', { id: TENANT, name: 'Demo' }, [201, 409])
  const known = note.key !== undefined && (await modelsOf(options.url, note.key)) !== undefined ? note.key : undefined
  const key = known ?? (await mint(options))
  await writeFile(file, JSON.stringify({ version, key }), { mode: 0o600 })
  const alias = await aliasInForce(options, key)
  return { key, alias }
}

/** Forgets the demo's key and config version, with the state they belong to. */
export const forgetDemo = (state: string): Promise<void> => rm(noteFile(state), { force: true })

const noteFile = (state: string): string => join(state, 'demo.json')

async function applyConfig(options: DemoOptions, applied: number | undefined): Promise<number | undefined> {
  const { document } = options.upstream
  const current = configSchema.parse(await admin(options, 'GET', '/admin/config', undefined, [200]))
  if (current.version > 0 && current.version !== applied) {
    options.say(`config    version ${current.version} is your own and stays; --fresh brings the demo's back`)
    return applied
  }
  if (JSON.stringify(current.config) === JSON.stringify(document)) return current.version
  return appliedSchema.parse(await admin(options, 'PUT', '/admin/config', document, [200])).version
}

async function mint(options: DemoOptions): Promise<string> {
  const made = await admin(options, 'POST', `/admin/tenants/${TENANT}/keys`, { name: 'demo' }, [201])
  return mintedSchema.parse(made).key
}

/** Waits until the key may call the demo's model: an isolate may hold what was before for some seconds. */
async function aliasInForce(options: DemoOptions, key: string): Promise<string> {
  const deadline = performance.now() + IN_FORCE_MS
  for (;;) {
    const models = (await modelsOf(options.url, key)) ?? []
    if (models.includes(DEMO_ALIAS)) return DEMO_ALIAS
    if (performance.now() > deadline) return models[0] ?? DEMO_ALIAS
    await sleep(POLL_MS)
  }
}

/** The models that the key may call; undefined when the key is not known. */
async function modelsOf(url: string, key: string): Promise<readonly string[] | undefined> {
  const reply = await fetch(`${url}/v1/models`, { headers: { authorization: `Bearer ${key}` } })
  const body: unknown = await reply.json().catch(() => undefined)
  return reply.ok ? modelsSchema.parse(body).data.map((model) => model.id) : undefined
}

async function admin(
  { url, token }: DemoOptions,
  method: string,
  path: string,
  body: unknown,
  expected: readonly number[],
): Promise<unknown> {
  const reply = await fetch(`${url}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await reply.text()
  if (!expected.includes(reply.status)) throw new Error(`${method} ${path} answered ${reply.status}: ${text}`)
  return text === '' ? undefined : JSON.parse(text)
}
