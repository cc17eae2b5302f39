/** What a stream survives: nobody reading it for longer than an idle object lives, and the death of its process. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ConfigDocument } from '../../src/core/config.ts'
import { pick, send } from '../support/http-client.ts'
import { ScriptedOrigin } from '../support/scripted-origin.ts'
import { eventually, setUp, type TestSluice } from '../support/sluice.ts'
import { chat, DONE, finish, role, said as saidIn, text, usage } from '../support/wire.ts'

/** An object that nobody asks anything is forgotten after 10 s. */
const FORGOTTEN_MS = 14_000
/** Events are kept at most this long after they came, and here as much again for the machine. */
const KEPT_MS = 250 + 400

let origin: ScriptedOrigin
const states: string[] = []
const running = new Set<TestSluice>()

beforeAll(async () => {
  origin = await ScriptedOrigin.start()
  origin.on('patient', async (call) => {
    await call.head(200)
    await call.write(role() + text('before '))
    await sleep(FORGOTTEN_MS)
    await call.end(text('after') + finish() + usage() + DONE)
  })
  origin.on('endless', async (call) => {
    await call.head(200)
    await call.write(role())
    for (let index = 0; ; index += 1) {
      await call.write(text(`w${index} `))
      const gone = await Promise.race([call.ended.then(() => true), sleep(20, false)])
      if (gone) return
    }
  })
})

afterAll(async () => {
  for (const sluice of running) await sluice.stop()
  await origin?.close()
  for (const state of states) rmSync(state, { recursive: true, force: true })
})

const names = ['patient', 'endless']
const config = (): ConfigDocument => ({
  providers: Object.fromEntries(names.map((name) => [name, { protocol: 'openai', baseUrl: origin.url(name) }])),
  models: Object.fromEntries(
    names.map((name) => [
      name,
      {
        targets: [{ provider: name, model: 'm', price: { input: 1, output: 1 } }],
        retries: 0,
        timeouts: { idleMs: 30_000 },
      },
    ]),
  ),
  limits: [{ name: 'tpm', of: 'tokens', amount: 100_000, perSeconds: 3600, hard: true }],
})

async function start(setup: Parameters<typeof setUp>[0]): Promise<TestSluice> {
  const sluice = await setUp(setup)
  running.add(sluice)
  return sluice
}

/** What a stream says whose events are numbered. */
const said = (body: string): string => saidIn(body.replace(/^id: .*\n/gm, ''))

const detach = { headers: { 'x-sluice-on-disconnect': 'detach' } }
const get = (sluice: TestSluice, key: string, path: string, headers: Record<string, string> = {}) =>
  send(`${sluice.url}${path}`, { headers: { authorization: `Bearer ${key}`, ...headers } })

test('a stream that nobody reads goes on for longer than an idle object lives', async () => {
  const sluice = await start({ config: config(), tenants: [{ id: 'app' }] })
  const { key } = sluice.keyOf('app')
  const leaving = sluice.begin(key, '/v1/chat/completions', chat('patient', true, { max_tokens: 50 }), detach)
  const id = (await leaving.head).headers['x-sluice-stream'] ?? ''
  await leaving.until('before ')
  await leaving.reset()
  expect((await origin.calls('patient')[0]?.ended)?.answered).toBe(true)
  const reply = await get(sluice, key, `/v1/streams/${id}`)
  expect(said(reply.body)).toBe('before after')
})

test('kill -9 in the middle, and a restart: what was kept is there, interrupted, and the budget is settled', async () => {
  const state = mkdtempSync(join(tmpdir(), 'sluice-streams-'))
  states.push(state)
  const first = await start({ state, config: config(), tenants: [{ id: 'app' }] })
  const { key } = first.keyOf('app')
  const reading = first.begin(key, '/v1/chat/completions', chat('endless', true, { max_tokens: 5000 }), detach)
  const id = (await reading.head).headers['x-sluice-stream'] ?? ''
  await reading.until('w20 ')
  const kept = said(reading.soFar().slice(0, reading.soFar().lastIndexOf('\n\n')))
  await sleep(KEPT_MS)
  const listing = execFileSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' })
  const workerds = listing.split('\n').filter((line) => line.includes(state) && /workerd\S* serve/.test(line))
  expect(workerds).toHaveLength(1)
  for (const line of workerds) process.kill(Number.parseInt(line, 10), 'SIGKILL')
  await reading.reply.catch(() => {})
  running.delete(first)
  await first.stop()

  const second = await start({ state })
  const about = (await get(second, key, `/v1/streams/${id}`, { accept: 'application/json' })).json
  expect(about).toMatchObject({ id, status: 'interrupted' })
  const reply = await get(second, key, `/v1/streams/${id}`)
  expect(reply.complete).toBe(true)
  expect(said(reply.body).startsWith(kept)).toBe(true)
  expect(reply.body).toMatch(/died\. What is above is what was kept of it\..*\n\n$/)
  const rest = await get(second, key, `/v1/streams/${id}`, { 'last-event-id': `${id}:10` })
  expect(rest.body).toBe(reply.body.slice(reply.body.indexOf(`id: ${id}:11\n`)))
  expect((await second.post(key, `/v1/streams/${id}/cancel`, {})).json).toMatchObject({ status: 'interrupted' })

  const row = await eventually('the row', 15_000, async () =>
    (await second.rows('app')).find(({ model }) => model === 'endless'),
  )
  expect(row).toMatchObject({ outcome: 'broken', usage: { source: 'estimated' } })
  const limits = await get(second, key, '/v1/limits')
  // 5,000 tokens were reserved; what came is all that counts now.
  expect(Number(pick(limits.json, 'data', 0, 'remaining'))).toBeGreaterThan(99_000)
})
