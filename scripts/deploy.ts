/** `npm run deploy`: wrangler deploy, after a look whether the Worker has the secrets that it cannot run without. */
import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { installed } from './support/build.ts'
import { projectFolder } from './support/options.ts'
import { adviceFor, listedSecrets, requiredSecrets, secretsInFile } from './support/secrets.ts'

const { values } = parseArgs({
  options: { 'dry-run': { type: 'boolean' }, 'secrets-file': { type: 'string' }, env: { type: 'string', short: 'e' } },
})
const environment = values.env === undefined ? [] : ['--env', values.env]
process.exitCode = await deploy()

async function deploy(): Promise<number> {
  const required = requiredSecrets(await readFile(join(projectFolder, 'wrangler.toml'), 'utf8'))
  if (values['dry-run'] === true) {
    const { code } = await wrangler(['deploy', '--dry-run', ...environment], 'inherit')
    if (code === 0) console.log(`Deploying needs the secrets ${required.join(', ')}; a dry run asks nobody for them.`)
    return code
  }
  const file = values['secrets-file']
  const given = file === undefined ? [] : secretsInFile(await readFile(file, 'utf8'))
  const listing = await wrangler(['secret', 'list', ...environment], 'pipe')
  // A Worker that is not there yet has no secrets; any other failure is for wrangler to explain.
  const unknown = listing.code !== 0 && /Worker ".*".* not found/.test(listing.errors)
  if (listing.code !== 0 && !unknown) {
    console.error(listing.errors)
    return listing.code
  }
  const there = [...given, ...(unknown ? [] : listedSecrets(listing.output))]
  const missing = required.filter((name) => !there.includes(name))
  if (missing.length > 0) {
    console.error(`sluice: ${adviceFor(missing)}`)
    return 1
  }
  const secrets = file === undefined ? [] : ['--secrets-file', file]
  return (await wrangler(['deploy', ...environment, ...secrets], 'inherit')).code
}

interface Run {
  readonly code: number
  readonly output: string
  readonly errors: string
}

/** Runs wrangler, which asks for a login where it needs one; with `pipe` what it says is returned, not shown. */
function wrangler(args: readonly string[], io: 'pipe' | 'inherit'): Promise<Run> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [installed(projectFolder, 'wrangler'), ...args], {
      cwd: projectFolder,
      env: { ...process.env, WRANGLER_HIDE_BANNER: 'true' },
      stdio: ['inherit', io, io],
    })
    const said = { output: '', errors: '' }
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      said.output += text
    })
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said.errors += text
    })
    child.once('close', (code) => resolve({ code: code ?? 1, ...said }))
  })
}
