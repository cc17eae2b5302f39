/** How answers on `/v1/responses` end, as the official package has it: with reasoning, refused, cut off, broken, in error. */
import { LLMock } from '@copilotkit/aimock'
import OpenAI from 'openai'
import { toResponseInputItems } from 'openai/lib/responses/ResponseInputItems'
import type { ResponseCreateParamsNonStreaming, ResponseStreamEvent } from 'openai/resources/responses/responses'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Script, ScriptedOrigin } from '../support/scripted-origin.ts'
import { setUp, type TestSluice } from '../support/sluice.ts'
import { event, providerError, role, stream, text } from '../support/wire.ts'
import { answerChat, saying } from './answering-origin.ts'

type Body = Omit<ResponseCreateParamsNonStreaming, 'stream'>

const STATUSES = [400, 404, 422, 429, 500] as const
const WEATHER = {
  type: 'function' as const,
  name: 'get_weather',
  description: 'Weather of a city',
  strict: false,
  parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
}
/** Usage by each protocol's own names; the emulator reports none unless told. */
const MOCKED_USAGE = { input_tokens: 21, output_tokens: 9, promptTokenCount: 21, candidatesTokenCount: 9 }

const SCRIPTS: Readonly<Record<string, Script>> = {
  chat: answerChat,
  thinks: saying({ reasoning_content: 'Let me see.', content: 'It is 4.' }),
  refuses: saying({ refusal: 'I will not.' }),
  long: saying({ content: 'Once upon' }, 'length'),
  filtered: saying({ content: 'Once' }, 'content_filter'),
  breaks: async (call) => {
    await call.head(200)
    await call.write(role() + text('Half an ') + text('answer'))
    call.reset()
  },
  errs: async (call) => {
    await call.head(200)
    await call.write(role() + text('Half an answer'))
    await call.end(event({ error: { message: 'out of memory', type: 'server_error', code: 'boom', param: null } }))
  },
  recovers: async (call) => {
    await call.head(200)
    if (call.index > 0) return await call.end(stream('At last'))
    await call.write(role())
    call.reset()
  },
  ...Object.fromEntries(
    STATUSES.map((status): [string, Script] => [
      `status-${status}`,
      (call) => call.reply(status, providerError('no', { param: 'messages' })),
    ]),
  ),
}

let origin: ScriptedOrigin
let mock: LLMock
let sluice: TestSluice
let client: OpenAI

beforeAll(async () => {
  origin = await ScriptedOrigin.start()
  for (const [name, script] of Object.entries(SCRIPTS)) origin.on(name, script)
  mock = new LLMock({ port: 0, logLevel: 'silent' })
  mock.onMessage('hello', { content: 'Hello from the other side.', usage: MOCKED_USAGE })
  mock.onMessage('think', { content: 'It is 4.', reasoning: 'Let me see.', reasoningSignature: 'signed' })
  mock.onMessage('at length', { content: 'Cut', finishReason: 'length', usage: MOCKED_USAGE })
  mock.on(
    { userMessage: 'weather', hasToolResult: false },
    {
      toolCalls: ['Paris', 'Rome'].map((city) => ({ name: 'get_weather', arguments: JSON.stringify({ city }) })),
      reasoning: 'Let me see.',
      reasoningSignature: 'signed',
    },
  )
  mock.on({ userMessage: 'weather', hasToolResult: true }, { content: 'It rains in both.', usage: MOCKED_USAGE })
  await mock.start()
  const providers = {
    ...Object.fromEntries(
      Object.keys(SCRIPTS).map((name) => [name, { protocol: 'openai', baseUrl: origin.url(name) }] as const),
    ),
    anthropic: { protocol: 'anthropic', baseUrl: `${mock.url}/v1`, credential: 'anthropic' },
    google: { protocol: 'google', baseUrl: `${mock.url}/v1beta`, credential: 'google' },
  }
  const real: Readonly<Record<string, string>> = { anthropic: 'claude-sonnet-4-5', google: 'gemini-2.5-flash' }
  sluice = await setUp({
    credentials: { anthropic: 'sk-ant-test', google: 'google-test' },
    config: {
      providers,
      models: Object.fromEntries(
        Object.keys(providers).map((name) => {
          const target = { provider: name, model: real[name] ?? `real-${name}`, maxOutputTokens: 4096 }
          return [name, { targets: [target], retries: name === 'recovers' ? 1 : 0 }] as const
        }),
      ),
    },
    tenants: [
      { id: 'app' },
      { id: 'spent', limits: [{ name: 'none', of: 'requests', amount: 0, perSeconds: 60, scope: 'tenant' }] },
    ],
  })
  client = clientOf(sluice.keyOf('app').key)
})

afterAll(async () => {
  await sluice?.stop()
  await mock?.stop()
  await origin?.close()
})

const clientOf = (apiKey: string) => new OpenAI({ baseURL: `${sluice.url}/v1`, apiKey, maxRetries: 0 })
const hello = { input: 'hello' }

/** Asks in either form; the helper of the package puts a stream together. */
const ask = (form: string, body: Body): Promise<OpenAI.Responses.Response> =>
  form === 'whole' ? client.responses.create(body) : client.responses.stream(body).finalResponse()

describe.each(['whole', 'streamed'])('%s', (form) => {
  test('reasoning is an item of its own', async () => {
    const { output, output_text, usage } = await ask(form, { ...hello, model: 'thinks' })
    expect(output).toMatchObject([
      { type: 'reasoning', summary: [], content: [{ type: 'reasoning_text', text: 'Let me see.' }] },
      { type: 'message', status: 'completed', content: [{ type: 'output_text', text: 'It is 4.' }] },
    ])
    expect(output_text).toBe('It is 4.')
    expect(usage).toEqual({
      input_tokens: 11,
      input_tokens_details: { cached_tokens: 4, cache_write_tokens: 0 },
      output_tokens: 7,
      output_tokens_details: { reasoning_tokens: 2 },
      total_tokens: 18,
    })
  })

  test('a refusal', async () => {
    const { output, status } = await ask(form, { ...hello, model: 'refuses' })
    expect(status).toBe('completed')
    expect(output).toMatchObject([{ type: 'message', content: [{ type: 'refusal', refusal: 'I will not.' }] }])
  })

  test.each([
    ['long', 'max_output_tokens', 'Once upon'],
    ['filtered', 'content_filter', 'Once'],
  ])('%s: incomplete for %s', async (model, reason, said) => {
    const reply = await ask(form, { ...hello, model, max_output_tokens: 16 })
    expect(reply).toMatchObject({ status: 'incomplete', incomplete_details: { reason }, output_text: said })
    expect(reply.output).toMatchObject([{ status: 'incomplete' }])
  })

  describe.each(['anthropic', 'google'])('of %s', (model) => {
    test('text', async () => {
      const reply = await ask(form, { ...hello, model, instructions: 'Be kind.', metadata: { run: '7' } })
      expect(reply).toMatchObject({
        status: 'completed',
        model,
        output_text: 'Hello from the other side.',
        metadata: { run: '7' },
        usage: { input_tokens: 21, output_tokens: 9, total_tokens: 30 },
      })
    })

    test('reasoning', async () => {
      const { output, output_text } = await ask(form, { input: 'think', model })
      expect(output_text).toBe('It is 4.')
      expect(output).toMatchObject([{ type: 'reasoning', content: [{ text: 'Let me see.' }] }, { type: 'message' }])
    })

    test('an answer cut off by its length', async () => {
      const reply = await ask(form, { input: 'at length', model, max_output_tokens: 16 })
      expect(reply).toMatchObject({ status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } })
    })

    test.each([undefined, 'low'] as const)('parallel calls, their outputs, the answer; effort %s', async (effort) => {
      const question = { role: 'user' as const, content: 'What is the weather?' }
      const body = { model, tools: [WEATHER], ...(effort === undefined ? {} : { reasoning: { effort } }) }
      const { output } = await ask(form, { ...body, input: [question] })
      expect(output[0]).toMatchObject({ type: 'reasoning', content: [{ text: 'Let me see.' }] })
      const calls = output.filter((item) => item.type === 'function_call')
      expect(calls.map(({ arguments: input }) => JSON.parse(input))).toEqual([{ city: 'Paris' }, { city: 'Rome' }])
      const outputs = calls.map(({ call_id }) => ({ type: 'function_call_output' as const, call_id, output: 'rain' }))
      const back = (said: typeof output) => toResponseInputItems([question, ...said, ...outputs])
      const second = await ask(form, { ...body, input: back(output) })
      expect(second.output_text).toBe('It rains in both.')
      // Without the signed thinking before its calls a model of Anthropic's may not think on; with it it does.
      if (model !== 'anthropic' || effort === undefined) return
      const dropped = async (said: typeof output): Promise<string | null> => {
        const { response } = await client.responses.create({ ...body, input: back(said) }).withResponse()
        return response.headers.get('x-sluice-dropped-params')
      }
      expect(await dropped(output)).toBeNull()
      expect(await dropped(calls)).toBe('reasoning_effort')
    })
  })
})

describe('streams that fail', () => {
  test.each(['breaks', 'errs'])('%s after its first content: response.failed is the last event', async (model) => {
    const told: ResponseStreamEvent[] = []
    for await (const one of await client.responses.create({ ...hello, model, stream: true })) told.push(one)
    expect(told.map(({ sequence_number: number }) => number)).toEqual(told.map((_, index) => index))
    expect(told.some(({ type }) => type === 'response.output_text.delta')).toBe(true)
    expect(told.filter(({ type }) => /failed|completed|incomplete/.test(type))).toEqual([told.at(-1)])
    expect(told.at(-1)).toMatchObject({
      type: 'response.failed',
      response: { status: 'failed', error: { code: 'upstream_failed', message: expect.stringMatching(/Ask again/) } },
    })
    // The package's own helper holds a response together by its id.
    const final = await client.responses.stream({ ...hello, model }).finalResponse()
    expect(final).toMatchObject({ status: 'failed', error: { code: 'upstream_failed' } })
  })

  test('before its first content another is asked', async () => {
    const final = await client.responses.stream({ ...hello, model: 'recovers' }).finalResponse()
    expect(final).toMatchObject({ status: 'completed', output_text: 'At last' })
  })
})

describe('errors', () => {
  const failure = (from: OpenAI, body: object) =>
    from.responses.create({ ...hello, model: 'chat', ...body } as Body).then(
      () => undefined,
      (thrown: unknown) => thrown,
    )

  test.each<[string, object]>([
    ['previous_response_id', { previous_response_id: 'resp_1' }],
    ['prompt.id', { prompt: { id: 'pmpt_1' } }],
    ['tools[1].type', { tools: [WEATHER, { type: 'web_search' }] }],
    ['input[0]', { input: [{ type: 'item_reference', id: 'msg_1' }] }],
    [
      'input[0].content[0].file_id',
      { input: [{ role: 'user', content: [{ type: 'input_file', file_id: 'file-1' }] }] },
    ],
    ['include[0]', { include: ['web_search_call.results'] }],
    ['input', { input: 7 }],
    ['max_output_tokens', { max_output_tokens: 0 }],
  ])('%s: 400 that names it', async (param, body) => {
    for (const stream of [false, true]) {
      const error = await failure(client, { ...body, stream })
      expect(error).toBeInstanceOf(OpenAI.BadRequestError)
      expect(error).toMatchObject({ param, code: 'invalid_request', type: 'invalid_request_error' })
    }
  })

  test.each([
    ['an unknown key', () => clientOf('slc_app_nonsense'), 'chat', OpenAI.AuthenticationError, 'invalid_api_key'],
    ['an unknown model', () => client, 'none', OpenAI.NotFoundError, 'model_not_found'],
    ['a spent limit', () => clientOf(sluice.keyOf('spent').key), 'chat', OpenAI.RateLimitError, 'rate_limit_exceeded'],
    ['upstream 400', () => client, 'status-400', OpenAI.BadRequestError, 'upstream_rejected'],
    ['upstream 404', () => client, 'status-404', OpenAI.NotFoundError, 'upstream_rejected'],
    ['upstream 422', () => client, 'status-422', OpenAI.UnprocessableEntityError, 'upstream_rejected'],
    ['upstream 429', () => client, 'status-429', OpenAI.RateLimitError, 'upstream_rate_limited'],
    ['upstream 500', () => client, 'status-500', OpenAI.InternalServerError, 'upstream_failed'],
  ])('%s', async (_name, from, model, expected, code) => {
    for (const stream of [false, true]) {
      const error = await failure(from(), { model, stream })
      expect(error).toBeInstanceOf(expected)
      expect(error).toMatchObject({ code, requestID: expect.stringMatching(/^[0-9a-f-]{36}$/) })
    }
  })
})
