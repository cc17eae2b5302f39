/** What a session adds to a turn: next to nothing, however long it is. Figures of whatever machine this runs on. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ScriptedOrigin } from '../support/scripted-origin.ts'
import { setUp, type TestSluice } from '../support/sluice.ts'
import { whole as replying } from '../support/wire.ts'

const ITEMS = 10_000
const TURNS = 40

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
  const ms = Object.entries({ plain, short, whole, long }).map(([name, all]) => `${name} ${median(all).toFixed(2)}`)
  console.log(`${sent.length} messages of ${ITEMS} items sent; p50 in ms: ${ms.join(', ')}`)
  // The same prompt goes to the same origin: what is left is the session's doing, and what it saves.
  expect(median(long) - median(whole)).toBeLessThan(5)
})
