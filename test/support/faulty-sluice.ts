/** The built Worker on bare workerd as `npm run serve` runs it, with a test's front between isolates and objects. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { stripTypeScriptTypes } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildWorker, installed, takeBuild } from '../../scripts/support/build.ts'
import { type Child, startChild } from '../../scripts/support/child.ts'
import { projectFolder } from '../../scripts/support/options.ts'
import { answers } from '../../scripts/support/ports.ts'
import { workerdConfig } from '../../scripts/support/workerd-config.ts'
import type { ObjectFault } from './fault-front.ts'
import { send } from './http-client.ts'
import { type RunningSluice, type SluiceOptions, testSecrets } from './serve.ts'
import { type Setup, setUp, type TestSluice } from './sluice.ts'

const READY_MS = 60_000
const DRAIN_MS = 200

/** The product's bundle as it is, entered through the front. */
const ENTRY = `/** The entry of a test's workerd. */
import worker, { PoolObject as Pool } from './index.js'
import { mortal, withObjectFaults } from './fault-front.js'
export * from './index.js'
export const PoolObject = mortal(Pool)
export default withObjectFaults(worker)
`

/** A Sluice whose objects can be taken away, and whose process can. */
export interface FaultySluice extends TestSluice {
  /** Sets the faults of an isolate, by its number. */
  faults(isolate: number, faults: readonly ObjectFault[]): Promise<void>
  /** Sets the same faults on every isolate. */
  faultsEverywhere(faults: readonly ObjectFault[]): Promise<void>
  /** How often an isolate has called a method of tenants' objects. */
  callsOf(isolate: number, method: string): Promise<number>
  /** Has a pool's object do nothing for so long. */
  stallPool(pool: string, ms: number): Promise<void>
  /** Throws a pool's object out of memory. */
  evictPool(pool: string): Promise<void>
  /** kill -9 of workerd. */
  crash(): Promise<void>
  /** Starts workerd again over the same state, after a crash. */
  restart(): Promise<void>
}

/** Starts one and sets it up. */
export async function setUpFaulty(setup: Setup): Promise<FaultySluice> {
  let workerd: Workerd | undefined
  const sluice = await setUp(setup, async (options) => {
    workerd = await Workerd.prepare(options)
    return await workerd.running()
  })
  const process = workerd
  if (process === undefined) throw new Error('set up without a start')
  const control = (isolate: number, body?: readonly ObjectFault[]) =>
    send(`${sluice.urls[isolate]}/test-only/object-faults`, body === undefined ? {} : { method: 'PUT', body })
  const faults = async (isolate: number, wanted: readonly ObjectFault[]): Promise<void> => {
    const { status } = await control(isolate, wanted)
    if (status !== 200) throw new Error(`the front of isolate ${isolate} answered ${status}`)
  }
  return {
    ...sluice,
    faults,
    faultsEverywhere: async (wanted) => {
      await Promise.all(sluice.urls.map((_, isolate) => faults(isolate, wanted)))
    },
    callsOf: async (isolate, method) => ((await control(isolate)).json as Record<string, number>)[method] ?? 0,
    stallPool: async (pool, ms) => void (await send(`${sluice.url}/test-only/pools/${pool}?stallMs=${ms}`)),
    evictPool: async (pool) => void (await send(`${sluice.url}/test-only/pools/${pool}`)),
    crash: () => process.crash(),
    restart: () => process.start(),
  }
}

/** One state folder with a configuration, and the process over it. */
class Workerd {
  readonly #options: SluiceOptions
  readonly #state: string
  readonly #variables: Readonly<Record<string, string>>
  readonly #urls: readonly string[]
  #child: Child | undefined
  #output = ''

  private constructor(options: SluiceOptions, state: string) {
    this.#options = options
    this.#state = state
    this.#variables = { SLUICE_ALLOW_PRIVATE: '1', ...testSecrets, ...options.env }
    this.#urls = portsOf(options).map((port) => `http://127.0.0.1:${port}`)
  }

  /** Builds the Worker and writes the configuration. */
  static async prepare(options: SluiceOptions): Promise<Workerd> {
    const state = options.state ?? (await mkdtemp(join(tmpdir(), 'sluice-faulty-')))
    const workerd = new Workerd(options, state)
    const folder = join(state, 'worker')
    const { built } = options
    const bundle = await (built === undefined ? buildWorker(projectFolder, folder) : takeBuild(built, folder))
    await mkdir(join(state, 'objects'), { recursive: true })
    const front = await readFile(join(import.meta.dirname, 'fault-front.ts'), 'utf8')
    await writeFile(join(folder, 'fault-front.js'), stripTypeScriptTypes(front))
    await writeFile(join(folder, 'entry.js'), ENTRY)
    const config = workerdConfig({
      wrangler: await readFile(join(projectFolder, 'wrangler.toml'), 'utf8'),
      modules: ['entry.js', 'fault-front.js', ...bundle],
      objects: join(state, 'objects'),
      variables: Object.keys(workerd.#variables),
      ports: portsOf(options),
      certificates: [],
    })
    await writeFile(join(folder, 'workerd.capnp'), config)
    return workerd
  }

  async start(): Promise<void> {
    const child = startChild(
      installed(projectFolder, 'workerd'),
      ['serve', join(this.#state, 'worker', 'workerd.capnp')],
      { env: { ...process.env, ...this.#variables }, stdio: ['ignore', 'pipe', 'pipe'] },
    )
    this.#child = child
    for (const stream of [child.process.stdout, child.process.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text
      })
    }
    for (const url of this.#urls) {
      if (!(await answers(`${url}/health`, child.ended, READY_MS)))
        throw new Error(`no answer at ${url}\n${this.#output}`)
    }
  }

  async crash(): Promise<void> {
    this.#child?.process.kill('SIGKILL')
    await this.#child?.ended
  }

  /** Starts it and gives what `npm run serve` would be. */
  async running(): Promise<RunningSluice> {
    await this.start()
    const child = this.#child
    const [url = ''] = this.#urls
    if (child === undefined) throw new Error('not started')
    return {
      url,
      urls: this.#urls,
      state: this.#state,
      adminToken: this.#variables.SLUICE_ADMIN_TOKEN ?? '',
      process: child.process,
      stdout: () => '',
      stderr: () => this.#output,
      admin: () => Promise.reject(new Error('use the controls of setUpFaulty')),
      stop: async () => {
        await this.#child?.stop(DRAIN_MS)
        if (this.#options.state === undefined) await rm(this.#state, { recursive: true, force: true })
        return 0
      },
      kill: () => this.crash(),
    }
  }
}

function portsOf({ port, isolates = 1 }: SluiceOptions): number[] {
  return Array.from({ length: isolates }, (_, index) => port + index)
}
