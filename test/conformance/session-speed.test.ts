/** What a session adds to a turn: next to nothing, however long it is. Figures of whatever machine this runs on. */
import { loadavg } from 'node:os'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ScriptedOrigin } from '../support/scripted-origin.ts'
import { setUp, type TestSluice } from '../support/sluice.ts'
import { whole as replying } from '../support/wire.ts'

const ITEMS = 10_000
const TURNS = 40
/** Figures of a machine with more to do say little of the session. */
const LOAD_MAX = 1.5
/** Far more than it takes: a machine with other work must not fail it. */
const SLOWER_MS_MAX = 25

let origin: ScriptedOrigin
let sluice: TestSluice

beforeAll(async () => {
  origin = await ScriptedOrigin.start()
  origin.on('chat', (call) => call.reply(200, replying(`answer ${call.index}`)))
  sluice = await setUp({
    config: {
      providers: { chat: { protocol: 'openai', baseUrl: origin.url('chat') } },
      models: { chat: { targets: [{ provider: 'chat', model: 'm' }], retries: 0 } },
    },
    tenants: [{ id: 'app' }],
  })
})

afterAll(async () => {
  await sluice?.stop()
  await origin?.close()
})

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0

test(`a session of ${ITEMS} items`, async () => {
  const { key } = sluice.keyOf('app')
  const made = (await sluice.post(key, '/v1/conversations', {})).json as { id: string }
  const text = 'Some words that somebody said a while ago. '.repeat(2)
  for (let at = 0; at < ITEMS; at += 20) {
    const items = Array.from({ length: 20 }, (_, index) => ({
      type: 'message',
      role: index % 2 === 0 ? 'user' : 'assistant',
      content: `${at + index} ${text}`,
    }))
    await sluice.post(key, `/v1/conversations/${made.id}/items`, { items })
  }
  const ask = async (headers: Record<string, string>, before: readonly unknown[] = []): Promise<number> => {
    const messages = [...before, { role: 'user', content: 'And now?' }]
    const body = JSON.stringify({ model: 'chat', messages })
    const began = performance.now()
    const reply = await sluice.post(key, '/v1/chat/completions', body, { headers })
    expect(reply.status).toBe(200)
    return performance.now() - began
  }
  await ask({ 'x-sluice-session': made.id })
  const sent = origin.calls('chat').at(-1)?.json.messages as unknown[]
  expect(sent.length).toBeGreaterThan(1000)
  const [plain, short, whole, long]: [number[], number[], number[], number[]] = [[], [], [], []]
  for (let turn = 0; turn < TURNS; turn += 1) {
    plain.push(await ask({}))
    short.push(await ask({ 'x-sluice-session': 'short' }))
    whole.push(await ask({}, sent))
    long.push(await ask({ 'x-sluice-session': made.id }))
  }
  const p50 = { plain: median(plain), short: median(short), whole: median(whole), long: median(long) }
  const { plain: request, long: turn } = p50
  const figures = [
    ['plain request', request],
    [`turn of a session of ${ITEMS} items, ${sent.length} messages sent`, turn],
    ['difference', turn - request],
    ['turn of a short session', p50.short],
    ['plain request with the same messages', p50.whole],
    ['difference of the turn to that', turn - p50.whole],
  ] as const
  const load = loadavg()[0] ?? 0
  console.log(`p50 of ${TURNS} in ms; load ${load.toFixed(2)}${load > LOAD_MAX ? ', too busy to go by' : ''}`)
  for (const [name, ms] of figures) console.log(`${ms.toFixed(2).padStart(8)}  ${name}`)
  // The same prompt goes to the same origin: what is left is the session's doing, and what it saves.
  expect(turn - p50.whole).toBeLessThan(SLOWER_MS_MAX)
})
