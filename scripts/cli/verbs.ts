/** What every verb of the CLI is made with: a client on demand, and how it prints. */
import type { Command } from 'commander'
import { type AdminClient, adminClient } from './client.ts'
import { type Io, settingsOf } from './io.ts'
import { readJsonOrInput } from './json-file.ts'
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
  /** Only where there may be a list to lift. */
  readonly allModels?: boolean
  /** False: none of its own. */
  readonly limits?: string | false
}

/** Declares the policy options on a verb. */
export function withPolicy(command: Command): Command {
  return command
    .option('--model <glob>', 'model alias that may be called, * for any run of characters; repeatable', collect)
    .option('--no-models', 'no model at all')
    .option('--limits <file>', 'JSON file with a list of limits, - for standard input')
}

/** Declares the policy options on a verb that changes what is there: these can also lift it. */
export function withPolicyChange(command: Command): Command {
  return withPolicy(command)
    .option('--all-models', 'lift the restriction to some models')
    .option('--no-limits', 'lift all limits of its own')
}

/** The policy fields that the options name. */
export async function policyOf(io: Io, { model, models, allModels, limits }: PolicyOptions): Promise<Policy> {
  return {
    ...(model === undefined ? {} : { models: model }),
    ...(models === false ? { models: [] } : {}),
    ...(allModels === true ? { models: null } : {}),
    ...(limits === undefined ? {} : { limits: limits === false ? null : await limitsIn(io, limits) }),
  }
}

type Policy = Record<string, unknown>

const limitsIn = (io: Io, file: string): Promise<unknown> =>
  readJsonOrInput(io, file, 'Limits as JSON, on one line (not shown): ')
