/** A provider that serves `/responses` itself: its bytes reach the client untouched, and what breaks is told in its events. */
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { pick, type Reply } from '../support/http-client.ts'
import { eventsOf } from '../support/responses-stream.ts'
import { type Call, type Script, ScriptedOrigin } from '../support/scripted-origin.ts'
import { setUp, type TestSluice } from '../support/sluice.ts'
import { providerError } from '../support/wire.ts'
import { answerChat } from './answering-origin.ts'

type Json = Record<string, unknown>

const RESPONSE = {
  id: 'resp_upstream',
  object: 'response',
  created_at: 1_700_000_000,
  status: 'completed',
  model: 'upstream-model',
  output: [
    { id: 'rs_1', type: 'reasoning', summary: [{ type: 'summary_text', text: 'Looking.' }], encrypted_content: 'gAAA' },
    { id: 'ws_1', type: 'web_search_call', status: 'completed', action: { type: 'search', query: 'rain “now”' } },
    {
      id: 'msg_1',
      type: 'message',
      status: 'completed',
      role: 'assistant',
      content: [
        {
          type: 'output_text',
          text: 'It rains. ☔',
          annotations: [{ type: 'url_citation', url: 'https://x.test', title: 'X', start_index: 0, end_index: 8 }],
        },
      ],
    },
  ],
  usage: {
    input_tokens: 30,
    input_tokens_details: { cached_tokens: 10 },
    output_tokens: 12,
    output_tokens_details: { reasoning_tokens: 5 },
    total_tokens: 42,
  },
  vendor_field: 1.5,
}
/** As no serializer of ours would write it. */
const WHOLE = JSON.stringify(RESPONSE, null, 3).replace('"vendor_field": 1.5', '"vendor_field":1.50e0')
const EVENTS = eventsOf(RESPONSE).map((told) => `event: ${told.type}\ndata:  ${JSON.stringify(told)}\n\n`)
const STREAM = [
  ': hi\n\n',
  ...EVENTS.slice(0, 2),
  'event: response.vendor\ndata: {"x":1 }\n\n',
  ...EVENTS.slice(2),
].join('')
/** Up to and with the first text. */
const BEGUN = EVENTS.slice(0, EVENTS.findIndex((told) => told.includes('output_text.delta')) + 1)

/** A stream that begins so, and then `breaks`. */
const begins =
  (parts: readonly string[], breaks: (call: Call) => unknown = (call) => call.reset()): Script =>
  async (call) => {
    await call.head(200)
    for (const part of parts) await call.write(part)
    await breaks(call)
  }

const native: Script = async (call) => {
  if (call.json.stream !== true) return await call.reply(200, WHOLE)
  await call.head(200)
  // Cut anywhere, in characters too.
  const bytes = Buffer.from(STREAM)
  for (let at = 0; at < bytes.length; at += 97) await call.write(bytes.subarray(at, at + 97))
  await call.end()
}

const FAILURE = {
  type: 'response.failed',
  response: { ...RESPONSE, status: 'failed', output: [], error: { code: 'server_error', message: 'boom' } },
  sequence_number: BEGUN.length,
}
const ERROR_EVENT = 'event: error\ndata: {"type":"error","code":"boom","message":"out of memory","param":null,'
const SCRIPTS: Readonly<Record<string, Script>> = {
  native,
  plain: begins(EVENTS, (call) => call.end()),
  chat: answerChat,
  cut: begins(BEGUN),
  halved: begins([...BEGUN, 'event: response.output_text.delta\ndata: {"type":"response.out']),
  commented: begins([...BEGUN, ': still here\n\n']),
  closes: begins(BEGUN, (call) => call.end()),
  errs: begins([...BEGUN, `${ERROR_EVENT}"sequence_number":${BEGUN.length}}\n\n`], (call) => call.end()),
  fails: begins([...BEGUN, `event: response.failed\ndata: ${JSON.stringify(FAILURE)}\n\n`], (call) => call.end()),
  early: begins(EVENTS.slice(0, 3)),
  down: (call) => call.reply(500, providerError('no')),
  rejects: (call) => call.reply(400, providerError('No such tool.', { param: 'tools[0]' })),
  // Of a run that failed the status is 200.
  failed: (call) => call.reply(200, JSON.stringify(FAILURE.response)),
}
const BROKEN = ['cut', 'halved', 'commented', 'closes', 'errs', 'fails']
const CHAINS = {
  'early-then-chat': ['early', 'chat'],
  'down-then-chat': ['down', 'chat'],
  'failed-then-chat': ['failed', 'chat'],
  'chat-then-native': ['down-chat', 'native'],
  'native-then-other': ['down', 'native'],
}

let origin: ScriptedOrigin
let sluice: TestSluice
let client: OpenAI

beforeAll(async () => {
  origin = await ScriptedOrigin.start()
  for (const [name, script] of Object.entries(SCRIPTS)) origin.on(name, script)
  origin.on('down-chat', (call) => call.reply(500, providerError('no')))
  const names = [...Object.keys(SCRIPTS), 'down-chat']
  const price = { input: 1, output: 10, cachedInput: 0.5 }
  const targetsOf = (chain: readonly string[]) =>
    chain.map((provider) => ({ provider, model: `real-${provider}`, price }))
  sluice = await setUp({
    config: {
      providers: Object.fromEntries(
        names.map((name) => [
          name,
          { protocol: 'openai', baseUrl: origin.url(name), responses: name !== 'chat' && name !== 'down-chat' },
        ]),
      ),
      models: Object.fromEntries([
        ...names.map((name) => [name, { targets: targetsOf([name]), retries: 0 }] as const),
        ...Object.entries(CHAINS).map(([name, chain]) => [name, { targets: targetsOf(chain), retries: 0 }] as const),
      ]),
    },
    tenants: [{ id: 'app' }],
  })
  client = new OpenAI({ baseURL: `${sluice.url}/v1`, apiKey: sluice.keyOf('app').key, maxRetries: 0 })
})

afterAll(async () => {
  await sluice?.stop()
  await origin?.close()
})

const ask = (body: Json): Promise<Reply> => sluice.post(sluice.keyOf('app').key, '/v1/responses', body)
const hello = (model: string, more: Json = {}): Json => ({ model, input: 'hello', ...more })

/** The data of the events of a body. */
const told = (body: string): Json[] =>
  [...body.matchAll(/^data: *(.*)$/gm)].map(([, data]) => JSON.parse(String(data)) as Json)

describe('passes', () => {
  test.each([
    ['whole', WHOLE],
    ['streamed', STREAM],
  ])('the answer, %s, byte for byte', async (form, bytes) => {
    const reply = await ask(hello('native', { stream: form === 'streamed' }))
    expect(reply.status).toBe(200)
    expect(reply.body).toBe(bytes)
    expect(reply.headers['x-sluice-target']).toBe('native/real-native')
    expect(reply.headers['content-type']).toMatch(form === 'whole' ? /^application\/json/ : /^text\/event-stream/)
    expect(await sluice.row('app', reply.headers['x-request-id'])).toMatchObject({
      outcome: 'finished',
      usage: { inputTokens: 20, cachedInputTokens: 10, outputTokens: 12, reasoningTokens: 5, source: 'provider' },
      // 20 × 1 + 10 × 0.5 + 12 × 10 micro-dollars.
      costMicroUsd: 145,
    })
  })

  test('the request as it was sent, but for the model and what is kept here', async () => {
    const sent = {
      vendor_first: { b: 1, a: [null, ''] },
      model: 'native',
      stream: false,
      instructions: null,
      input: [
        { role: 'user', content: [{ type: 'input_text', text: 'Rain?' }] },
        { type: 'web_search_call', id: 'ws_0', status: 'completed', action: { type: 'search', query: 'x' } },
        { type: 'reasoning', id: 'rs_0', summary: [], encrypted_content: 'gAAA' },
        { type: 'message', role: 'assistant', id: 'msg_0', content: [{ type: 'output_text', text: 'Yes.' }] },
        { role: 'user', content: [{ type: 'input_file', file_id: 'file-1' }] },
      ],
      tools: [{ type: 'web_search' }, { type: 'mcp', server_label: 'x', server_url: 'https://x.test' }],
      include: ['web_search_call.results', 'reasoning.encrypted_content'],
      reasoning: { effort: 'low', summary: 'auto' },
      metadata: { run: '7' },
      store: false,
      truncation: 'auto',
    }
    const reply = await ask(sent)
    expect(reply.body).toBe(WHOLE)
    expect(reply.headers).not.toHaveProperty('x-sluice-dropped-params')
    const call = origin.calls('native').at(-1)
    expect(call?.path).toBe('/native/v1/responses')
    expect(call?.body).toBe(JSON.stringify({ ...sent, model: 'real-native' }))
    await ask({ ...sent, store: true, background: false })
    expect(origin.calls('native').at(-1)?.body).toBe(call?.body)
  })

  test('its refusal of what was asked', async () => {
    const reply = await ask(hello('rejects'))
    expect(reply.status).toBe(400)
    expect(reply.json).toMatchObject({
      error: { code: 'upstream_rejected', message: 'No such tool.', param: 'tools[0]' },
    })
  })

  test('to the official package', async () => {
    const final = await client.responses.stream({ model: 'plain', input: 'hello' }).finalResponse()
    expect(final).toMatchObject({ id: 'resp_upstream', output_text: 'It rains. ☔' })
    expect(final.output.map(({ type }) => type)).toEqual(['reasoning', 'web_search_call', 'message'])
  })
})

describe.each(BROKEN)('a stream that breaks after its first content: %s', (model) => {
  test('one response.failed, numbered next', async () => {
    const reply = await ask(hello(model, { stream: true }))
    expect(reply.body.startsWith(BEGUN.join(''))).toBe(true)
    const events = told(reply.body)
    expect(events).toHaveLength(BEGUN.length + 1)
    expect(events.map(({ sequence_number: number }) => number)).toEqual(events.map((_, index) => index))
    expect(events.at(-1)).toMatchObject({
      type: 'response.failed',
      response: { status: 'failed', error: { code: 'upstream_failed' } },
    })
    expect(reply.body).not.toMatch(/boom|out of memory|\[DONE\]/)
    expect(await sluice.row('app', reply.headers['x-request-id'])).toMatchObject({ outcome: 'broken' })
  })

  // It takes none that changes its id.
  test('the official package takes it as the end of the same response', async () => {
    const final = await client.responses.stream({ model, input: 'hello' }).finalResponse()
    expect(final).toMatchObject({ id: 'resp_upstream', status: 'failed', error: { code: 'upstream_failed' } })
  })
})

describe('fallback before the first content', () => {
  test.each(['early-then-chat', 'down-then-chat'])('%s: the events are of one response', async (model) => {
    const reply = await ask(hello(model, { stream: true }))
    const events = told(reply.body)
    expect(reply.headers['x-sluice-target']).toBe('chat/real-chat')
    expect(events.map(({ sequence_number: number }) => number)).toEqual(events.map((_, index) => index))
    expect(reply.body).not.toContain('resp_upstream')
    expect(pick(events.at(-1), 'response')).toMatchObject({ status: 'completed', model })
    expect(reply.body).toContain('You said: hello')
  })

  test.each(['down-then-chat', 'failed-then-chat'])('%s, whole', async (model) => {
    const reply = await ask(hello(model))
    expect(reply.json).toMatchObject({ object: 'response', status: 'completed', model })
    expect(reply.body).toContain('You said: hello')
  })

  test.each([
    [false, WHOLE],
    [true, STREAM],
  ])('from a chat target to a native one (stream: %s): its bytes', async (stream, bytes) => {
    const reply = await ask(hello('chat-then-native', { stream, metadata: { run: '7' }, max_output_tokens: 9 }))
    expect(reply.body).toBe(bytes)
    expect(origin.calls('down-chat').at(-1)?.json).toMatchObject({ messages: [{ role: 'user', content: 'hello' }] })
    expect(origin.calls('native').at(-1)?.json).toMatchObject({ input: 'hello', max_output_tokens: 9 })
  })

  test('what only a native target can say goes to no other', async () => {
    const before = origin.calls('down-chat').length
    const reply = await ask(hello('chat-then-native', { tools: [{ type: 'web_search' }] }))
    expect(reply.body).toBe(WHOLE)
    expect(origin.calls('down-chat')).toHaveLength(before)
  })
})

describe('reasoning that another provider encrypted', () => {
  const user = (content: string): Json => ({ role: 'user', content })
  const theirs = { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'gAAA' }
  const said = { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Yes.' }] }
  const input = [user('hello'), theirs, said, user('more')]
  const sentTo = (name: string) => origin.calls(name).at(-1)?.json.input

  test('is sent to the first that could have written it, and to no other', async () => {
    const reply = await ask({ model: 'native-then-other', input })
    expect(reply.body).toBe(WHOLE)
    expect(sentTo('down')).toEqual(input)
    expect(sentTo('native')).toEqual([user('hello'), said, user('more')])
    expect(reply.headers['x-sluice-dropped-params']).toBe('reasoning.encrypted_content')
  })

  test('is not sent to a chat target', async () => {
    const reply = await ask({ model: 'chat', input })
    expect(origin.calls('chat').at(-1)?.body).not.toContain('gAAA')
    expect(reply.headers['x-sluice-dropped-params']).toBe('reasoning.encrypted_content')
  })

  test('nor is what we wrote ourselves sent to anyone', async () => {
    const ours = { ...theirs, encrypted_content: 'sluice:e30' }
    const reply = await ask({ model: 'native', input: [user('hello'), ours, said, user('more')] })
    expect(sentTo('native')).toEqual([user('hello'), said, user('more')])
    expect(reply.headers['x-sluice-dropped-params']).toBe('reasoning.encrypted_content')
  })
})
