/** Messages at targets that speak it: bytes pass as they are both ways; and what happens where another target must stand in. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Outgoing, pick, type Reply } from '../support/http-client.ts'
import { accumulated, eventsOf as read } from '../support/messages-events.ts'
import type { Script } from '../support/scripted-origin.ts'
import { providerError } from '../support/wire.ts'
import { answerMessages, errorBody, event, eventsOf, HEADERS, message, SIGNATURE } from './answering-anthropic.ts'
import { answerChat } from './answering-origin.ts'
import { type MessagesSetup, setUpMessages } from './messages-setup.ts'

let setup: MessagesSetup

/** What came in one call must be what goes out, so it is as few servers would write it. */
const ODD_WHOLE = `{ "type":"message", "id":"msg_1","role":"assistant",  "model":"claude-upstream",
  "content":[{"type":"text","text":"\\u00e9\\/é","citations":null}],"new_field":{"n":1e3,"big":12345678901234567890},
  "stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":1,"output_tokens":2}}\n`
const recorded = readFileSync(resolve(import.meta.dirname, '../fixtures/anthropic/text.chunks.txt'), 'utf8')
const RECORDED = recorded
  .trim()
  .split('\n')
  .map((data) => `event: ${JSON.parse(data).type}\ndata: ${data}\n\n`)
  .join('')
/** Kinds of events, lines and pauses that are in the protocol, but rare. */
const ODD_STREAM = RECORDED.replace(
  'event: ping\n',
  ': a comment\n\nevent: of_next_year\ndata: {"type":"of_next_year"}\n\nevent: ping\n',
)
  .replace('event: content_block_stop', 'event:content_block_stop')
  .replaceAll(/(?<=event: message_delta\n[^\n]*)\n\n/g, '\r\n\r\n')

/** Sends bytes in pieces that no event ends with, nor every character. */
const inPieces =
  (bytes: string): Script =>
  async (call) => {
    await call.head(200, { ...HEADERS, 'content-type': 'text/event-stream; charset=utf-8' })
    const all = Buffer.from(bytes)
    for (let at = 0; at < all.length; at += 61) await call.write(all.subarray(at, at + 61))
    await call.end()
  }

/** Fails before there is anything to show: by its status, in its stream, or by silence cut short. */
const FAILURES: Readonly<Record<string, Script>> = {
  'a 529': (call) => call.reply(529, errorBody('overloaded_error', 'Overloaded')),
  'a 500': (call) => call.reply(500, errorBody('api_error', 'Internal server error')),
  'a 401': (call) => call.reply(401, errorBody('authentication_error', 'invalid x-api-key')),
  'an error in the place of content': async (call) => {
    if (call.json.stream !== true) return await call.reply(200, errorBody('overloaded_error', 'Overloaded'))
    await call.head(200)
    await call.write(eventsOf(message([])).slice(0, 2).join(''))
    await call.end(event({ type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }))
  },
  'a stream cut before content': async (call) => {
    await call.head(200)
    await call.write(
      eventsOf(message([{ type: 'text', text: '' }]))
        .slice(0, 3)
        .join(''),
    )
    call.reset()
  },
}
const names = Object.keys(FAILURES).map((what, index) => [what, `failing-${index}`] as const)

beforeAll(async () => {
  setup = await setUpMessages(
    {
      ...{ odd: 'anthropic', claude: 'anthropic', chat: 'openai', 'chat-fails': 'openai', broken: 'anthropic' },
      ...Object.fromEntries(names.map(([, name]) => [name, 'anthropic'] as const)),
    },
    {
      ...Object.fromEntries(names.map(([, name]) => [`${name}-then-chat`, [name, 'chat']] as const)),
      'chat-then-claude': ['chat-fails', 'claude'],
      'chat-or-claude': ['chat', 'claude'],
    },
  )
  const { origin } = setup
  origin.on('claude', answerMessages).on('chat', answerChat)
  origin.on('chat-fails', (call) => call.reply(500, providerError('no')))
  for (const [what, name] of names) origin.on(name, FAILURES[what] as Script)
})

afterAll(async () => {
  await setup?.stop()
})

const BODY = { model: 'claude', max_tokens: 2048, messages: [{ role: 'user', content: 'hi' }] }
const post = (body: unknown, outgoing?: Outgoing): Promise<Reply> =>
  setup.sluice.post(setup.sluice.keyOf('app').key, '/v1/messages', body, outgoing)
const last = (name: string) => {
  const call = setup.origin.calls(name).at(-1)
  if (call === undefined) throw new Error(`${name} was never called`)
  return call
}
/** The message of a reply, whole or streamed. */
const said = (reply: Reply): unknown =>
  reply.headers['content-type']?.startsWith('text/event-stream') ? accumulated(read(reply.body)) : reply.json

describe('bytes', () => {
  test('of a whole reply come as they were', async () => {
    setup.origin.on('odd', (call) => call.reply(200, ODD_WHOLE, HEADERS))
    const reply = await post({ ...BODY, model: 'odd' })
    expect(reply.status).toBe(200)
    expect(reply.body).toBe(ODD_WHOLE)
    expect(reply.headers).toMatchObject({
      'x-upstream-request-id': 'req_upstream',
      'request-id': reply.headers['x-request-id'],
      'x-sluice-target': 'odd/real-odd',
      'x-sluice-cost-usd': '0.000033',
    })
    const named = Object.keys(reply.headers).filter((name) => /cookie|^server$|^anthropic-/.test(name))
    expect(named).toEqual([])
  })

  test.each([
    ['recorded', RECORDED],
    ['odd', ODD_STREAM],
  ])('of a stream come as they were: %s', async (_what, bytes) => {
    setup.origin.on('odd', inPieces(bytes))
    const reply = await post({ ...BODY, model: 'odd', stream: true })
    expect(reply.headers['content-type']).toMatch(/^text\/event-stream/)
    expect(reply.body).toBe(bytes)
    expect(await setup.sluice.row('app', reply.headers['x-request-id'])).toMatchObject({
      outcome: 'finished',
      usage: { inputTokens: 12, outputTokens: 30, source: 'provider' },
    })
  })

  test('of a request arrive as they were sent, but for the model', async () => {
    const body = `{"max_tokens":9,"model":"claude","stop_sequences":[],"of_next_year":{"b":1,"a":[null,"\u00e9"]},
      "messages":[{"role":"user","content":[{"type":"text","text":"hi","cache_control":{"type":"ephemeral","ttl":"1h"}}]},
      {"role":"assistant","content":[{"type":"tool_use","id":"toolu_1","name":"t","input":{"id":12345678901234567890}}]},
      {"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1","content":"x"}]}],"temperature":0.10}`
    await post(body, {
      headers: { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) },
    })
    expect(last('claude').body).toBe(
      body.replaceAll(/\n\s*/g, '').replace('"claude"', '"real-claude"').replace('0.10', '0.1'),
    )
  })

  test('of headers only these arrive', async () => {
    const { key } = setup.sluice.keyOf('app')
    const headers = {
      'x-api-key': key,
      cookie: 'session=1',
      'anthropic-version': '2026-10-21',
      'anthropic-beta':
        'interleaved-thinking-2025-05-14,message-threads-2026-08-12 , made-up-2026-01-01,thinking-display-updates-2026-08-18',
      'anthropic-dangerous-direct-browser-access': 'true',
      'x-stainless-lang': 'js',
      'x-forwarded-for': '10.0.0.1',
      'user-agent': 'Anthropic/JS 1.14.0',
    }
    await post({ ...BODY, stream: true }, { headers })
    const { headers: arrived } = last('claude')
    expect(arrived).toMatchObject({
      accept: 'text/event-stream',
      'anthropic-beta': 'interleaved-thinking-2025-05-14,thinking-display-updates-2026-08-18',
      'anthropic-version': '2026-10-21',
      'content-type': 'application/json',
      'user-agent': expect.stringMatching(/^sluice\//),
      'x-api-key': 'sk-of-the-operator',
    })
    const ofConnection = ['host', 'connection', 'content-length', 'accept-encoding', 'transfer-encoding']
    const ofOurs = ['accept', 'anthropic-beta', 'anthropic-version', 'content-type', 'user-agent', 'x-api-key']
    expect(
      Object.keys(arrived)
        .filter((name) => !ofConnection.includes(name))
        .sort(),
    ).toEqual(ofOurs)
    expect(JSON.stringify(arrived)).not.toContain(key)
    await post(BODY)
    expect(last('claude').headers).toMatchObject({ accept: 'application/json', 'anthropic-version': '2023-06-01' })
    expect(last('claude').headers).not.toHaveProperty('anthropic-beta')
  })
})

describe.each([
  { form: 'whole', stream: false },
  { form: 'streamed', stream: true },
])('$form, another target stands in', ({ stream }) => {
  const thinking = { type: 'thinking', thinking: 'Hm.', signature: SIGNATURE }
  const messages = [
    ...BODY.messages,
    {
      role: 'assistant',
      content: [thinking, { type: 'redacted_thinking', data: 'x' }, { type: 'text', text: 'Yes?' }],
    },
    { role: 'user', content: 'hello' },
  ]

  test.each(names.filter(([what]) => stream || what !== 'a stream cut before content'))(
    'after %s, and is not sent the thinking of others',
    async (_what, name) => {
      const reply = await post({
        ...BODY,
        model: `${name}-then-chat`,
        messages,
        stream,
        thinking: { type: 'enabled', budget_tokens: 1024 },
      })
      expect(said(reply)).toMatchObject({
        type: 'message',
        model: `${name}-then-chat`,
        content: [{ type: 'text', text: 'You said: hello' }],
        stop_reason: 'end_turn',
        usage: { input_tokens: 11, output_tokens: 7 },
      })
      expect(reply.headers['x-sluice-target']).toBe('chat/real-chat')
      expect(reply.headers['x-sluice-dropped-params']?.split(', ').sort()).toEqual([
        'redacted_thinking',
        'thinking.signature',
      ])
      expect(last(name).json).toMatchObject({ messages })
      expect(last('chat').json).toMatchObject({
        messages: [BODY.messages[0], { role: 'assistant', content: 'Yes?' }, { role: 'user', content: 'hello' }],
      })
      expect(last('chat').body).not.toMatch(/Hm\.|signature|redacted/)
    },
  )

  test('of Anthropic’s after one of OpenAI’s, with the thinking that is its own', async () => {
    const reply = await post({ ...BODY, model: 'chat-then-claude', messages, stream })
    expect(said(reply)).toMatchObject({
      model: 'claude-upstream',
      id: 'msg_upstream',
      content: [{ type: 'text', text: 'You said: hello' }],
    })
    expect(reply.headers['x-sluice-target']).toBe('claude/real-claude')
    expect(reply.headers).not.toHaveProperty('x-sluice-dropped-params')
    expect(last('claude').json).toEqual({ ...BODY, model: 'real-claude', messages, stream })
  })

  test('and what it called a tool and thought, the first may be told again', async () => {
    const tools = [{ name: 'get_weather', input_schema: { type: 'object' } }]
    const first = said(await post({ ...BODY, model: 'chat', tools, stream })) as { content: { id: string }[] }
    const results = first.content.map(({ id }) => ({ type: 'tool_result', tool_use_id: id, content: 'rain' }))
    const turns = [...BODY.messages, { role: 'assistant', content: first.content }, { role: 'user', content: results }]
    const second = await post({ ...BODY, model: 'claude', tools, messages: turns, stream })
    expect(said(second)).toMatchObject({ content: [{ type: 'text', text: 'The tool said rain.' }] })
    expect(last('claude').json).toMatchObject({ messages: turns })
    expect(first.content.map(({ id }) => id)).toEqual([expect.stringMatching(/^toolu_[A-Za-z0-9_-]+$/)])
  })
})

describe('what only Messages can say', () => {
  const tools = [{ type: 'web_search_20250305', name: 'web_search', max_uses: 2 }]

  test.each([false, true])('passes to who speaks it, stream: %s', async (stream) => {
    const reply = await post({ ...BODY, tools, stream })
    expect(reply.status).toBe(200)
    expect(last('claude').json).toMatchObject({ tools })
  })

  test('passes by targets that do not', async () => {
    const before = setup.origin.calls('chat').length
    const reply = await post({ ...BODY, model: 'chat-or-claude', tools })
    expect(reply.headers['x-sluice-target']).toBe('claude/real-claude')
    expect(setup.origin.calls('chat')).toHaveLength(before)
  })

  test.each(['chat', 'google'])('is refused where nobody does: %s', async (model) => {
    const reply = await post({ ...BODY, model, tools })
    expect(reply.status).toBe(400)
    expect(reply.json).toMatchObject({
      type: 'error',
      error: { type: 'invalid_request_error', message: expect.stringContaining('tools[0].type') },
      request_id: reply.headers['request-id'],
    })
  })
})

describe('a native stream that fails after its content', () => {
  test.each([
    ['by an error of its own', event({ type: 'error', error: { type: 'overloaded_error', message: 'sk-secret' } })],
    ['by its end', ''],
  ])('%s ends with one error event of ours', async (_what, end) => {
    const begun = eventsOf(message([{ type: 'text', text: 'so far' }]))
      .slice(0, 4)
      .join('')
    setup.origin.on('broken', async (call) => {
      await call.head(200)
      await call.write(begun + end)
      await call.end()
    })
    const reply = await post({ ...BODY, model: 'broken', stream: true })
    expect(reply.body.startsWith(begun)).toBe(true)
    const rest = read(reply.body.slice(begun.length))
    expect(rest).toEqual([{ type: 'error', error: { type: 'api_error', message: expect.any(String) } }])
    expect(reply.body).not.toContain('sk-secret')
    expect(reply.complete).toBe(true)
    expect(pick(await setup.sluice.row('app', reply.headers['x-request-id']), 'outcome')).not.toBe('finished')
  })
})
