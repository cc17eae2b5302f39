/** The operator's CLI over the admin API: `npm run sluice -- <verb>`. */
import { join } from 'node:path'
import { Command, CommanderError } from 'commander'
import { configVerbs } from './cli/config.ts'
import { credentialVerbs } from './cli/credential.ts'
import { CliError, type Io, processIo } from './cli/io.ts'
import { keyVerbs } from './cli/key.ts'
import { operationVerbs } from './cli/operations.ts'
import { poolVerbs } from './cli/pool.ts'
import { promptVerbs } from './cli/prompt.ts'
import { tenantVerbs } from './cli/tenant.ts'
import { usageVerbs } from './cli/usage.ts'
import { verbsOf } from './cli/verbs.ts'
import { webhookVerbs } from './cli/webhook.ts'
import { workerVerb } from './worker/verb.ts'

/** Runs one verb and resolves with the exit code. */
export async function sluice(args: readonly string[], io: Io): Promise<number> {
  const program = new Command('sluice')
    .description('Operate a Sluice. SLUICE_URL says where it is, SLUICE_ADMIN_TOKEN lets you in.')
    .option('--json', 'print JSON')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ writeOut: (text) => io.out(text.trimEnd()), writeErr: (text) => io.err(text.trimEnd()) })
    .exitOverride()
  const verbs = verbsOf(program, io)
  for (const declare of [
    configVerbs,
    tenantVerbs,
    keyVerbs,
    credentialVerbs,
    poolVerbs,
    promptVerbs,
    webhookVerbs,
    usageVerbs,
    operationVerbs,
  ]) {
    declare(program, verbs)
  }
  workerVerb(program.command('worker'), io)
  try {
    await program.parseAsync(args, { from: 'user' })
    return 0
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode
    if (!(error instanceof CliError)) throw error
    if (error.body !== undefined && program.opts<{ json?: boolean }>().json === true) {
      io.out(JSON.stringify(error.body, null, 2))
    } else {
      io.err(error.message)
    }
    return 1
  }
}

if (import.meta.main) {
  process.exitCode = await sluice(process.argv.slice(2), processIo(join(import.meta.dirname, '../.dev.vars')))
}
