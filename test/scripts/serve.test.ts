/** `serve` as an operator meets it: ready lines, several isolates, refusal of a busy port, and a clean end in time. */
import { execFile } from 'node:child_process'
import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import { isAlive } from '../../scripts/support/child.ts'
import { startSluice } from '../support/serve.ts'

test('two isolates answer on two ports, say so once each, and are gone within 6 s of SIGTERM', async () => {
  const sluice = await startSluice({ port: 9371, isolates: 2 })
  const workers = await descendants(sluice.process.pid ?? 0)
  for (const url of sluice.urls) expect((await fetch(`${url}/health`)).status).toBe(200)
  expect(sluice.stdout()).toBe('sluice ready on http://127.0.0.1:9371\nsluice ready on http://127.0.0.1:9372\n')
  const asked = performance.now()
  expect(await sluice.stop()).toBe(0)
  expect(performance.now() - asked).toBeLessThan(6000)
  expect(workers.length).toBeGreaterThan(0)
  for (const pid of workers) expect(await isAlive(pid, '')).toBe(false)
})

test('a killed script leaves nothing running, and its state can be taken over at once', async () => {
  const sluice = await startSluice({ port: 9373 })
  await sluice.kill()
  const again = await startSluice({ port: 9373, state: sluice.state })
  expect((await fetch(`${again.url}/health`)).status).toBe(200)
  await again.stop()
})

test('a second runner on the same state is refused', async () => {
  const sluice = await startSluice({ port: 9374 })
  await expect(startSluice({ port: 9375, state: sluice.state })).rejects.toThrow('is in use by process')
  await sluice.stop()
})

test('a busy port is named, and nothing is started', async () => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(9376, '127.0.0.1', resolve))
  await expect(startSluice({ port: 9376 })).rejects.toThrow(
    'ended with 1 before it was ready\nsluice: port 9376 is in use',
  )
  await new Promise((resolve) => server.close(resolve))
})

async function descendants(pid: number): Promise<number[]> {
  const listing = await new Promise<string>((resolve, reject) =>
    execFile('ps', ['-A', '-o', 'pid=,ppid='], (error, stdout) => (error ? reject(error) : resolve(stdout))),
  )
  const rows = listing
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
  return rows.flatMap(([child, parent]) => (parent === pid && child !== undefined ? [child] : []))
}
