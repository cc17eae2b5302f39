/** The CLI run inside the test's process against an admin API that answers as told and remembers what it was asked. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import type { Io } from '../../scripts/cli/io.ts'
import { sluice } from '../../scripts/sluice.ts'

/** One call that the stub received. */
export interface Asked {
  readonly method: string
  /** With the query. */
  readonly path: string
  readonly authorization: string | undefined
  readonly body: unknown
}

/** What the stub answers to `METHOD /path?query`: a status with JSON, or text that is no JSON. */
export type Answers = Readonly<Record<string, { status?: number; body?: unknown; text?: string }>>

/** Starts a stub of the admin API; it ends with the test. */
export async function stubAdmin(answers: Answers): Promise<{ url: string; asked: Asked[] }> {
  const asked: Asked[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const text = Buffer.concat(chunks).toString()
    const { method = '', url = '', headers } = request
    const body = text === '' ? undefined : JSON.parse(text)
    asked.push({ method, path: url, authorization: headers.authorization, body })
    const answer = answers[`${method} ${url}`] ?? { status: 404, text: `nothing at ${method} ${url}` }
    response.writeHead(answer.status ?? 200, { 'content-type': 'application/json' })
    response.end(answer.text ?? (answer.body === undefined ? '' : JSON.stringify(answer.body)))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked }
}

/** Runs the CLI and gathers what it printed. */
export async function runCli(
  args: readonly string[],
  env: Io['env'],
  more: { input?: string; devVars?: string } = {},
): Promise<{ code: number; out: string; err: string }> {
  const out: string[] = []
  const err: string[] = []
  const code = await sluice(args, {
    env,
    devVars: more.devVars ?? '/nowhere/.dev.vars',
    out: (text) => out.push(text),
    err: (text) => err.push(text),
    input: async () => more.input ?? '',
  })
  return { code, out: out.join('\n'), err: err.join('\n') }
}

/** Both in one: a stub with these answers, and one run against it. */
export async function cliAgainst(
  answers: Answers,
  args: readonly string[],
  more?: { input?: string; env?: Io['env'] },
) {
  const { url, asked } = await stubAdmin(answers)
  const env = { SLUICE_URL: url, SLUICE_ADMIN_TOKEN: 'token', ...more?.env }
  return { ...(await runCli(args, env, more)), asked }
}

/** A body as the admin API refuses with. */
export function refusedWith(code: string, message: string, faults: { path: string; message: string }[] = []) {
  return { error: { message, type: 'invalid_request_error', param: null, code, faults } }
}
