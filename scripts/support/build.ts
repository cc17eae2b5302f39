/** Builds the Worker as it would be deployed, into a folder, without a word when all is well. */
import { execFile } from 'node:child_process'
import { cp, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { UserError } from './run.ts'
import { moduleKind } from './workerd-config.ts'

/** Wrangler without its banner, its look for updates and its telemetry: nothing here may wait for the network. */
export const quietWrangler: Readonly<Record<string, string>> = {
  WRANGLER_HIDE_BANNER: 'true',
  WRANGLER_SEND_METRICS: 'false',
  WRANGLER_SEND_ERROR_REPORTS: 'false',
  WRANGLER_WRITE_LOGS: 'false',
  WRANGLER_NO_SKILLS_UPDATE_PROMPTS: 'true',
  CLOUDFLARE_CF_FETCH_ENABLED: 'false',
  CI: '1',
}

/** The path of a command that npm installed with the project. */
export function installed(folder: string, command: string): string {
  return join(folder, 'node_modules/.bin', command)
}

/** Builds into `output` and returns the bundle's modules, the entry first. `entry`: instead of the Worker's own, an index.ts. */
export async function buildWorker(folder: string, output: string, entry?: string): Promise<readonly string[]> {
  await rm(output, { recursive: true, force: true })
  const own = entry === undefined ? [] : [entry]
  const args = [installed(folder, 'wrangler'), 'deploy', ...own, '--dry-run', '--outdir', output]
  const env = { ...process.env, ...quietWrangler }
  await promisify(execFile)(process.execPath, args, { cwd: folder, env, maxBuffer: 16 * 1024 * 1024 }).catch(
    (error: { stdout?: string; stderr?: string; message: string }) => {
      throw new UserError(`the Worker does not build:\n${error.stdout ?? ''}${error.stderr ?? error.message}`)
    },
  )
  return modulesIn(output)
}

/** Copies what a build has left in `built` into `output`, as if it had been built there. */
export async function takeBuild(built: string, output: string): Promise<readonly string[]> {
  await rm(output, { recursive: true, force: true })
  await cp(built, output, { recursive: true }).catch((error: Error) => {
    throw new UserError(`there is no build to take: ${error.message}`)
  })
  const modules = await modulesIn(output)
  if (modules[0] !== 'index.js') throw new UserError(`there is no build in ${built}`)
  return modules
}

async function modulesIn(folder: string): Promise<readonly string[]> {
  const files = (await readdir(folder, { recursive: true })).filter((name) => moduleKind(name) !== undefined)
  return files.sort((a, b) => Number(b === 'index.js') - Number(a === 'index.js') || a.localeCompare(b))
}
