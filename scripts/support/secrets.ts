/** Which secrets a deployment needs, which it has, and what to do about the difference. No I/O. */
import { parseEnv } from 'node:util'
import { parse } from 'smol-toml'
import { z } from 'zod'

const wranglerSchema = z.object({ secrets: z.object({ required: z.array(z.string()) }) })
const listingSchema = z.array(z.object({ name: z.string() }))

/** The secrets that wrangler.toml requires. */
export function requiredSecrets(wrangler: string): readonly string[] {
  return wranglerSchema.parse(parse(wrangler)).secrets.required
}

/** Names in the output of `wrangler secret list`. */
export function listedSecrets(listing: string): readonly string[] {
  return listingSchema.parse(JSON.parse(listing)).map((secret) => secret.name)
}

/** Names in a file of secrets, JSON or `.env`, that are set to something. */
export function secretsInFile(text: string): readonly string[] {
  const values: Record<string, unknown> = text.trimStart().startsWith('{') ? JSON.parse(text) : parseEnv(text)
  return Object.entries(values).flatMap(([name, value]) => (typeof value === 'string' && value !== '' ? [name] : []))
}

/** What the operator is to do about missing secrets. */
export function adviceFor(missing: readonly string[]): string {
  const makers: Readonly<Record<string, string>> = {
    SLUICE_MASTER_KEY: '$(openssl rand -base64 32)',
    SLUICE_ADMIN_TOKEN: '$(openssl rand -hex 32)',
  }
  const lines = missing.map((name) => `  echo "${name}=${makers[name] ?? '…'}" >> ~/sluice.secrets`)
  return [
    `this Worker has no ${missing.join(' and no ')} yet. Make them once, and deploy with them:`,
    '  umask 077',
    ...lines,
    '  npm run deploy -- --secrets-file ~/sluice.secrets',
    'Keep that file where you keep what must not be lost: without the master key nobody opens the vault again.',
  ].join('\n')
}
