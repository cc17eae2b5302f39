/** A running Sluice for black-box tests: `npm run serve` as a child process, with its own state and secrets. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '../..')
const READY_MS = 90_000

export interface SluiceOptions {
  readonly port: number
  /** Isolates over one set of objects; default 1. */
  readonly isolates?: number
  /** State folder; default: a new one, removed at the stop. */
  readonly state?: string
  /** Environment besides the test secrets; an empty value unsets nothing, it is passed on as empty. */
  readonly env?: Readonly<Record<string, string>>
  /** Whether to run the demo origin, config and tenant; default no. */
  readonly demo?: boolean
  /** Folder of a build to run; default: it makes its own. */
  readonly built?: string | undefined
  /** More flags of serve. */
  readonly flags?: readonly string[]
}

export interface AdminReply {
  readonly status: number
  readonly body: unknown
}

/** A started Sluice. */
export interface RunningSluice {
  /** Address of the first isolate, without a slash at its end. */
  readonly url: string
  /** Addresses of all isolates. */
  readonly urls: readonly string[]
  readonly state: string
  readonly adminToken: string
  readonly process: ChildProcess
  /** What it has written so far. */
  readonly stdout: () => string
  readonly stderr: () => string
  /** A call to the admin API of the isolate at `url` (default: the first). */
  readonly admin: (method: string, path: string, body?: unknown, url?: string) => Promise<AdminReply>
  /** SIGTERM, then waits for the end; resolves to the exit code. */
  readonly stop: () => Promise<number | null>
  /** SIGKILL to the script alone; resolves when it is gone. */
  readonly kill: () => Promise<void>
}

/** Secrets of every test deployment. */
export const testSecrets = {
  SLUICE_MASTER_KEY: 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=',
  SLUICE_ADMIN_TOKEN: 'test-admin-token-0123456789abcdefghij',
} as const

/** Starts Sluice and resolves when each of its ports has its ready line; rejects with its output when it ends before. */
export async function startSluice(options: SluiceOptions): Promise<RunningSluice> {
  const isolates = options.isolates ?? 1
  const state = options.state ?? (await mkdtemp(join(tmpdir(), 'sluice-')))
  // As under npm: should the test runner die, the script sees its parent go and stops.
  const env: NodeJS.ProcessEnv = { ...process.env, npm_lifecycle_event: 'serve', ...testSecrets, ...options.env }
  const flags = ['--port', String(options.port), '--isolates', String(isolates), '--state', state]
  if (options.demo !== true) flags.push('--no-demo')
  if (options.built !== undefined) flags.push('--built', options.built)
  const child = spawn(process.execPath, [join(root, 'scripts/serve.ts'), ...flags, ...(options.flags ?? [])], {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const out = { stdout: '', stderr: '' }
  const ended = new Promise<number | null>((done) => child.once('exit', (code) => done(code)))
  const readied = new Promise<void>((ready, failed) => {
    const late = setTimeout(() => failed(new Error(`not ready in ${READY_MS} ms\n${out.stderr}`)), READY_MS)
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      out.stderr += text
    })
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out.stdout += text
      if (out.stdout.split('sluice ready on ').length > isolates) {
        clearTimeout(late)
        ready()
      }
    })
    void ended.then((code) => {
      clearTimeout(late)
      failed(new Error(`ended with ${code} before it was ready\n${out.stdout}${out.stderr}`))
    })
  })
  await readied.catch(async (error: unknown) => {
    child.kill('SIGKILL')
    await ended
    if (options.state === undefined) await rm(state, { recursive: true, force: true })
    throw error
  })
  const urls = Array.from({ length: isolates }, (_, index) => `http://127.0.0.1:${options.port + index}`)
  const url = `http://127.0.0.1:${options.port}`
  const adminToken = env.SLUICE_ADMIN_TOKEN
  return {
    url,
    urls,
    state,
    adminToken,
    process: child,
    stdout: () => out.stdout,
    stderr: () => out.stderr,
    admin: (method, path, body, at = url) => callAdmin(at, adminToken, method, path, body),
    stop: async () => {
      child.kill('SIGTERM')
      const code = await ended
      if (options.state === undefined) await rm(state, { recursive: true, force: true })
      return code
    },
    kill: async () => {
      child.kill('SIGKILL')
      await ended
    },
  }
}

async function callAdmin(url: string, token: string, method: string, path: string, body: unknown): Promise<AdminReply> {
  const reply = await fetch(`${url}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await reply.text()
  return { status: reply.status, body: text === '' ? undefined : JSON.parse(text) }
}
