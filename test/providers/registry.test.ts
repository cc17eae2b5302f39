/** The protocols of the build, and that another AI SDK provider is one line. */
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { expect, it } from 'vitest'
import { protocols, providers, sdk } from '../../src/providers/registry.ts'
import { accumulated, callOf, eventsOf, fixture, json, jsonOf, sse, upstream } from './support.ts'

it('names what it has', () => {
  expect(protocols).toEqual(['openai', 'anthropic', 'google'])
  expect([...providers().keys()]).toEqual(protocols)
  expect(providers().get('openai')?.operations).toEqual(['chat', 'completions', 'embeddings', 'relay'])
  expect(providers().get('anthropic')).toMatchObject({ operations: ['chat', 'count_tokens'], natives: ['messages'] })
  expect(providers().get('openai')?.natives).toEqual(['responses'])
})

// biome-ignore format: the one line that another provider takes
const other = sdk('groq', async (settings) => createOpenAICompatible({ name: 'groq', ...settings }), 'https://api.groq.com/openai/v1')

const groq = () => {
  const made = providers([other]).get('groq')
  if (made === undefined) throw new Error('no provider')
  return made
}
const body = { messages: [{ role: 'user', content: 'Hi' }] }

it('another provider answers whole', async () => {
  const answer = {
    id: 'cmpl_1',
    model: 'llama',
    choices: [{ index: 0, message: { role: 'assistant', content: 'Hello' }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 3, completion_tokens: 1, total_tokens: 4 },
  }
  const origin = upstream(() => json(answer))
  const reply = await groq().call(callOf({ outgoing: origin.outgoing, body }))
  expect(origin.requests[0]?.url).toBe('https://api.groq.com/openai/v1/chat/completions')
  expect(origin.requests[0]?.headers).toMatchObject({ authorization: 'Bearer secret-key' })
  expect(await jsonOf(reply)).toMatchObject({
    id: 'cmpl_1',
    choices: [{ message: { content: 'Hello' }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 3, completion_tokens: 1 },
  })
})

it('another provider streams, from real bytes', async () => {
  const origin = upstream(() => sse(fixture('streams/groq-tool-call.sse')))
  const reply = await groq().call(callOf({ outgoing: origin.outgoing, body: { ...body, stream: true } }))
  const { chunks, isDone } = await eventsOf(reply)
  expect(isDone).toBe(true)
  const { calls, finish } = accumulated(chunks)
  expect(finish).toBe('tool_calls')
  expect(calls.length).toBeGreaterThan(0)
  for (const call of calls) expect(JSON.parse(call.arguments)).toBeTypeOf('object')
})

it('another provider fails in the same terms', async () => {
  const origin = upstream(() => json({ error: { message: 'Slow down' } }, 429, { 'retry-after': '2' }))
  const reply = await groq().call(callOf({ outgoing: origin.outgoing, body }))
  expect(reply.status).toBe(429)
  expect(reply.headers.get('retry-after')).toBe('2')
  expect(await jsonOf(reply)).toMatchObject({ error: { message: 'Slow down', type: 'rate_limit_error' } })
})
