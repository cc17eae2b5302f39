/** Chat at the demo origin over HTTP, whole and streamed. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type DemoOrigin, eventsOf, startDemoOrigin } from '../../support/demo-origin.ts'

let origin: DemoOrigin
beforeAll(async () => {
  origin = await startDemoOrigin()
})
afterAll(() => origin.close())

const path = '/v1/chat/completions'
const body = { model: 'demo-llm', messages: [{ role: 'user', content: 'Say these words to me, all of them' }] }
const whole = (more: object) => origin.ask(path, { ...body, ...more })
const stream = async (more: object) =>
  eventsOf(await (await origin.post(path, { ...body, stream: true, ...more })).text())

test('a stream says what the whole reply says, and ends as it should', async () => {
  const reply = await whole({})
  const events = await stream({})
  const deltas = events.slice(0, -1) as { choices: { delta: { content?: string }; finish_reason: string | null }[] }[]
  expect(deltas.map((event) => event.choices[0]?.delta.content ?? '').join('')).toBe(reply.choices[0].message.content)
  expect(deltas[0]?.choices[0]?.delta).toEqual({ role: 'assistant', content: '' })
  expect(deltas.at(-1)?.choices[0]?.finish_reason).toBe('stop')
  expect(events.at(-1)).toBe('[DONE]')
  expect(events).not.toContainEqual(expect.objectContaining({ usage: expect.anything() }))
})

test('usage comes last, and only when it is asked for', async () => {
  const events = await stream({ stream_options: { include_usage: true }, max_tokens: 3 })
  expect(events.at(-2)).toMatchObject({ choices: [], usage: { completion_tokens: 3 } })
})

test('a second turn finds the first one in the prefix cache', async () => {
  const content =
    'A long beginning that both of the turns have in common, so that there are blocks of it to be found again'
  const turn = [{ role: 'user', content: `${content} ${content}` }]
  const { usage } = await whole({ messages: turn })
  const next = await whole({ messages: [...turn, { role: 'user', content: 'And now?' }] })
  expect(usage.prompt_tokens_details.cached_tokens).toBe(0)
  expect(next.usage.prompt_tokens_details.cached_tokens).toBeGreaterThan(16)
  expect(next.usage.prompt_tokens_details.cached_tokens % 16).toBe(0)
})

test('choices and log probabilities, as many as asked for', async () => {
  const reply = await whole({ n: 3, logprobs: true, top_logprobs: 2, max_tokens: 4 })
  expect(reply.choices.map((choice: { index: number }) => choice.index)).toEqual([0, 1, 2])
  const { content } = reply.choices[1].logprobs
  expect(content).toHaveLength(4)
  expect(content[0].top_logprobs).toHaveLength(2)
  expect(Buffer.from(content[0].bytes).toString()).toBe(content[0].token)
})

test('a tool call whole and in parts', async () => {
  const parameters = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] }
  const tools = [{ type: 'function', function: { name: 'weather', parameters } }]
  const messages = [{ role: 'user', content: 'How is the weather in Oslo?' }]
  const reply = await whole({ tools, messages })
  expect(reply.choices[0]).toMatchObject({ finish_reason: 'tool_calls', message: { content: null } })
  expect(reply.choices[0].message.tool_calls[0].function.arguments).toBe('{"city":"Oslo"}')
  const events = (await stream({ tools, messages })) as { choices?: { delta: { tool_calls?: object[] } }[] }[]
  const parts = events.flatMap((event) => event.choices?.[0]?.delta.tool_calls ?? [])
  expect(parts[0]).toMatchObject({ index: 0, id: reply.choices[0].message.tool_calls[0].id })
  expect(parts.length).toBeGreaterThan(2)
})

test('an image counts as many tokens', async () => {
  const image = { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }
  const { usage } = await whole({ messages: [{ role: 'user', content: [{ type: 'text', text: 'x' }, image] }] })
  expect(usage.prompt_tokens).toBeGreaterThan(256)
})

test('a client that leaves is noticed, and what it had is said', async () => {
  const slow = await startDemoOrigin({ decodePerSecond: 50 })
  const leaving = new AbortController()
  const reply = await slow.post(path, { ...body, stream: true }, leaving.signal)
  const reader = reply.body?.getReader()
  await reader?.read()
  leaving.abort()
  await expect.poll(() => slow.lines).toEqual([expect.stringMatching(/^aborted after \d+ tokens$/)])
  await slow.close()
})

const begun = (content: string, more: object = {}) => ({
  messages: [...body.messages, { role: 'assistant', content }],
  continue_final_message: true,
  add_generation_prompt: false,
  ...more,
})

test.each([{}, { max_tokens: 60, ignore_eos: true }])(
  'an answer goes on from any beginning of it: %o',
  async (more) => {
    const { choices, usage } = await whole(more)
    const { content } = choices[0].message
    for (const at of [1, 7, content.indexOf(' ') + 1, content.length - 3]) {
      const rest = await whole({ ...begun(content.slice(0, at)), ...more, max_tokens: 200 })
      const prefix = content.slice(0, at).trimEnd()
      expect((prefix + rest.choices[0].message.content).slice(0, content.length)).toBe(content)
      expect(rest.usage.prompt_tokens).toBeGreaterThan(usage.prompt_tokens)
    }
  },
)

test('the beginning is in the cache of whoever has said it', async () => {
  const { choices } = await whole({ messages: [{ role: 'user', content: '90 words' }] })
  const content = choices[0].message.content.slice(0, 300)
  const messages = [
    { role: 'user', content: '90 words' },
    { role: 'assistant', content },
  ]
  const { usage } = await whole({ ...begun(''), messages })
  expect(usage.prompt_tokens_details.cached_tokens).toBeGreaterThan(usage.prompt_tokens - 32)
})

test.each([
  ['both at once', begun('x', { add_generation_prompt: true }), /Cannot set both/],
  ['no beginning', { ...begun('x'), messages: body.messages }, /requires a final assistant message/],
  ['a salt that is no text', { cache_salt: 7 }, /'cache_salt' must be a non-empty string/],
  ['an empty salt', { cache_salt: '' }, /'cache_salt' must be a non-empty string/],
])('%s is refused', async (_, more, message) => {
  const reply = await origin.post(path, { ...body, ...more })
  expect(reply.status).toBe(400)
  expect(JSON.parse(await reply.text()).error).toMatchObject({
    type: 'BadRequestError',
    message: expect.stringMatching(message),
  })
})

test('prompts of different salts share nothing in the cache', async () => {
  const messages = [{ role: 'user', content: 'a secret of many words that one tenant alone knows '.repeat(4) }]
  const cached = async (salt?: string) =>
    (await whole({ messages, cache_salt: salt })).usage.prompt_tokens_details.cached_tokens
  expect([await cached('one'), await cached('two'), await cached()]).toEqual([0, 0, 0])
  expect(await cached('one')).toBeGreaterThan(16)
})
