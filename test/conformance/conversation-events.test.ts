/** Events of a conversation: spoken into it by an app, and heard live, as server-sent events and over WebSockets. */
import OpenAI from 'openai'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ScriptedOrigin } from '../support/scripted-origin.ts'
import { eventually, setUp, type TestSluice } from '../support/sluice.ts'
import { answerChat } from './answering-origin.ts'

interface Told {
  readonly type: string
  readonly sequence_number: number
  readonly items?: readonly { readonly role?: string; readonly content?: readonly { readonly text: string }[] }[]
}

let origin: ScriptedOrigin
let sluice: TestSluice
let client: OpenAI

beforeAll(async () => {
  origin = await ScriptedOrigin.start()
  origin.on('chat', answerChat).on('broken', (call) => call.reply(500, '{}'))
  const names = ['chat', 'broken']
  sluice = await setUp({
    config: {
      providers: Object.fromEntries(names.map((name) => [name, { protocol: 'openai', baseUrl: origin.url(name) }])),
      models: Object.fromEntries(
        names.map((name) => [name, { targets: [{ provider: name, model: `real-${name}` }], retries: 0 }]),
      ),
    },
    tenants: [{ id: 'app' }, { id: 'rival' }],
  })
  client = new OpenAI({ baseURL: `${sluice.url}/v1`, apiKey: sluice.keyOf('app').key, maxRetries: 0 })
})

afterAll(async () => {
  await sluice?.stop()
  await origin?.close()
})

const keyOf = (tenant = 'app') => ({ authorization: `Bearer ${sluice.keyOf(tenant).key}` })
const speak = (id: string, content: string) =>
  sluice.post(sluice.keyOf('app').key, `/v1/conversations/${id}/events`, { role: 'assistant', content })
const ask = (id: string, input: string, model = 'chat') => client.responses.create({ model, input, conversation: id })
const wordsOf = (told: Told) => (told.items ?? []).map(({ content }) => content?.[0]?.text)

/** Listens by SSE; what was heard grows. */
async function listen(id: string, after: string, headers: Record<string, string> = {}) {
  const leave = new AbortController()
  const reply = await fetch(`${sluice.url}/v1/conversations/${id}/events${after}`, {
    headers: { ...keyOf(), ...headers },
    signal: leave.signal,
  })
  expect(reply.headers.get('content-type')).toContain('text/event-stream')
  const heard: Told[] = []
  const state = { ended: false }
  const read = async (): Promise<void> => {
    let text = ''
    for await (const bytes of reply.body ?? []) {
      text += Buffer.from(bytes).toString()
      const events = text.split('\n\n')
      text = events.pop() ?? ''
      for (const event of events) {
        const data = /^data: (.*)$/m.exec(event)?.[1]
        if (data === undefined) continue
        const told = JSON.parse(data) as Told
        if (told.sequence_number !== undefined) expect(event).toContain(`id: ${told.sequence_number}\n`)
        heard.push(told)
      }
    }
    state.ended = true
  }
  void read().catch(() => {})
  return { heard, state, leave: () => leave.abort() }
}

/** Node's own, which takes headers besides. */
type Socket = new (url: string, options: { headers: Record<string, string> }) => WebSocket

async function connect(id: string, after = '', tenant = 'app') {
  const url = `${sluice.url.replace('http', 'ws')}/v1/conversations/${id}/events${after}`
  const socket = new (WebSocket as unknown as Socket)(url, { headers: keyOf(tenant) })
  const heard: Told[] = []
  const other: string[] = []
  socket.addEventListener('message', ({ data }) => {
    if (String(data).startsWith('{')) heard.push(JSON.parse(String(data)) as Told)
    else other.push(String(data))
  })
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve)
    socket.addEventListener('error', () => reject(new Error('no socket')))
  })
  return { socket, heard, other }
}

const until = (heard: readonly Told[], count: number) =>
  eventually(`${count} events`, 5000, async () => (heard.length >= count ? true : undefined))

test('what an app says is heard by all, and goes with the next turn', async () => {
  const { id } = await client.conversations.create()
  const sse = await listen(id, '')
  const devices = await Promise.all([connect(id), connect(id)])
  const posted = await speak(id, 'Your order has shipped.')
  expect(posted.json).toMatchObject({
    object: 'conversation.event',
    type: 'conversation.message',
    sequence_number: expect.any(Number),
    items: [{ role: 'assistant', status: 'completed' }],
  })
  await ask(id, 'When will it come?')
  for (const { heard } of [sse, ...devices]) {
    await until(heard, 2)
    expect(heard.map(({ type }) => type)).toEqual(['conversation.message', 'conversation.turn.completed'])
    expect(heard.flatMap(wordsOf)).toEqual([
      'Your order has shipped.',
      'When will it come?',
      'You said: When will it come?',
    ])
  }
  expect(devices[0]?.heard).toEqual(sse.heard)
  expect(origin.calls('chat').at(-1)?.json.messages).toMatchObject([
    { role: 'assistant', content: 'Your order has shipped.' },
    { role: 'user' },
  ])
  const socket = devices[0]
  socket?.socket.send('ping')
  await eventually('a pong', 2000, async () => (socket?.other.includes('pong') ? true : undefined))
  sse.leave()
  for (const one of devices) one.socket.close()
})

test('whoever comes back hears what they missed, once', async () => {
  const { id } = await client.conversations.create()
  for (const word of ['a', 'b', 'c']) await speak(id, word)
  const all = await listen(id, '?after=0')
  await until(all.heard, 3)
  const [first] = all.heard
  const resumed = await listen(id, '?after=0', { 'last-event-id': String(first?.sequence_number) })
  const socket = await connect(id, `?after=${first?.sequence_number}`)
  await speak(id, 'd')
  for (const { heard } of [resumed, socket]) {
    await until(heard, 3)
    expect(heard.flatMap(wordsOf)).toEqual(['b', 'c', 'd'])
  }
  await until(all.heard, 4)
  for (const one of [all, resumed]) one.leave()
  socket.socket.close()
})

test('nothing is lost between a replay and the socket, however many speak at once', async () => {
  const { id } = await client.conversations.create()
  const words = Array.from({ length: 40 }, (_, index) => `w${index}`)
  const speaking = Promise.all(words.map((word) => speak(id, word)))
  const sockets = await Promise.all(Array.from({ length: 8 }, () => connect(id, '?after=0')))
  await speaking
  for (const { heard, socket } of sockets) {
    await until(heard, words.length)
    const numbers = heard.map(({ sequence_number: number }) => number)
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b))
    expect(new Set(heard.flatMap(wordsOf))).toEqual(new Set(words))
    socket.close()
  }
})

test('turns that break are heard of, and the end of it all', async () => {
  const { id } = await client.conversations.create()
  const sse = await listen(id, '')
  await ask(id, 'x', 'broken').catch(() => null)
  await until(sse.heard, 1)
  expect(sse.heard[0]).toMatchObject({ type: 'conversation.turn.broken' })
  expect(await client.conversations.retrieve(id)).toMatchObject({ last_turn: { status: 'broken' } })
  await client.conversations.delete(id)
  await until(sse.heard, 2)
  expect(sse.heard[1]).toEqual({ type: 'conversation.deleted' })
})

test('nobody else hears anything', async () => {
  const { id } = await client.conversations.create()
  await expect(connect(id, '', 'rival')).rejects.toThrow('no socket')
  const reply = await fetch(`${sluice.url}/v1/conversations/${id}/events`, { headers: keyOf('rival') })
  expect(reply.status).toBe(404)
  const forged = await fetch(`${sluice.url}/v1/conversations/${id}/events?after=x`, { headers: keyOf() })
  expect(forged.status).toBe(400)
})
