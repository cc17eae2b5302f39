/** The flags that `dev` and `serve` take. */
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { UserError } from './run.ts'

/** The project's folder. */
export const projectFolder = resolve(import.meta.dirname, '../..')

export interface RunOptions {
  readonly port: number
  readonly demo: boolean
  readonly fresh: boolean
  readonly state: string
  readonly isolates: number
  /** Folder of a build to run, in the place of making one. */
  readonly built: string | undefined
  /** Base URL of an OpenAI-compatible server to use instead of the demo origin. */
  readonly origin: string | undefined
  readonly model: string | undefined
}

const PORT_DEFAULT = 8787
const ISOLATES_MAX = 16

/** Reads the flags; throws a UserError on a wrong one. `allowed` names the flags that not every command has. */
export function readRunOptions(
  args: readonly string[],
  allowed: readonly ('isolates' | 'built' | 'origin' | 'model')[],
  folder: string = projectFolder,
): RunOptions {
  const values = parse(args)
  for (const name of ['isolates', 'built', 'origin', 'model'] as const) {
    if (values[name] !== undefined && !allowed.includes(name))
      throw new UserError(`--${name} is not a flag of this command`)
  }
  if (values['no-demo'] && values.origin !== undefined) throw new UserError('--no-demo and --origin exclude each other')
  if (values.model !== undefined && values.origin === undefined) throw new UserError('--model needs --origin')
  const isolates = wholeNumber('isolates', values.isolates ?? '1', 1, ISOLATES_MAX)
  return {
    port: wholeNumber('port', values.port ?? String(PORT_DEFAULT), 1, 65_536 - isolates),
    demo: !values['no-demo'],
    fresh: values.fresh ?? false,
    state: resolve(folder, values.state ?? '.sluice'),
    isolates,
    built: values.built === undefined ? undefined : resolve(folder, values.built),
    origin: values.origin === undefined ? undefined : originUrl(values.origin),
    model: values.model,
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        port: { type: 'string' },
        'no-demo': { type: 'boolean' },
        fresh: { type: 'boolean' },
        state: { type: 'string' },
        isolates: { type: 'string' },
        built: { type: 'string' },
        origin: { type: 'string' },
        model: { type: 'string' },
      },
    }).values
  } catch (error) {
    throw new UserError(error instanceof Error ? error.message : String(error))
  }
}

function wholeNumber(name: string, text: string, least: number, most: number): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < least || value > most) {
    throw new UserError(`--${name} must be a whole number from ${least} to ${most}`)
  }
  return value
}

/** `http://host:port` gains the `/v1` that every OpenAI-compatible server has; a path that is given stays. */
function originUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new UserError('--origin must be a URL, as in http://127.0.0.1:11434/v1')
  }
  const path = url.pathname.replace(/\/+$/, '')
  return `${url.origin}${path === '' ? '/v1' : path}`
}
