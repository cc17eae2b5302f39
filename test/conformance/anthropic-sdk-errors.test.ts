/** `@anthropic-ai/sdk` against a running Sluice: errors by their class, streams that break or are left, tokens counted. */
import Anthropic from '@anthropic-ai/sdk'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Script } from '../support/scripted-origin.ts'
import { flow } from '../support/scripts.ts'
import { stream as chatStream, event as chunk, providerError, role, text, whole } from '../support/wire.ts'
import { answerMessages, COUNTED, errorBody, event, eventsOf, message } from './answering-anthropic.ts'
import { type MessagesSetup, setUpMessages } from './messages-setup.ts'

const STATUSES = [400, 413, 429, 500, 529] as const
const ANTHROPIC_TYPES = {
  400: 'invalid_request_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  500: 'api_error',
  529: 'overloaded_error',
}
const OURS = expect.stringMatching(/^[0-9a-f-]{36}$/)

let setup: MessagesSetup
let client: Anthropic
/** `x-stainless-retry-count` of every request that the patient client sent. */
const retryCounts: string[] = []

/** An Anthropic stream that goes on until its reader is gone. */
const flowOfMessages: Script = async (call) => {
  await call.head(200)
  const [start = '', ping = '', open = '', delta = ''] = eventsOf(message([{ type: 'text', text: 'more' }]))
  await call.write(start + ping + open)
  for (let gone = false; !gone; ) {
    await call.write(delta)
    gone = await Promise.race([call.ended.then(() => true), new Promise<false>((tick) => setTimeout(tick, 20, false))])
  }
}

/** The beginning of a stream of each protocol, and what may come of it then. */
const BEGUN = {
  openai: role() + text('so far'),
  anthropic: eventsOf(message([{ type: 'text', text: 'so f' }]))
    .slice(0, 4)
    .join(''),
}
const ENDS: Readonly<Record<string, (kind: 'openai' | 'anthropic') => string>> = {
  'an error': (kind) =>
    kind === 'openai'
      ? chunk({ error: { message: 'It broke.', type: 'server_error', param: null, code: null } })
      : event({ type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }),
  nothing: () => '',
}

beforeAll(async () => {
  const statuses = STATUSES.flatMap((status) => [
    [`openai-${status}`, 'openai'] as const,
    [`anthropic-${status}`, 'anthropic'] as const,
  ])
  setup = await setUpMessages(
    {
      ...Object.fromEntries(statuses),
      ...{ chat: 'openai', claude: 'anthropic', 'flow-openai': 'openai', 'flow-anthropic': 'anthropic' },
      ...{
        'breaks-openai': 'openai',
        'breaks-anthropic': 'anthropic',
        flaky: 'openai',
        counting: 'anthropic',
        late: 'openai',
      },
    },
    { 'chat-then-claude': ['chat', 'claude'] },
    [{ id: 'narrow', models: ['chat'] }],
  )
  const { origin, sluice } = setup
  for (const status of STATUSES) {
    origin.on(`openai-${status}`, (call) => call.reply(status, providerError('no', { param: 'messages' })))
    origin.on(`anthropic-${status}`, (call) => call.reply(status, errorBody(ANTHROPIC_TYPES[status], 'no')))
  }
  origin.on('chat', (call) => call.reply(200, whole('hello'))).on('claude', answerMessages)
  origin.on('flow-openai', flow).on('flow-anthropic', flowOfMessages)
  origin.on('flaky', (call) => (call.index === 0 ? call.reply(500, '{}') : call.reply(200, whole('at last'))))
  origin.on('counting', (call) => call.reply(503, errorBody('overloaded_error', 'no')))
  client = new Anthropic({ baseURL: sluice.url, apiKey: sluice.keyOf('app').key, maxRetries: 0 })
})

afterAll(async () => {
  await setup?.stop()
})

const hello = { model: 'chat', max_tokens: 100, messages: [{ role: 'user' as const, content: 'hello' }] }
const thrown = (attempt: Promise<unknown>): Promise<unknown> =>
  attempt.then(
    () => undefined,
    (error: unknown) => error,
  )

describe('errors have their class', () => {
  const as = (apiKey: string) => new Anthropic({ baseURL: setup.sluice.url, apiKey, maxRetries: 0 })
  const ask = (body: object, from = client) => from.messages.create({ ...hello, ...body } as typeof hello)

  test.each([
    ['unknown key', () => ask({}, as('slc_app_nonsense')), Anthropic.AuthenticationError, 'authentication_error'],
    [
      'model of others',
      () => ask({ model: 'claude' }, as(setup.sluice.keyOf('narrow').key)),
      Anthropic.PermissionDeniedError,
      'permission_error',
    ],
    ['unknown model', () => ask({ model: 'none' }), Anthropic.NotFoundError, 'not_found_error'],
    ['bad field', () => ask({ messages: 'x' }), Anthropic.BadRequestError, 'invalid_request_error'],
    [
      'no bound of the output',
      () => ask({ max_tokens: undefined }),
      Anthropic.BadRequestError,
      'invalid_request_error',
    ],
    ['no such endpoint', () => client.messages.batches.list(), Anthropic.NotFoundError, 'not_found_error'],
  ])('%s', async (_name, attempt, expected, type) => {
    const error = await thrown(Promise.resolve(attempt()))
    expect(error).toBeInstanceOf(expected)
    expect(error).toMatchObject({ type, requestID: OURS, error: { type: 'error', request_id: OURS } })
  })

  test.each([
    [400, Anthropic.BadRequestError, 'invalid_request_error', 'no'],
    [413, Anthropic.APIError, 'invalid_request_error', 'no'],
    [429, Anthropic.RateLimitError, 'rate_limit_error', 'rate limiting'],
    [500, Anthropic.InternalServerError, 'api_error', 'could answer'],
    [529, Anthropic.InternalServerError, 'api_error', 'could answer'],
  ] as const)('an upstream’s %s, whoever’s, whole and streamed', async (status, expected, type, says) => {
    for (const kind of ['openai', 'anthropic']) {
      const body = { ...hello, model: `${kind}-${status}` }
      for (const attempt of [client.messages.create(body), client.messages.stream(body).finalMessage()]) {
        const error = await thrown(attempt)
        expect(error).toBeInstanceOf(expected)
        expect(error).toMatchObject({ type, requestID: OURS, message: expect.stringContaining(says) })
      }
    }
  })

  test('a token does as well as a key', async () => {
    const { key } = setup.sluice.keyOf('app')
    const byToken = new Anthropic({ baseURL: setup.sluice.url, authToken: key, apiKey: null, maxRetries: 0 })
    const byHeader = new Anthropic({
      baseURL: setup.sluice.url,
      apiKey: null,
      defaultHeaders: { 'x-api-key': key },
      maxRetries: 0,
    })
    for (const one of [byToken, byHeader]) expect((await one.messages.create(hello)).stop_reason).toBe('end_turn')
  })

  test('a retry of the client’s own is seen, and stays between the two', async () => {
    const patient = new Anthropic({
      baseURL: setup.sluice.url,
      apiKey: setup.sluice.keyOf('app').key,
      maxRetries: 2,
      fetch: (url, init) => {
        retryCounts.push(new Headers(init?.headers).get('x-stainless-retry-count') ?? '')
        return fetch(url, init)
      },
    })
    const { content } = await patient.messages.create({ ...hello, model: 'flaky' })
    expect(content).toMatchObject([{ type: 'text', text: 'at last' }])
    expect(retryCounts).toEqual(['0', '1'])
    const names = setup.origin.calls('flaky').flatMap(({ headers }) => Object.keys(headers))
    expect(names.filter((name) => /^(?:x-stainless|anthropic-)/.test(name))).toEqual([])
  })
})

describe.each(['openai', 'anthropic'] as const)('a stream of a target that speaks %s', (kind) => {
  test.each(Object.keys(ENDS))('that breaks off with %s raises, after what had come', async (end) => {
    setup.origin.on(`breaks-${kind}`, async (call) => {
      await call.head(200)
      await call.write(BEGUN[kind] + (ENDS[end]?.(kind) ?? ''))
      await call.end()
    })
    const stream = client.messages.stream({ ...hello, model: `breaks-${kind}` })
    let said = ''
    stream.on('text', (delta) => {
      said += delta
    })
    const error = await thrown(stream.finalMessage())
    expect(error).toBeInstanceOf(Anthropic.APIError)
    expect(error).toMatchObject({ error: { type: 'error', error: { type: expect.stringMatching(/_error$/) } } })
    expect(said).toMatch(/^so f/)
    expect(stream.request_id).toMatch(/^[0-9a-f-]{36}$/)
  })

  test.each(['abort', 'break'])('that is left by %s is left at the upstream too', async (way) => {
    const arriving = setup.origin.next(`flow-${kind}`)
    const stream = client.messages.stream({ ...hello, model: `flow-${kind}` })
    const read = async (): Promise<void> => {
      for await (const event of stream) {
        if (event.type !== 'content_block_delta') continue
        if (way === 'break') break
        stream.abort()
      }
    }
    const call = await arriving
    const error = await thrown(read())
    expect((await call.ended).answered).toBe(false)
    if (way === 'abort') expect(error).toBeInstanceOf(Anthropic.APIUserAbortError)
    const row = await setup.sluice.row('app', stream.request_id ?? '')
    expect(row).toMatchObject({ outcome: 'cancelled' })
  })
})

describe('a stream that has begun before its upstream', () => {
  /** Lets the origin answer once the client has the headers of its reply. */
  const begun = async (answer: Script) => {
    let proceed = (): void => {}
    const isBegun = new Promise<void>((resolve) => {
      proceed = resolve
    })
    setup.origin.on('late', (call) => isBegun.then(() => answer(call)))
    const { data, response } = await client.messages.create({ ...hello, model: 'late', stream: true }).withResponse()
    expect(response.headers.get('x-sluice-deferred')).toBe('1')
    expect(response.headers.get('request-id')).toBe(response.headers.get('x-request-id'))
    proceed()
    return data
  }

  test('goes on as any other', async () => {
    const stream = await begun((call) => call.reply(200, chatStream('hello'), { 'content-type': 'text/event-stream' }))
    let said = ''
    const types: string[] = []
    for await (const event of stream) {
      types.push(event.type)
      if (event.type === 'content_block_delta' && event.delta.type === 'text_delta') said += event.delta.text
    }
    expect(said).toBe('hello')
    expect([types[0], types.at(-1)]).toEqual(['message_start', 'message_stop'])
  })

  test('raises where nothing comes of it', async () => {
    const stream = await begun((call) => call.reply(429, providerError('slow down')))
    const error = await thrown(stream[Symbol.asyncIterator]().next())
    expect(error).toBeInstanceOf(Anthropic.APIError)
    expect(error).toMatchObject({ type: 'rate_limit_error', requestID: OURS })
  })
})

describe('tokens are counted', () => {
  const { max_tokens: _, ...prompt } = hello
  const count = (model: string, more: object = {}) =>
    client.messages.countTokens({ ...prompt, ...more, model }).withResponse()

  test('by an Anthropic target, of whatever is asked', async () => {
    const more = { system: 'Be brief.', tools: [{ name: 't', input_schema: { type: 'object' as const } }] }
    const { data, response } = await count('claude', more)
    expect(data).toEqual({ input_tokens: COUNTED })
    expect(response.headers.get('x-sluice-token-count')).toBeNull()
    const call = setup.origin.calls('claude').at(-1)
    expect(call?.path).toBe('/claude/v1/messages/count_tokens')
    expect(call?.json).toEqual({ ...prompt, ...more, model: 'real-claude' })
  })

  test('by the one Anthropic target among others', async () => {
    expect((await count('chat-then-claude')).data).toEqual({ input_tokens: COUNTED })
  })

  test.each(['chat', 'google', 'counting'])('by an estimate where nobody can: %s', async (model) => {
    const { data, response } = await count(model)
    expect(data.input_tokens).toBeGreaterThan(0)
    expect(response.headers.get('x-sluice-token-count')).toBe('estimated')
    const longer = await count(model, { system: 'word '.repeat(1000) })
    expect(longer.data.input_tokens).toBeGreaterThan(data.input_tokens + 300)
  })

  test('for nothing', async () => {
    const { response } = await count('claude')
    expect(response.headers.get('x-sluice-cost-usd')).toBe('0.000000')
  })

  test('but not of a model that does not exist', async () => {
    expect(await thrown(count('none'))).toBeInstanceOf(Anthropic.NotFoundError)
  })
})
