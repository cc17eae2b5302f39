/** `npm run dev`: everything a newcomer needs, on `wrangler dev`. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { installed, quietWrangler } from './support/build.ts'
import { startChild } from './support/child.ts'
import { type DemoUpstream, forgetDemo, startDemoOrigin, useOrigin } from './support/demo.ts'
import { devConfig } from './support/dev-config.ts'
import type { Lifetime } from './support/lifetime.ts'
import { lockState } from './support/lock.ts'
import { projectFolder, type RunOptions, readRunOptions } from './support/options.ts'
import { requireFreePorts } from './support/ports.ts'
import { runScript } from './support/run.ts'
import { announce } from './support/start.ts'
import { loadVariables, makeVariables } from './support/variables.ts'

async function dev(args: readonly string[], lifetime: Lifetime): Promise<void> {
  const options = readRunOptions(args, ['origin', 'model'])
  const state = join(options.state, 'dev')
  const objects = join(state, 'objects')
  await mkdir(state, { recursive: true, mode: 0o700 })
  const lock = await lockState(state, 'dev')
  lifetime.onStop(lock.release)
  await requireFreePorts([options.port])
  if (options.fresh) {
    await rm(objects, { recursive: true, force: true })
    await forgetDemo(state)
  }
  const secrets = join(projectFolder, '.dev.vars')
  if (await makeVariables(secrets)) console.log('made .dev.vars with a random master key and admin token')
  const variables = await loadVariables(process.env, secrets)
  const upstream = await findUpstream(options, lifetime)

  const config = join(state, 'wrangler.json')
  const wrangler = await readFile(join(projectFolder, 'wrangler.toml'), 'utf8')
  await writeFile(config, devConfig(wrangler, projectFolder, variables), { mode: 0o600 })
  if (lifetime.stopping()) return
  const flags = [
    ...['--config', config, '--ip', '127.0.0.1', '--port', String(options.port), '--persist-to', objects],
    ...['--log-level', 'warn', '--show-interactive-dev-session=false', '--inspector-port', '0'],
  ]
  const child = startChild(process.execPath, [installed(projectFolder, 'wrangler'), 'dev', ...flags], {
    cwd: projectFolder,
    env: { ...process.env, ...quietWrangler, WRANGLER_REGISTRY_PATH: join(state, 'registry') },
    stdio: ['ignore', process.stderr.fd, process.stderr.fd],
  })
  lifetime.onStop(child.stop)
  await lock.hold(child.pid)
  const say = (line: string): void => console.log(line)
  await announce({ ports: [options.port], child, state, variables, upstream, say }, lifetime)
}

async function findUpstream(options: RunOptions, lifetime: Lifetime): Promise<DemoUpstream | undefined> {
  if (!options.demo) return undefined
  return options.origin === undefined ? startDemoOrigin(lifetime) : useOrigin(options.origin, options.model)
}

await runScript((lifetime) => dev(process.argv.slice(2), lifetime))
