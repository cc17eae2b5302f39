/** What the CLI knows of its surroundings, as arguments: a test gives its own. */
import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { parseEnv } from 'node:util'

/** Where the CLI reads and writes. */
export interface Io {
  readonly env: Readonly<Record<string, string | undefined>>
  /** The `.dev.vars` file that stands in for an unset SLUICE_ADMIN_TOKEN. */
  readonly devVars: string
  readonly out: (text: string) => void
  readonly err: (text: string) => void
  /** All of standard input; asks a person for one line, unseen, when it is a terminal. */
  readonly input: (question: string) => Promise<string>
}

/** A failure in words for the operator: printed without a stack, exit code 1. */
export class CliError extends Error {
  /** What the server said, for `--json`. */
  readonly body: unknown

  constructor(message: string, body?: unknown) {
    super(message)
    this.body = body
  }
}

/** The surroundings of a process. */
export function processIo(devVars: string): Io {
  return {
    env: process.env,
    devVars,
    out: (text) => process.stdout.write(`${text}\n`),
    err: (text) => process.stderr.write(`${text}\n`),
    input: (question) => (process.stdin.isTTY ? unseenLine(question) : allOf(process.stdin)),
  }
}

/** Where the admin API is, and the token for it. */
export async function settingsOf(io: Io): Promise<{ url: string; token: string }> {
  const url = (io.env.SLUICE_URL ?? 'http://127.0.0.1:8787').replace(/\/+$/, '')
  if (!/^https?:\/\/[^/]/.test(url)) throw new CliError(`SLUICE_URL is not a URL: ${url}`)
  const token = io.env.SLUICE_ADMIN_TOKEN ?? (await fileOr(io.devVars, '')).SLUICE_ADMIN_TOKEN
  if (token !== undefined && token !== '') return { url, token }
  throw new CliError('There is no admin token. Set SLUICE_ADMIN_TOKEN, or run `npm run dev` once: it makes .dev.vars.')
}

async function fileOr(path: string, otherwise: string): Promise<NodeJS.Dict<string>> {
  return parseEnv(await readFile(path, 'utf8').catch(() => otherwise))
}

async function allOf(stream: NodeJS.ReadStream): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks).toString('utf8')
}

async function unseenLine(question: string): Promise<string> {
  process.stderr.write(question)
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: true })
  try {
    return await new Promise<string>((resolve, reject) => {
      lines.once('line', resolve)
      lines.once('close', () => reject(new CliError('Nothing was entered.')))
    })
  } finally {
    lines.close()
    process.stderr.write('\n')
  }
}
