/** wrangler.toml → the configuration that `wrangler dev` runs under. No I/O. */
import { resolve } from 'node:path'
import { parse } from 'smol-toml'
import type { Variables } from './variables.ts'

/**
 * The same Worker with the variables as this machine has them. Wrangler itself would take from `.dev.vars` or the
 * environment, not from both, and only the names that wrangler.toml requires: no previous keys, no Upstash. The text
 * holds secrets: it belongs in a file that its owner alone can read.
 */
export function devConfig(wrangler: string, folder: string, variables: Variables): string {
  const { secrets: _, main, ...config } = parse(wrangler)
  return JSON.stringify({ ...config, main: resolve(folder, String(main)), vars: variables }, null, 2)
}
