/** The bridge from end to end: what each vendor is sent, and what comes of its answers. */
import { describe, expect, it } from 'vitest'
import { anthropicAnswer, conversation, googleAnswer, weather } from '../samples.ts'
import { callOf, fixture, json, jsonOf, provider, sse, textOf, upstream } from '../support.ts'

describe('anthropic', () => {
  const model = 'claude-sonnet-4-5'

  it('answers in chat completions, cached tokens included in the prompt', async () => {
    const origin = upstream(() => json(anthropicAnswer, 200, { 'request-id': 'req_1' }))
    const reply = await provider('anthropic').call(callOf({ outgoing: origin.outgoing, body: conversation, model }))
    expect(reply.status).toBe(200)
    expect(reply.headers.get('request-id')).toBe('req_1')
    expect(reply.headers.get('content-type')).toBe('application/json')
    expect(await jsonOf(reply)).toEqual({
      id: 'msg_1',
      object: 'chat.completion',
      created: 1_700_000_000,
      model: 'claude-sonnet-4-5',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: 'Fine.', refusal: null },
          logprobs: null,
          finish_reason: 'stop',
        },
      ],
      usage: {
        prompt_tokens: 100,
        completion_tokens: 5,
        total_tokens: 105,
        prompt_tokens_details: { cached_tokens: 70, cache_write_tokens: 20 },
        completion_tokens_details: { reasoning_tokens: 0 },
      },
    })
  })

  it('shows thinking as reasoning_content beside a tool call', async () => {
    const origin = upstream(() => json(fixture('anthropic/thinking-tool-call.json')))
    const reply = await provider('anthropic').call(callOf({ outgoing: origin.outgoing, body: conversation, model }))
    expect(await jsonOf(reply)).toMatchObject({
      choices: [
        {
          finish_reason: 'tool_calls',
          message: {
            content: null,
            reasoning_content: 'The user wants me to call checkSandboxErrors immediately.',
            tool_calls: [
              {
                id: 'toolu_017R7ACrx7NF7sLDDtvdQ1u9',
                type: 'function',
                function: { name: 'checkSandboxErrors', arguments: '{}' },
              },
            ],
          },
        },
      ],
      usage: { prompt_tokens: 599, completion_tokens: 59, completion_tokens_details: { reasoning_tokens: 18 } },
    })
  })

  it('names what the SDK drops beside what we drop, whole and streamed', async () => {
    const body = { messages: [{ role: 'user', content: 'Hi' }], seed: 1, frequency_penalty: 1, logprobs: true }
    for (const stream of [false, true]) {
      const origin = upstream(() => (stream ? sse('event: ping\ndata: {"type":"ping"}\n\n') : json(anthropicAnswer)))
      const reply = await provider('anthropic').call(
        callOf({ outgoing: origin.outgoing, body: { ...body, stream }, model }),
      )
      expect([...reply.droppedParams].sort()).toEqual(['frequency_penalty', 'logprobs', 'seed'])
      await reply.body?.cancel()
    }
  })

  it('an error that comes first, inside a 200, is answered with its own status', async () => {
    const event = 'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n'
    const origin = upstream(() => sse(event))
    const reply = await provider('anthropic').call(
      callOf({ outgoing: origin.outgoing, body: { ...conversation, stream: true } }),
    )
    expect(reply.status).toBe(503)
    expect(await jsonOf(reply)).toMatchObject({ error: { message: 'Overloaded' } })
  })

  it('JSON schema, reasoning, parallel calls and the user have their places', async () => {
    const origin = upstream(() => json(anthropicAnswer))
    const body = {
      messages: [{ role: 'user', content: 'Hi' }],
      reasoning_effort: 'low',
      parallel_tool_calls: false,
      tools: [weather],
      user: 'u1',
    }
    const reply = await provider('anthropic').call(
      callOf({ outgoing: origin.outgoing, body, model: 'claude-opus-4-6' }),
    )
    expect(origin.sent()).toMatchObject({
      thinking: { type: 'adaptive' },
      output_config: { effort: 'low' },
      tool_choice: { type: 'auto', disable_parallel_tool_use: true },
      metadata: { user_id: 'u1' },
    })
    expect(reply.droppedParams).toEqual([])
  })

  it('a thinking budget stays within the bound that the caller set', async () => {
    const origin = upstream(() => json(anthropicAnswer))
    const body = {
      messages: [{ role: 'user', content: 'Hi' }],
      reasoning_effort: 'medium',
      max_completion_tokens: 4000,
    }
    const reply = await provider('anthropic').call(callOf({ outgoing: origin.outgoing, body, model }))
    expect(origin.sent()).toMatchObject({ max_tokens: 4000, thinking: { type: 'enabled', budget_tokens: 2000 } })
    expect(reply.droppedParams).toEqual([])
  })

  it('a schema is sent as output format', async () => {
    const origin = upstream(() => json(anthropicAnswer))
    const schema = {
      type: 'object',
      properties: { a: { type: 'string' } },
      required: ['a'],
      additionalProperties: false,
    }
    const body = {
      messages: [{ role: 'user', content: 'Hi' }],
      response_format: { type: 'json_schema', json_schema: { name: 'thing', schema } },
    }
    await provider('anthropic').call(callOf({ outgoing: origin.outgoing, body, model }))
    expect(origin.sent()).toMatchObject({ output_config: { format: { type: 'json_schema', schema } } })
  })

  it("sends the target's largest output when the caller names none", async () => {
    const origin = upstream(() => json(anthropicAnswer))
    const body = { messages: [{ role: 'user', content: 'Hi' }] }
    await provider('anthropic').call(callOf({ outgoing: origin.outgoing, body, model, maxOutputTokens: 1234 }))
    expect(origin.sent().max_tokens).toBe(1234)
    await provider('anthropic').call(callOf({ outgoing: origin.outgoing, body, model }))
    expect(origin.sent().max_tokens).toBe(64000)
  })
})

describe('google', () => {
  const model = 'gemini-2.5-flash'

  it('answers in chat completions', async () => {
    const origin = upstream(() => json(googleAnswer))
    const reply = await provider('google').call(callOf({ outgoing: origin.outgoing, body: conversation, model }))
    expect(await jsonOf(reply)).toEqual({
      id: 'resp_1',
      object: 'chat.completion',
      created: 1_700_000_000,
      model: 'gemini-2.5-flash',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: 'Fine.', refusal: null },
          logprobs: null,
          finish_reason: 'stop',
        },
      ],
      usage: {
        prompt_tokens: 100,
        completion_tokens: 5,
        total_tokens: 105,
        prompt_tokens_details: { cached_tokens: 70, cache_write_tokens: 0 },
        completion_tokens_details: { reasoning_tokens: 0 },
      },
    })
  })

  it('streams under its own method, still without a key in the URL', async () => {
    const origin = upstream(() => sse('data: {}\n\n'))
    await provider('google').call(callOf({ outgoing: origin.outgoing, body: { ...conversation, stream: true }, model }))
    expect(origin.requests[0]?.url).toMatch(/gemini-2\.5-flash:streamGenerateContent\?alt=sse$/)
  })

  it('asks to see thoughts when reasoning is asked for', async () => {
    const origin = upstream(() => json(googleAnswer))
    const body = { messages: [{ role: 'user', content: 'Hi' }], reasoning_effort: 'low' }
    await provider('google').call(callOf({ outgoing: origin.outgoing, body, model: 'gemini-3-pro-preview' }))
    expect(origin.sent()).toMatchObject({
      generationConfig: { thinkingConfig: { thinkingLevel: 'low', includeThoughts: true } },
    })
  })

  it('leaves no image to be fetched that Google does not fetch', async () => {
    const origin = upstream(() => json(googleAnswer))
    const reply = await provider('google').call(
      callOf({ outgoing: origin.outgoing, body: conversation, model: 'gemini-2.0-flash' }),
    )
    expect(reply.status).toBe(400)
    expect(await jsonOf(reply)).toMatchObject({ error: { param: 'messages[1].content[2].image_url.url' } })
    expect(origin.requests).toEqual([])
  })
})

describe.each(['anthropic', 'google'])('%s', (name) => {
  const body = { messages: [{ role: 'user', content: 'Hi' }] }
  const call = (answer: () => Response | Promise<Response>, more: object = {}) =>
    provider(name).call(callOf({ outgoing: upstream(answer).outgoing, body, ...more }))

  it.each([false, true])('answers what cannot be said as its vendor would (stream: %s)', async (stream) => {
    const origin = upstream(() => json({}))
    const reply = await provider(name).call(callOf({ outgoing: origin.outgoing, body: { ...body, n: 2, stream } }))
    expect(reply.status).toBe(400)
    expect(await jsonOf(reply)).toMatchObject({ error: { type: 'invalid_request_error', param: 'n' } })
    expect(origin.requests).toEqual([])
  })

  it.each([
    ['HTML', () => new Response('<html>hi</html>')],
    ['an empty body', () => new Response('')],
    ['JSON of another protocol', () => json({ hello: 'world' })],
    ['an error inside a 200', () => json({ error: { message: 'canary', type: 'x' } })],
  ])('a 200 with %s is a failure of the provider', async (_what, answer) => {
    expect((await call(answer)).status).toBe(502)
  })

  it.each([false, true])('hands a redirect on as a failure and follows nothing (stream: %s)', async (stream) => {
    const reply = await call(() => new Response('', { status: 307, headers: { location: 'https://evil.test' } }), {
      stream,
    })
    expect(reply.status).toBe(307)
    expect(reply.headers.get('location')).toBeNull()
  })

  it('rejects when nothing comes back, without the prompt in the error', async () => {
    const failing = call(() =>
      Promise.reject(Object.assign(new TypeError('fetch failed'), { cause: new Error('refused') })),
    )
    const error = (await failing.catch((reason: unknown) => reason)) as Error
    expect(error.message).toMatch(/fetch failed|refused/)
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('Hi')
  })

  it('never shows its key: not in the URL, the body or a reply', async () => {
    const origin = upstream(() => json('{"error":{"message":"no"}}', 500))
    const reply = await provider(name).call(callOf({ outgoing: origin.outgoing, body, credential: 'canary-key' }))
    expect(origin.requests[0]?.url).not.toContain('canary-key')
    expect(String(origin.requests[0]?.body)).not.toContain('canary-key')
    expect(await textOf(reply)).not.toContain('canary-key')
  })

  it('goes out without a credential when it has none, whatever the environment says', async () => {
    process.env.ANTHROPIC_API_KEY = 'from-environment'
    process.env.GOOGLE_GENERATIVE_AI_API_KEY = 'from-environment'
    process.env.ANTHROPIC_BASE_URL = 'https://evil.test'
    try {
      const origin = upstream(() => json({}, 401))
      await provider(name).call(callOf({ outgoing: origin.outgoing, body, credential: undefined }))
      expect(JSON.stringify(origin.requests[0])).not.toContain('from-environment')
      expect(origin.requests[0]?.url).not.toContain('evil')
      expect(origin.requests[0]?.headers).not.toHaveProperty('x-api-key')
    } finally {
      delete process.env.ANTHROPIC_API_KEY
      delete process.env.GOOGLE_GENERATIVE_AI_API_KEY
      delete process.env.ANTHROPIC_BASE_URL
    }
  })

  it('goes to the configured base URL', async () => {
    const origin = upstream(() => json({}, 500))
    await provider(name).call(callOf({ outgoing: origin.outgoing, body, baseUrl: 'https://proxy.test/deep/v1/' }))
    expect(origin.requests[0]?.url).toMatch(/^https:\/\/proxy\.test\/deep\/v1\/[a-z]/)
  })

  it('tries a credential by listing models', async () => {
    const origin = upstream(() => json({ data: [{ id: 'one' }], models: [{ name: 'models/two' }] }))
    const reply = await provider(name).check(callOf({ outgoing: origin.outgoing, body }))
    expect(origin.requests[0]).toMatchObject({ method: 'GET', url: expect.stringMatching(/\/v1(beta)?\/models$/) })
    expect(Object.values(origin.requests[0]?.headers ?? {})).toContain('secret-key')
    expect(await jsonOf(reply)).toMatchObject({ data: [{ id: 'one' }, { id: 'two' }] })
  })

  it('tells a bad credential', async () => {
    const origin = upstream(() => json({ error: { message: 'API key not valid.', type: 'x' } }, 400))
    expect((await provider(name).check(callOf({ outgoing: origin.outgoing, body }))).status).toBe(401)
  })
})
