/** The worker as a program of its own: ends by signal, and says in one line why it cannot work. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { worker } from '../../scripts/worker.ts'
import { models, startEngine } from '../support/engine.ts'
import { startPoolEnd } from '../support/pool-end.ts'

const script = join(import.meta.dirname, '../../scripts/worker.ts')
const env = { SLUICE_WORKER_TOKEN: `slw_gpu_AbCdEf12_${'s'.repeat(38)}` }

it('says in one line what it lacks', async () => {
  const lines: string[] = []
  const args = ['--gateway', 'http://127.0.0.1:9', '--pool', 'gpu', '--origin', 'http://127.0.0.1:9']
  expect(await worker(args, { env, err: (text) => lines.push(text) })).toBe(5)
  expect(lines).toEqual([expect.stringContaining('sluice worker: No engine answers at http://127.0.0.1:9/v1/models')])
})

it('drains on SIGTERM, and exits 0', async () => {
  const [pool, engine] = [await startPoolEnd(), await startEngine(models)]
  const args = [script, '--gateway', pool.url, '--pool', 'gpu', '--origin', engine.url]
  const child = spawn(process.execPath, args, { env: { ...process.env, ...env }, stdio: 'ignore' })
  onTestFinished(() => void child.kill('SIGKILL'))
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve))
  const socket = await pool.welcome()
  child.kill('SIGTERM')
  expect(await socket.next()).toEqual({ kind: 'drain', stream: 0 })
  expect(await exited).toBe(0)
})
