/** The process dies in the middle of a turn: what was answered is there, the turn is not, and the session can be used. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Call, ScriptedOrigin } from '../support/scripted-origin.ts'
import { setUp, type TestSluice } from '../support/sluice.ts'
import { answerChat } from './answering-origin.ts'

const state = mkdtempSync(join(tmpdir(), 'sluice-session-'))
let origin: ScriptedOrigin
let sluice: TestSluice | undefined

beforeAll(async () => {
  origin = await ScriptedOrigin.start()
  origin.on('chat', answerChat).on('silent', () => {})
})

afterAll(async () => {
  await sluice?.stop()
  await origin?.close()
  rmSync(state, { recursive: true, force: true })
})

/** The workerd process over this state. */
const workerd = (): number[] =>
  execFileSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.includes(state) && /workerd\S* serve/.test(line))
    .map((line) => Number.parseInt(line, 10))

test('kill -9 in the middle of a turn', async () => {
  const names = ['chat', 'silent']
  const first = await setUp({
    state,
    config: {
      providers: Object.fromEntries(names.map((name) => [name, { protocol: 'openai', baseUrl: origin.url(name) }])),
      models: Object.fromEntries(
        names.map((name) => [name, { targets: [{ provider: name, model: 'm' }], retries: 0 }]),
      ),
    },
    tenants: [{ id: 'app' }],
  })
  sluice = first
  const { key } = first.keyOf('app')
  const ask = (at: TestSluice, model: string, content: string) =>
    at.post(
      key,
      '/v1/chat/completions',
      { model, messages: [{ role: 'user', content }] },
      { headers: { 'x-sluice-session': 's' } },
    )
  for (const word of ['one', 'two']) expect((await ask(first, 'chat', word)).status).toBe(200)
  const running: Promise<Call> = origin.next('silent')
  const lost = ask(first, 'silent', 'lost').catch(() => null)
  await running
  for (const pid of workerd()) process.kill(pid, 'SIGKILL')
  await lost
  await first.stop()

  const second = await setUp({ state })
  sluice = second
  expect((await ask(second, 'chat', 'three')).status).toBe(200)
  expect(origin.calls('chat').at(-1)?.json.messages).toMatchObject(
    ['one', 'You said: one', 'two', 'You said: two', 'three'].map((content) => ({ content })),
  )
})
