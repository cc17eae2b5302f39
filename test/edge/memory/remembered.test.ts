/** Turns of sessions as the edge runs them: begun, kept, given up, summed up, and what is said where that cannot be. */
import { describe, expect, it } from 'vitest'
import { type Entered, enter } from '../../../src/authenticate/enter.ts'
import type { ConfigDocument } from '../../../src/core/config.ts'
import type { InferenceRequest } from '../../../src/core/inference.ts'
import { REQUEST_BODY_BYTES_MAX } from '../../../src/core/limits.ts'
import { TURN_HEARTBEAT_MS } from '../../../src/core/session/limits.ts'
import { BodyBudget } from '../../../src/edge/body.ts'
import type { Exchange } from '../../../src/edge/exchange.ts'
import { type Memory, remembered } from '../../../src/edge/memory/remembered.ts'
import { SKINS } from '../../../src/edge/skins.ts'
import type { Services } from '../../../src/services.ts'
import { requestOf } from '../../support/path.ts'
import { CONFIG, isolate } from '../../support/worker.ts'

const bodies = new BodyBudget()

let count = 0
const answer = (text: string) => [
  { id: `msg_a${++count}`, type: 'message', role: 'assistant', content: [{ type: 'output_text', text }] },
]

/** Turns of one isolate, one after the other. */
async function world(sessions: ConfigDocument['sessions'] = {}, services: Partial<Services> = {}) {
  const at = await isolate({ config: { ...CONFIG, sessions }, services })
  const entry = (await enter(at.services, at.guard, { authorization: `Bearer ${at.key}`, apiKey: null })) as Extract<
    Entered,
    { kind: 'entry' }
  >
  const exchangeOf = (text: string, more: Partial<InferenceRequest> = {}, path = '/v1/chat/completions'): Exchange => {
    const skin = SKINS[path]
    if (skin === undefined) throw new Error(path)
    const request = requestOf({
      requestId: crypto.randomUUID(),
      body: { model: 'model', messages: [{ role: 'user', content: text }] },
      ...more,
    })
    const headers = { 'x-request-id': request.requestId }
    const client = { signal: new AbortController().signal }
    return { skin, entry, request, client, headers, release: () => {}, isOwned: false, text: '{}' }
  }
  const begin = (exchange: Exchange, ask?: Parameters<typeof remembered>[3], session = 's') =>
    remembered({ services: at.services, bodies }, exchange, { session, conversation: undefined }, ask)
  const running = async (...values: Parameters<typeof begin>): Promise<Memory> => {
    const memory = await begin(...values)
    if (memory === null || 'code' in memory) throw new Error(JSON.stringify(memory))
    return memory
  }
  /** A turn with its answer; the messages that were asked. */
  const turn = async (text: string, said = 'ok', ask?: Parameters<typeof remembered>[3]) => {
    const memory = await running(exchangeOf(text), ask)
    await memory.finish({ items: answer(said), target: 'up/m' })
    await at.settle()
    return memory.exchange.request.body.messages as { content: string }[]
  }
  return { ...at, exchangeOf, begin, running, turn }
}
const contents = (messages: readonly { content: string }[]) => messages.map(({ content }) => content)

describe('a turn', () => {
  it('has what was said before it, in any isolate', async () => {
    const here = await world()
    await here.turn('one', 'first')
    await here.turn('two', 'second')
    expect(contents(await here.turn('three'))).toEqual(['one', 'first', 'two', 'second', 'three'])
    here.services.histories.delete(`${here.place.id}.${here.place.generation}`, 's')
    expect(contents(await here.turn('four'))).toHaveLength(7)
  })

  it('is no more what its text says, and says so in a header', async () => {
    const here = await world()
    await here.turn('one')
    const exchange = here.exchangeOf('two')
    const memory = await here.running(exchange)
    expect(memory.exchange).toMatchObject({
      text: null,
      request: { session: 's', preferredTarget: 'up/m' },
      headers: { 'x-sluice-session': 's' },
    })
    expect(memory.exchange.request.bodyBytes).toBeGreaterThan(exchange.request.bodyBytes)
  })

  it('reserves for all that goes with it: 20 bytes on 100,000 tokens', async () => {
    const here = await world()
    await here.turn('word '.repeat(80_000))
    const memory = await here.running(here.exchangeOf('go on', { bodyBytes: 20, bodyChars: 20 }))
    expect(memory.exchange.request.bodyBytes).toBeGreaterThan(400_000)
    expect(memory.exchange.request.bodyChars).toBeGreaterThan(400_000)
  })

  it('that is given up leaves nothing but a mark', async () => {
    const here = await world()
    await here.turn('one', 'first')
    for (const status of ['broken', 'cancelled'] as const) {
      await (await here.running(here.exchangeOf('lost'))).abandon(status)
      expect(await here.services.sessions.head(here.place, 's')).toMatchObject({ lastTurn: { status } })
    }
    expect(contents(await here.turn('two'))).toEqual(['one', 'first', 'two'])
  })

  it('keeps the session for as long as it runs', async () => {
    const renewed: string[] = []
    const here = await world()
    const { renew } = here.services.sessions
    here.services.sessions.renew = (place, session, turnId) => {
      renewed.push(turnId)
      return renew(place, session, turnId)
    }
    const exchange = here.exchangeOf('slow')
    const memory = await here.running(exchange)
    for (let beat = 0; beat < 3; beat += 1) await here.clock.advance(TURN_HEARTBEAT_MS)
    expect(renewed).toEqual(Array(3).fill(exchange.request.requestId))
    await memory.finish({ items: answer('done'), target: null })
    await here.clock.advance(5 * TURN_HEARTBEAT_MS)
    expect(renewed).toHaveLength(3)
  })

  it('is refused while another runs, and waits where turns queue', async () => {
    const here = await world()
    const first = await here.running(here.exchangeOf('a'))
    expect(await here.begin(here.exchangeOf('b'))).toMatchObject({ code: 'session_busy' })
    await first.finish({ items: answer('done'), target: null })
    const queue = await world({ onBusy: 'queue' })
    const running = await queue.running(queue.exchangeOf('a'))
    const waiting = queue.running(queue.exchangeOf('b'))
    await running.finish({ items: answer('done'), target: null })
    expect(contents((await waiting).exchange.request.body.messages as { content: string }[])).toEqual([
      'a',
      'done',
      'b',
    ])
    expect(await queue.begin(queue.exchangeOf('c', { maxWaitMs: 0 }))).toMatchObject({ code: 'session_busy' })
  })

  it('is not run where it would only go round in circles', async () => {
    const here = await world({ loopRepeats: 2 })
    await here.turn('a', 'same')
    await here.turn('b', 'same')
    expect(await here.begin(here.exchangeOf('c'))).toMatchObject({ code: 'conflict', isFutile: true })
    await here.turn('d', 'same')
  })

  it('is kept of each protocol', async () => {
    const here = await world()
    const native = { form: 'responses', body: { model: 'model', input: 'r' }, headers: {}, dropped: [] } as const
    const memory = await here.running(here.exchangeOf('r', { native }, '/v1/responses'))
    await memory.finish({ items: answer('from responses'), target: null })
    expect(contents(await here.turn('next'))).toEqual(['r', 'from responses', 'next'])
  })
})

describe('what goes with a turn', () => {
  it('is bounded by tokens', async () => {
    const here = await world({ maxTokens: 300, loopRepeats: 0 })
    for (let turn = 0; turn < 8; turn += 1) await here.turn(`${turn} ${'word '.repeat(60)}`)
    const last = contents(await here.turn('end'))
    expect(last.length).toBeLessThan(8)
    expect(last.at(-3)).toContain('7 word')
  })

  it('is summed up where there is a model for that', async () => {
    const here = await world({ maxTokens: 300, loopRepeats: 0, summary: { model: 'plain' } })
    const asked: string[] = []
    const ask = async (model: string, messages: readonly Readonly<Record<string, unknown>>[]) => {
      asked.push(`${model}: ${messages[1]?.content}`)
      return 'They counted words.'
    }
    for (let turn = 0; turn < 8; turn += 1) await here.turn(`${turn} ${'word '.repeat(60)}`, 'ok', ask)
    expect(asked.length).toBeGreaterThan(0)
    expect(asked[0]).toMatch(/^plain: \[\{"role":"user","text":"0 word/)
    const last = contents(await here.turn('end'))
    expect(last[0]).toContain('They counted words.')
    expect(last.at(-3)).toContain('7 word')
  })
})

describe('a session of pictures', () => {
  const BYTES = 2 * 1024 * 1024
  const picture = (turn: number) => `data:image/png;base64,${String(turn % 10).repeat(BYTES)}`
  type Here = Awaited<ReturnType<typeof world>>
  /** A turn with a picture, as a client sends it; how many pictures were asked with it. */
  async function look(here: Here, turn: number, ask?: Parameters<typeof remembered>[3]): Promise<number> {
    const content = [
      { type: 'text', text: `look ${turn}` },
      { type: 'image_url', image_url: { url: picture(turn) } },
    ]
    const body = { model: 'model', messages: [{ role: 'user', content }] }
    const size = { bodyBytes: BYTES + 100, bodyChars: BYTES + 100 }
    const memory = await here.running(here.exchangeOf('', { body, ...size }), ask)
    const { request, release } = memory.exchange
    expect(request.bodyBytes).toBeLessThanOrEqual(REQUEST_BODY_BYTES_MAX)
    const messages = request.body.messages as { role: string }[]
    expect(messages[0]?.role).toBe('user')
    await memory.finish({ items: answer(`seen ${turn}`), target: null })
    await here.settle()
    release()
    return JSON.stringify(messages).split('data:image').length - 1
  }

  it('goes on and on, with the newest, in an isolate that knows it and in one that does not', async () => {
    const here = await world()
    const seen: number[] = []
    for (let turn = 0; turn < 14; turn += 1) {
      if (turn > 10) here.services.histories.delete(`${here.place.id}.${here.place.generation}`, 's')
      seen.push(await look(here, turn))
    }
    expect(seen).toEqual([1, 2, 3, ...Array(11).fill(3)])
    expect(here.lines.filter(({ event }) => event === 'turn-not-kept')).toEqual([])
  })

  it('is sent only what is new', async () => {
    const here = await world()
    const known: boolean[] = []
    const { begin } = here.services.sessions
    here.services.sessions.begin = (place, session, ask) => {
      known.push(ask.known !== null)
      return begin(place, session, ask)
    }
    for (let turn = 0; turn < 6; turn += 1) await look(here, turn)
    expect(known.slice(2)).toEqual([true, true, true, true])
  })

  it('is summed up before a picture is left out', async () => {
    const here = await world({ summary: { model: 'plain' } })
    let asked = ''
    const ask = async (_: string, messages: readonly Readonly<Record<string, unknown>>[]) => {
      asked += messages[1]?.content
      return 'They looked at pictures.'
    }
    for (let turn = 0; turn < 9; turn += 1) await look(here, turn, ask)
    for (let turn = 0; turn < 6; turn += 1) expect(asked).toContain(`look ${turn} [input_image]`)
    const last = await here.running(here.exchangeOf('end'))
    expect(JSON.stringify(last.exchange.request.body.messages)).toContain('They looked at pictures.')
  })

  it('gives back what it holds, and waits where there is too little', async () => {
    const here = await world()
    await look(here, 0)
    const held: (() => void)[] = []
    for (let one = bodies.hold(BYTES / 2); one !== null; one = bodies.hold(BYTES / 2)) held.push(one)
    const refused = await here.begin(here.exchangeOf('and?'))
    expect(refused !== null && 'code' in refused && refused.code).toBe('overloaded')
    for (const giveBack of held) giveBack()
    expect(await look(here, 1)).toBe(2)
  })
})

describe('what cannot be', () => {
  it('is told: a conversation that is not there, or two at once', async () => {
    const here = await world()
    const body = { model: 'model', input: 'x' }
    const native = { form: 'responses', body, headers: {}, dropped: [] } as const
    const exchange = here.exchangeOf('x', { native }, '/v1/responses')
    const named = (session: string | undefined, conversation: string | undefined) =>
      remembered({ services: here.services, bodies }, exchange, { session, conversation })
    expect(await named(undefined, 'conv_none')).toMatchObject({ code: 'not_found', param: 'conversation' })
    expect(await named(undefined, 'no such id')).toMatchObject({ code: 'not_found' })
    expect(await named('a', 'b')).toMatchObject({ code: 'invalid_request', param: 'conversation' })
    expect(await named(undefined, undefined)).toBeNull()
    const after = here.exchangeOf(
      'x',
      { native: { ...native, body: { ...body, previous_response_id: 'r' } } },
      '/v1/responses',
    )
    expect(await here.begin(after)).toMatchObject({ code: 'invalid_request', param: 'previous_response_id' })
    const embeddings = here.exchangeOf('x', {}, '/v1/embeddings')
    expect(await here.begin(embeddings)).toBeNull()
  })

  it('is told without what it failed on', async () => {
    const here = await world()
    here.services.sessions.begin = () => Promise.reject(new Error('secret'))
    expect(await here.begin(here.exchangeOf('x'))).toMatchObject({ code: 'overloaded', retryAfterMs: 1000 })
    expect(JSON.stringify(here.lines)).toContain('session-not-read')
    expect(JSON.stringify(here.lines)).not.toContain('secret')
  })

  it('takes nothing from the client when it is the end that fails', async () => {
    const here = await world()
    const memory = await here.running(here.exchangeOf('x'))
    here.services.sessions.end = () => Promise.reject(new Error('secret'))
    await memory.finish({ items: answer('done'), target: null })
    const stale = await here.running(here.exchangeOf('y'), undefined, 'other')
    here.services.sessions.end = async () => 'stale'
    await stale.finish({ items: answer('done'), target: null })
    expect(here.lines.filter(({ event }) => event === 'turn-not-kept')).toHaveLength(2)
  })
})
