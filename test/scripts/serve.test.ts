/** `serve` as an operator meets it: ready lines, several isolates, refusal of a busy port, and a clean end in time. */
import { readdir, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { isAlive } from '../../scripts/support/child.ts'
import { startSluice } from '../support/serve.ts'

test('two isolates answer on two ports, say so once each, and are gone within 6 s of SIGTERM', async () => {
  const sluice = await startSluice({ port: 9371, isolates: 2 })
  const { worker } = JSON.parse(await readFile(join(sluice.state, 'serve.lock'), 'utf8'))
  expect(await isAlive(worker, 'workerd')).toBe(true)
  for (const url of sluice.urls) expect((await fetch(`${url}/health`)).status).toBe(200)
  expect(sluice.stdout()).toBe('sluice ready on http://127.0.0.1:9371\nsluice ready on http://127.0.0.1:9372\n')
  const asked = performance.now()
  expect(await sluice.stop()).toBe(0)
  expect(performance.now() - asked).toBeLessThan(6000)
  expect(await isAlive(worker, 'workerd')).toBe(false)
})

test('a killed script leaves nothing running, and its state can be taken over at once', async () => {
  const sluice = await startSluice({ port: 9373 })
  await sluice.kill()
  const again = await startSluice({ port: 9373, state: sluice.state })
  expect((await fetch(`${again.url}/health`)).status).toBe(200)
  await again.stop()
  await rm(sluice.state, { recursive: true })
})

test('when workerd dies, the script says so, ends what else it started, and fails', async () => {
  const sluice = await startSluice({ port: 9381, demo: true })
  const ended = new Promise((resolve) => sluice.process.once('exit', resolve))
  const { worker } = JSON.parse(await readFile(join(sluice.state, 'serve.lock'), 'utf8'))
  process.kill(worker, 'SIGKILL')
  expect(await ended).toBe(1)
  expect(sluice.stderr()).toContain('ended by itself (SIGKILL)')
  expect(await readdir(sluice.state)).not.toContain('serve.lock')
  await rm(sluice.state, { recursive: true })
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

test('a missing variable is one line of its log, the ready line comes all the same', async () => {
  const sluice = await startSluice({ port: 9377, demo: true, env: { SLUICE_MASTER_KEY: '' } })
  expect(sluice.stdout()).toBe('sluice ready on http://127.0.0.1:9377\n')
  expect(sluice.stderr().match(/SLUICE_MASTER_KEY/g)).toHaveLength(1)
  expect((await fetch(`${sluice.url}/v1/models`)).status).toBe(503)
  await sluice.stop()
})

test('with the demo there is a key that works, on both isolates, and still after a restart', async () => {
  const first = await startSluice({ port: 9378, isolates: 2, demo: true })
  const line = /curl -N .*/.exec(first.stderr())?.[0]
  const key = /slc_demo_\w+/.exec(line ?? '')?.[0] ?? ''
  for (const url of first.urls) expect(await ask(url, key)).toContain('Hello')
  await first.kill()
  const second = await startSluice({ port: 9378, demo: true, state: first.state })
  expect(second.stderr()).toContain(key)
  expect(await ask(second.url, key)).toContain('Hello')
  await second.stop()
  await rm(first.state, { recursive: true })
})

test('what is in flight at the signal is let finish', async () => {
  const sluice = await startSluice({ port: 9380, demo: true })
  const key = /slc_demo_\w+/.exec(sluice.stderr())?.[0] ?? ''
  const reply = await post(sluice.url, key, { stream: true, messages: [{ role: 'user', content: '40 words' }] })
  const ended = sluice.stop()
  expect(await reply.text()).toMatch(/word[\s\S]*data: \[DONE\]\n\n$/)
  expect(await ended).toBe(0)
})

async function ask(url: string, key: string): Promise<string> {
  return (await post(url, key, { messages: [{ role: 'user', content: 'Hello' }] })).text()
}

function post(url: string, key: string, body: object): Promise<Response> {
  return fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'demo', ...body }),
  })
}
