/** What one request of an isolate may do to its neighbours by being reset: nothing. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ScriptedOrigin } from '../support/scripted-origin.ts'
import { eventually, type MadeKey, ROW_MS, setUp, type TestSluice } from '../support/sluice.ts'
import { chat, role, text, whole } from '../support/wire.ts'

const NEIGHBOURS = 50
const ANSWER_MS = 5000
/** When the first requester of a cold isolate is reset, after its request went out: one isolate each. */
const RESETS_AFTER_MS = [2, 5, 10, 15, 20, 30, 40, 55, 70, 90, 110, 140, 180, 230]
/** Writes that keep the directory busy meanwhile, so that the refresh takes long enough to be hit in its middle. */
const WRITES = 30

let origin: ScriptedOrigin
let sluice: TestSluice
let key: MadeKey

beforeAll(async () => {
  origin = await ScriptedOrigin.start()
  origin.on('plain', (call) => call.reply(200, whole('hello')))
  origin.on('endless', async (call) => {
    await call.head(200)
    await call.write(role() + text('begun'))
  })
  const aliases = ['plain', 'endless']
  sluice = await setUp({
    isolates: RESETS_AFTER_MS.length + 1,
    config: {
      providers: Object.fromEntries(
        aliases.map((name) => [name, { protocol: 'openai', baseUrl: origin.url(name) }] as const),
      ),
      models: Object.fromEntries(aliases.map((name) => [name, { targets: [{ provider: name, model: 'm' }] }] as const)),
    },
  })
  // Made here and not in the setup, which would ask every isolate for its models and so warm it.
  await sluice.makeTenant('traps')
  key = sluice.keyOf('traps')
})

afterAll(async () => {
  await sluice?.stop()
  await origin?.close()
})

describe('the first requester of a cold isolate is reset mid-refresh', () => {
  test.each(RESETS_AFTER_MS.map((afterMs, index) => ({ afterMs, isolate: index + 1 })))(
    'after $afterMs ms: its neighbours are answered',
    async ({ afterMs, isolate }) => {
      const url = sluice.urls[isolate] ?? ''
      const busy = Array.from({ length: WRITES }, (_, index) =>
        sluice.admin('PUT', `/admin/credentials/busy-${index}`, { value: `sk-busy-${isolate}` }),
      )
      const first = sluice.begin(key.key, '/v1/chat/completions', chat('plain', false), { url })
      await first.socket
      if (afterMs > 0) await sleep(afterMs)
      const neighbours = Array.from({ length: NEIGHBOURS }, () =>
        sluice.post(key.key, '/v1/chat/completions', chat('plain', false), { url }),
      )
      await first.reset()
      const late = sleep(ANSWER_MS).then(() => {
        throw new Error(`not all ${NEIGHBOURS} were answered within ${ANSWER_MS} ms`)
      })
      const replies = await Promise.race([Promise.all(neighbours), late])
      expect(replies.map(({ status }) => status)).toEqual(replies.map(() => 200))
      await Promise.all(busy)
    },
  )
})

describe('the request that armed the usage flush is reset', () => {
  test.each([1, 2, 3, 4, 5])('round %i: its row and its neighbours’ arrive', async (round) => {
    const tenant = `flush-${round}`
    await sluice.makeTenant(tenant)
    const mine = sluice.keyOf(tenant).key
    const post = () => sluice.post(mine, '/v1/chat/completions', chat('plain', false))
    // In the snapshot, and its own flush over, before the trap is set.
    expect((await post()).status).toBe(200)
    await eventually('the first row', ROW_MS, async () => (await sluice.rows(tenant))[0])

    const arming = sluice.begin(mine, '/v1/chat/completions', chat('endless', true))
    await arming.until('begun')
    const armed = sluice.begin(mine, '/v1/chat/completions', chat('plain', false))
    await armed.head
    // Both of these arm or ride a flush, and both connections are gone at once.
    await Promise.all([arming.reset(), armed.reset()])
    const neighbours = await Promise.all(Array.from({ length: 5 }, post))
    expect(neighbours.map(({ status }) => status)).toEqual(neighbours.map(() => 200))
    const rows = await eventually('all eight rows', ROW_MS, async () => {
      const found = await sluice.rows(tenant)
      return found.length >= 8 ? found : undefined
    })
    expect(new Set(rows.map(({ requestId }) => requestId)).size).toBe(8)
    const ids = rows.map(({ requestId }) => requestId)
    for (const reply of neighbours) expect(ids).toContain(reply.headers['x-request-id'])
    expect(rows.filter(({ outcome }) => outcome === 'cancelled').length).toBeGreaterThanOrEqual(1)
  })
})
