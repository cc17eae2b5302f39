/** A worker's life: it asks its engine, dials, dials again, drains, and ends with a code that says why. */
import { expect, it } from 'vitest'
import { readWorkerOptions, type WorkerFlags } from '../../../scripts/worker/options.ts'
import { runWorker } from '../../../scripts/worker/run.ts'
import { models, startEngine } from '../../support/engine.ts'
import { startPoolEnd } from '../../support/pool-end.ts'

const env = { SLUICE_WORKER_TOKEN: `slw_gpu_AbCdEf12_${'s'.repeat(38)}` }

async function world(gateway: string, origin: string, more: Partial<WorkerFlags> = {}) {
  const options = await readWorkerOptions(
    { gateway, origin, pool: 'gpu', maxConcurrency: '4', healthHost: '127.0.0.1', drainSeconds: '120', ...more },
    env,
  )
  const [end, endNow] = [new AbortController(), new AbortController()]
  const lines: string[] = []
  const say = (line: string) => void lines.push(line)
  const ran = runWorker(options, { say, random: () => 0, end: end.signal, endNow: endNow.signal })
  // Looked at in the end, whenever it comes.
  ran.catch(() => {})
  return { ran, end, endNow, lines }
}

it('announces what its engine has, comes back under its name, and drains with 0', async () => {
  const [pool, engine] = [await startPoolEnd(), await startEngine(models)]
  const { ran, end, lines } = await world(pool.url, engine.url)
  const first = await pool.welcome()
  expect(first.request.url).toBe('/v1/pools/gpu/worker')
  expect(first.hello).toMatchObject({ value: { models: ['llama', 'bge'], maxConcurrent: 4 } })
  first.cut()
  const second = await pool.welcome()
  expect(second.hello).toEqual(first.hello)
  second.say({ kind: 'ping', stream: 0 })
  await second.next()
  end.abort()
  expect(await second.next()).toEqual({ kind: 'drain', stream: 0 })
  expect(await ran).toBe(0)
  expect(await second.closed).toBe(1000)
  expect(lines.join('\n')).toContain('is connected to')
  expect(lines.join('\n')).not.toContain('s'.repeat(38))
})

it('ends with 1 where what runs does not end in time, or it is told twice', async () => {
  const engine = await startEngine(() => {})
  for (const [drainSeconds, twice] of [
    ['0', false],
    ['120', true],
  ] as const) {
    const pool = await startPoolEnd()
    const { ran, end, endNow } = await world(pool.url, engine.url, { models: 'm', drainSeconds })
    const socket = await pool.welcome()
    socket.say({ kind: 'request', stream: 1, value: { method: 'POST', path: '/x', headers: {} } })
    socket.say({ kind: 'ping', stream: 0 })
    await socket.next()
    end.abort()
    if (twice) endNow.abort()
    expect(await ran).toBe(1)
  }
})

it('ends with 3 for a token that is no good, and with 0 where nobody is there but it is told to end', async () => {
  const body = JSON.stringify({ error: { message: 'This worker token was revoked.' } })
  const refused = await world((await startPoolEnd({ status: 401, body })).url, 'http://127.0.0.1:9', { models: 'm' })
  await expect(refused.ran).rejects.toMatchObject({ exitCode: 3, message: 'This worker token was revoked.' })
  const away = await world('http://127.0.0.1:9', 'http://127.0.0.1:9', { models: 'm' })
  away.end.abort()
  expect(await away.ran).toBe(0)
})

it('ends with 3 when its token is revoked while it is connected', async () => {
  const pool = await startPoolEnd()
  const { ran } = await world(pool.url, 'http://127.0.0.1:9', { models: 'm' })
  const socket = await pool.welcome()
  pool.state.refusing = { status: 401, body: JSON.stringify({ error: { message: 'revoked' } }) }
  socket.close(4001, 'the token was revoked')
  await expect(ran).rejects.toMatchObject({ exitCode: 3 })
})

it('ends with 5 without an engine', async () => {
  const { ran } = await world('http://127.0.0.1:9', 'http://127.0.0.1:9')
  await expect(ran).rejects.toMatchObject({ exitCode: 5 })
})
