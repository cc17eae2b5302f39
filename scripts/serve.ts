/** `npm run serve`: the built Worker on bare workerd at full speed, its objects on disk. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buildWorker, installed, takeBuild } from './support/build.ts'
import { startChild } from './support/child.ts'
import { forgetDemo, startDemoOrigin } from './support/demo.ts'
import type { Lifetime } from './support/lifetime.ts'
import { lockState } from './support/lock.ts'
import { projectFolder, type RunOptions, readRunOptions } from './support/options.ts'
import { requireFreePorts } from './support/ports.ts'
import { runScript } from './support/run.ts'
import { announce } from './support/start.ts'
import { loadVariables, type Variables } from './support/variables.ts'
import { workerdConfig } from './support/workerd-config.ts'

async function serve(args: readonly string[], lifetime: Lifetime): Promise<void> {
  const options = readRunOptions(args, ['isolates', 'built'])
  const { state } = options
  await mkdir(state, { recursive: true, mode: 0o700 })
  const lock = await lockState(state, 'serve')
  lifetime.onStop(lock.release)
  const ports = Array.from({ length: options.isolates }, (_, index) => options.port + index)
  await requireFreePorts(ports)

  const objects = join(state, 'objects')
  if (options.fresh) {
    await rm(objects, { recursive: true, force: true })
    await forgetDemo(state)
  }
  await mkdir(objects, { recursive: true })
  const upstream = options.demo ? startDemoOrigin(lifetime) : undefined
  const variables = await loadVariables(process.env, join(projectFolder, '.dev.vars'))
  const [file] = await Promise.all([writeConfig(options, objects, ports, variables), upstream])

  if (lifetime.stopping()) return
  // Whatever the Worker logs goes to stderr: stdout carries the ready lines and nothing else.
  const child = startChild(installed(projectFolder, 'workerd'), ['serve', file], {
    env: { ...process.env, ...variables },
    stdio: ['ignore', process.stderr.fd, process.stderr.fd],
  })
  lifetime.onStop(child.stop)
  await lock.hold(child.pid)
  const say = (line: string): void => console.error(line)
  await announce({ ports, child, state, variables, upstream: await upstream, say }, lifetime)
}

/** Builds the Worker and writes what workerd needs to run it; returns the configuration's path. */
async function writeConfig(
  { state, built }: Pick<RunOptions, 'state' | 'built'>,
  objects: string,
  ports: readonly number[],
  variables: Variables,
): Promise<string> {
  const folder = join(state, 'worker')
  const extra = process.env.NODE_EXTRA_CA_CERTS
  const config = workerdConfig({
    wrangler: await readFile(join(projectFolder, 'wrangler.toml'), 'utf8'),
    modules: await (built === undefined ? buildWorker(projectFolder, folder) : takeBuild(built, folder)),
    objects,
    variables: Object.keys(variables),
    ports,
    certificates: extra === undefined ? [] : [await readFile(extra, 'utf8')],
    webhooksPrivate: variables.SLUICE_WEBHOOKS_PRIVATE === '1',
  })
  const file = join(folder, 'workerd.capnp')
  await writeFile(file, config)
  return file
}

await runScript((lifetime) => serve(process.argv.slice(2), lifetime))
