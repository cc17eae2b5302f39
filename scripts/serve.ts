/** `npm run serve`: the built Worker on bare workerd at full speed, its objects on disk. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { BuildError, buildWorker, installed } from './support/build.ts'
import { startChild } from './support/child.ts'
import { type Lifetime, processLifetime } from './support/lifetime.ts'
import { lockState, StateInUseError } from './support/lock.ts'
import { projectFolder, type RunOptions, readRunOptions, UsageError } from './support/options.ts'
import { answers, busyPort } from './support/ports.ts'
import { loadVariables } from './support/variables.ts'
import { workerdConfig } from './support/workerd-config.ts'

const READY_MS = 60_000

async function serve(options: RunOptions, lifetime: Lifetime): Promise<void> {
  await mkdir(options.state, { recursive: true, mode: 0o700 })
  const lock = await lockState(options.state, 'serve')
  lifetime.onStop(lock.release)
  const ports = Array.from({ length: options.isolates }, (_, index) => options.port + index)
  const busy = await busyPort(ports)
  if (busy !== undefined) throw new UsageError(`port ${busy} is in use; choose another with --port`)
  const objects = join(options.state, 'objects')
  const worker = join(options.state, 'worker')
  if (options.fresh) await rm(objects, { recursive: true, force: true })
  await mkdir(objects, { recursive: true })

  const variables = await loadVariables(process.env, join(projectFolder, '.dev.vars'))
  const extra = process.env.NODE_EXTRA_CA_CERTS
  const config = workerdConfig({
    wrangler: await readFile(join(projectFolder, 'wrangler.toml'), 'utf8'),
    modules: await buildWorker(projectFolder, worker),
    objects,
    variables: Object.keys(variables),
    ports,
    certificates: extra === undefined ? [] : [await readFile(extra, 'utf8')],
  })
  const configFile = join(worker, 'workerd.capnp')
  await writeFile(configFile, config)

  if (lifetime.stopping()) return
  // Whatever the Worker logs goes to stderr: stdout carries the ready lines and nothing else.
  const workerd = startChild(installed(projectFolder, 'workerd'), ['serve', configFile], {
    env: { ...process.env, ...variables },
    stdio: ['ignore', process.stderr.fd, process.stderr.fd],
  })
  lifetime.onStop(workerd.stop)
  await lock.hold(workerd.pid)
  void workerd.ended.then(({ code, signal }) => {
    if (lifetime.stopping()) return
    console.error(`sluice: workerd ended by itself (${signal ?? `exit code ${code}`})`)
    void lifetime.stop(1)
  })
  for (const port of ports) {
    if (await answers(`http://127.0.0.1:${port}/health`, workerd.ended, READY_MS)) continue
    if (lifetime.stopping()) return
    throw new Error(`nothing answers on port ${port}`)
  }
  for (const port of ports) console.log(`sluice ready on http://127.0.0.1:${port}`)
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const lifetime = processLifetime()
  try {
    await serve(readRunOptions(process.argv.slice(2), ['isolates']), lifetime)
  } catch (error) {
    const expected = error instanceof UsageError || error instanceof BuildError || error instanceof StateInUseError
    console.error(expected ? `sluice: ${error.message}` : error)
    await lifetime.stop(1)
  }
}
