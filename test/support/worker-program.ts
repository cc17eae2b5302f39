/** Worker programs as child processes, against a running Sluice. */
import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { eventually, type TestSluice } from './sluice.ts'

const script = join(import.meta.dirname, '../../scripts/worker.ts')
/** Node's own start included, on a machine that does other things. */
const CONNECTED_MS = 20_000

export interface WorkerProgram {
  readonly process: ChildProcess
  /** Of its token. */
  readonly id: string
  readonly output: () => string
  readonly exited: Promise<number | null>
}

/** Starts one with a token of its own, and resolves when it is connected; it is killed with the test. */
export async function startWorker(sluice: TestSluice, pool: string, origin: string, flags: readonly string[] = []) {
  const made = (await sluice.done('POST', `/admin/pools/${pool}/workers`, { name: 'test' })) as {
    readonly id: string
    readonly token: string
  }
  const args = [script, '--gateway', sluice.url, '--pool', pool, '--origin', origin, ...flags]
  const child = spawn(process.execPath, args, {
    env: { ...process.env, SLUICE_WORKER_TOKEN: made.token },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let output = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve))
  const program: WorkerProgram = { process: child, id: made.id, output: () => output, exited }
  await eventually(`the worker is connected: ${output}`, CONNECTED_MS, async () =>
    output.includes('is connected') ? true : undefined,
  )
  return program
}
