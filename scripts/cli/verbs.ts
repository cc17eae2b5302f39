/** What every verb of the CLI is made with: a client on demand, and how it prints. */
import type { Command } from 'commander'
import { type AdminClient, adminClient } from './client.ts'
import { type Io, settingsOf } from './io.ts'
import { readJson } from './json-file.ts'
import { print } from './print.ts'

/** What a verb's action gets beside its own arguments and options. */
export interface Verbs {
  readonly io: Io
  /** Asks where Sluice is only when a verb needs it, so that `--help` works without. */
  readonly client: () => Promise<AdminClient>
  /** Prints JSON where `--json` was given, else words. */
  readonly show: <T>(value: T, words: (value: T) => string) => void
}

export function verbsOf(program: Command, io: Io): Verbs {
  return {
    io,
    client: async () => {
      const { url, token } = await settingsOf(io)
      return adminClient(url, token)
    },
    show: (value, words) => print(io, program.opts<{ json?: boolean }>().json === true, value, words),
  }
}

/** For an option that may be given several times. */
export function collect(value: string, before: readonly string[] | undefined): string[] {
  return [...(before ?? []), value]
}

/** Options that say which models may be called, and the limits; of tenants and keys. */
export interface PolicyOptions {
  readonly model?: string[]
  /** False: none at all. */
  readonly models?: boolean
  readonly limits?: string
}

/** Declares the policy options on a verb. */
export function withPolicy(command: Command): Command {
  return command
    .option('--model <glob>', 'model alias that may be called, * for any run of characters; repeatable', collect)
    .option('--no-models', 'no model at all')
    .option('--limits <file>', 'JSON file with a list of limits')
}

/** The policy fields that the options name. */
export async function policyOf(options: PolicyOptions): Promise<Record<string, unknown>> {
  return {
    ...(options.models === false ? { models: [] } : options.model === undefined ? {} : { models: options.model }),
    ...(options.limits === undefined ? {} : { limits: await readJson(options.limits) }),
  }
}
