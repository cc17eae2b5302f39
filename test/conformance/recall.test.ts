/** Recall from outside: what is served again, in which form, and what the caller is told of it. */
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { pick, type Reply } from '../support/http-client.ts'
import { cacheOf, startRecalling } from './recall-setup.ts'

const textOf = (reply: Reply): unknown => pick(reply.json, 'choices', 0, 'message', 'content')

let at: Awaited<ReturnType<typeof startRecalling>>

beforeAll(async () => {
  at = await startRecalling()
})

afterAll(() => at?.stop())

describe('a reply that was given before', () => {
  test('is served by every isolate a second later, with an id and a time of its own', async () => {
    const before = at.calls()
    const first = await at.ask(at.acme, 'exact', 'the same question')
    expect(cacheOf(first)).toBe('200 miss')
    await at.recallable()
    for (const isolate of [1, 0, 1]) {
      const again = await at.ask(at.acme, 'exact', 'the same question', { isolate })
      expect(cacheOf(again)).toBe('200 hit')
      expect(again.headers).toMatchObject({
        'x-sluice-attempts': '0',
        'x-sluice-cost-usd': '0',
        'x-sluice-target': 'chat/m',
        'x-sluice-model': 'exact',
      })
      expect(Number(again.headers.age)).toBeGreaterThanOrEqual(1)
      const [{ id, created, ...said }, { id: oldId, created: _, ...was }] = [again.json, first.json] as Record<
        string,
        unknown
      >[] as [Record<string, unknown>, Record<string, unknown>]
      expect(said).toEqual(was)
      expect(id).not.toBe(oldId)
      expect(id).toMatch(/^chatcmpl-/)
      expect(Math.abs(Number(created) - Date.now() / 1000)).toBeLessThan(5)
    }
    expect(at.calls() - before).toBe(1)
  })

  test('leaves a row of its own that costs nothing', async () => {
    const { one, two } = await at.twice('exact', 'what it costs')
    expect(await at.sluice.row('acme', one.headers['x-request-id'])).toMatchObject({ cache: 'miss', attempts: 1 })
    expect(await at.sluice.row('acme', two.headers['x-request-id'])).toMatchObject({
      cache: 'hit',
      attempts: 0,
      target: 'chat/m',
      outcome: 'finished',
      status: 200,
      costMicroUsd: 0,
      usage: null,
    })
  })

  test('is the same request however it is written, and whatever changes nothing', async () => {
    const messages = [{ role: 'user', content: 'however written' }]
    const body = { model: 'exact', messages, temperature: 0, seed: 7 }
    await at.ask(at.acme, 'exact', '', body)
    await at.recallable()
    const post = (text: string) => at.sluice.post(at.acme.key, '/v1/chat/completions', text)
    const again = `{ "seed": 7,\n "temperature": 0.0, "n": 1, "user": "u", "metadata": {"a":"b"}, "store": true,
      "service_tier": "auto", "messages": [ {"content":"however written","role":"user"} ], "model":"exact"}`
    expect(cacheOf(await post(again))).toBe('200 hit')
    for (const other of [{ seed: 8 }, { temperature: 0.1 }, { top_p: 0.5 }, { max_tokens: 9 }, { unheard_of: 1 }])
      expect([other, cacheOf(await at.ask(at.acme, 'exact', '', { ...body, ...other }))]).toEqual([other, '200 miss'])
  })

  test('replays as a stream what came whole, and whole what was streamed', async () => {
    const whole = await at.twice('exact', 'came whole', {}, { stream: true, stream_options: { include_usage: true } })
    expect(cacheOf(whole.two)).toBe('200 hit')
    expect(whole.two.headers['content-type']).toMatch(/^text\/event-stream/)
    expect(whole.two.body).toMatch(/data: \[DONE\]\n\n$/)
    const streamed = await at.twice('exact', 'came streamed', { stream: true }, {})
    expect(cacheOf(streamed.two)).toBe('200 hit')
    expect(textOf(streamed.two)).toBe('You said: came streamed')
    expect(pick(streamed.two.json, 'usage', 'prompt_tokens')).toEqual(
      pick((await at.ask(at.acme, 'plain', 'x')).json, 'usage', 'prompt_tokens'),
    )
    expect(whole.calls + streamed.calls).toBe(2)
  })

  test('of completions and embeddings, too', async () => {
    for (const [model, path, script] of [
      ['text', '/v1/completions', 'text'],
      ['vectors', '/v1/embeddings', 'embed'],
    ] as const) {
      const before = at.calls(script)
      const first = await at.ask(at.acme, model, 'once', { path })
      await at.recallable()
      const again = await at.ask(at.acme, model, 'once', { path })
      expect([cacheOf(first), cacheOf(again), at.calls(script) - before]).toEqual(['200 miss', '200 hit', 1])
      expect(pick(again.json, model === 'text' ? 'choices' : 'data')).toEqual(
        pick(first.json, model === 'text' ? 'choices' : 'data'),
      )
    }
  })
})

describe('the official SDK', () => {
  const client = (): OpenAI => new OpenAI({ baseURL: `${at.sluice.url}/v1`, apiKey: at.acme.key, maxRetries: 0 })
  const tools = ['get_weather', 'get_time'].map((name) => ({
    type: 'function' as const,
    function: { name, parameters: { type: 'object', properties: { city: { type: 'string' } } } },
  }))

  test('sees a normal stream, with tool calls of the same ids and arguments', async () => {
    const request = {
      model: 'exact',
      messages: [{ role: 'user' as const, content: 'with tools' }],
      tools,
      temperature: 0,
    }
    const first = await client().chat.completions.create(request)
    await at.recallable()
    const streamed = client().chat.completions.stream(request)
    const final = await streamed.finalChatCompletion()
    expect(final.choices[0]?.finish_reason).toBe('tool_calls')
    const callsOf = (message: OpenAI.ChatCompletionMessage | undefined) =>
      message?.tool_calls?.map((call) => [call.id, call.type === 'function' ? call.function : null])
    expect(callsOf(final.choices[0]?.message)).toMatchObject(callsOf(first.choices[0]?.message) ?? [])
    expect(final.choices[0]?.message.tool_calls).toHaveLength(2)
  })

  test('sees text and usage as recorded', async () => {
    const request = { model: 'exact', messages: [{ role: 'user' as const, content: 'for the SDK' }] }
    const first = await client().chat.completions.create(request)
    await at.recallable()
    const stream = await client().chat.completions.create({
      ...request,
      stream: true,
      stream_options: { include_usage: true },
    })
    let text = ''
    let usage: unknown
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? ''
      usage = chunk.usage ?? usage
    }
    expect(text).toBe(first.choices[0]?.message.content)
    expect(usage).toEqual(first.usage)
  })
})
