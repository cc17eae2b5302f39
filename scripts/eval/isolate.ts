/** A workerd of its own with the Worker's objects, and the loop in front of them: where a set is streamed. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildWorker, installed } from '../support/build.ts'
import { startChild } from '../support/child.ts'
import { projectFolder } from '../support/options.ts'
import { answers } from '../support/ports.ts'
import { workerdConfig } from '../support/workerd-config.ts'
import { type Loaded, writeLoad } from './load.ts'
import type { Outcomes, Run } from './run.ts'

/** What a stream came to, and how the route stood at its end. */
export interface Ran {
  readonly outcomes: Outcomes
  /** Entries of the audit log that tell of a threshold that was raised: after which request at the latest, from and to. */
  readonly raised: readonly { readonly from: number | null; readonly to: number | null }[]
  readonly threshold: number | null
  readonly errorRate: number | null
  readonly errorBound: number | null
}

/** Streams sets. */
export interface Isolate {
  load(loaded: Loaded): Promise<void>
  run(run: Run): Promise<Ran>
  /** How a cosine alone would do. */
  runCosine(run: Pick<Run, 'tenant' | 'seed' | 'count'> & { readonly cosine: number }): Promise<Outcomes>
  stop(): Promise<void>
}

const ENTRY = 'scripts/eval/worker/index.ts'
const READY_MS = 60_000
const DRAIN_MS = 1000

/** Builds and starts it; its objects lie in a folder that goes with it. */
export async function startIsolate(): Promise<Isolate> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-eval-'))
  const worker = join(folder, 'worker')
  const port = await freePort()
  await mkdir(join(folder, 'objects'))
  const config = workerdConfig({
    wrangler: await readFile(join(projectFolder, 'wrangler.toml'), 'utf8'),
    modules: await buildWorker(projectFolder, worker, join(projectFolder, ENTRY)),
    objects: join(folder, 'objects'),
    variables: [],
    ports: [port],
    certificates: [],
  })
  await writeFile(join(worker, 'workerd.capnp'), config)
  const child = startChild(installed(projectFolder, 'workerd'), ['serve', join(worker, 'workerd.capnp')], {
    stdio: ['ignore', process.stderr.fd, process.stderr.fd],
  })
  const stop = async (): Promise<void> => {
    await child.stop(DRAIN_MS)
    await rm(folder, { recursive: true, force: true })
  }
  const url = `http://127.0.0.1:${port}`
  if (!(await answers(`${url}/health`, child.ended, READY_MS))) {
    await stop()
    throw new Error(`workerd does not answer at ${url}`)
  }
  const ask = async (path: string, body: BodyInit): Promise<Response> => {
    const reply = await fetch(`${url}${path}`, { method: 'POST', body })
    if (!reply.ok) throw new Error(`${path}: ${reply.status} ${await reply.text()}`)
    return reply
  }
  return {
    load: async (loaded) => void (await ask('/load', writeLoad(loaded))),
    run: async (run) => (await (await ask('/run', JSON.stringify(run))).json()) as Ran,
    runCosine: async (run) => (await ask('/cosine', JSON.stringify(run))).text(),
    stop,
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}
