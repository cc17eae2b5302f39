/** The Worker's variables as the scripts find them: the environment first, then `.dev.vars`, which is made if absent. */
import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { parseEnv } from 'node:util'

const ours = /^(SLUICE_(MASTER_KEY|ADMIN_TOKEN)(_PREVIOUS)?|SLUICE_(ALLOW|WEBHOOKS)_PRIVATE|UPSTASH_[A-Z_]+)$/

export type Variables = Readonly<Record<string, string>>

/**
 * The variables for the Worker. A name that is set in the environment, even to nothing, goes before the file.
 * Upstreams on private addresses are allowed unless the operator says otherwise: this is a development machine.
 */
export async function loadVariables(environment: NodeJS.ProcessEnv, file: string): Promise<Variables> {
  const variables: Record<string, string> = { SLUICE_ALLOW_PRIVATE: '1' }
  const written = parseEnv(await readFile(file, 'utf8').catch(() => ''))
  for (const source of [written, environment]) {
    for (const [name, value] of Object.entries(source)) {
      if (value !== undefined && (source === written || ours.test(name))) variables[name] = value
    }
  }
  return variables
}

/** Makes the file with a random master key and admin token, for its owner only. False when it is there already. */
export async function makeVariables(file: string): Promise<boolean> {
  const text = [
    '# Secrets of this development machine; never committed. A deployed Worker has its own (see README.md).',
    `SLUICE_MASTER_KEY=${randomBytes(32).toString('base64')}`,
    `SLUICE_ADMIN_TOKEN=${randomBytes(32).toString('base64url')}`,
    '',
  ].join('\n')
  try {
    await writeFile(file, text, { mode: 0o600, flag: 'wx' })
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}
