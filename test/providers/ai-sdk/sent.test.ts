/** The request bodies and headers that each vendor gets of one conversation with everything in it. */
import { expect, it } from 'vitest'
import { anthropicAnswer, conversation, googleAnswer, weather } from '../samples.ts'
import { callOf, json, provider, upstream } from '../support.ts'

const schema = weather.function.parameters

const ANTHROPIC = {
  model: 'claude-sonnet-4-5',
  max_tokens: 300,
  temperature: 0.2,
  stop_sequences: ['END'],
  system: [{ type: 'text', text: 'Be brief.' }],
  tools: [{ name: 'weather', description: 'Tells the weather', input_schema: schema }],
  tool_choice: { type: 'any' },
  messages: [
    {
      role: 'user',
      content: [
        { type: 'text', text: 'What is it like here?' },
        { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' } },
        { type: 'image', source: { type: 'url', url: 'https://images.test/here.webp' } },
      ],
    },
    {
      role: 'assistant',
      content: [
        { type: 'tool_use', id: 'call_1', name: 'weather', input: { city: 'Rome' } },
        { type: 'tool_use', id: 'call_2', name: 'weather', input: { city: 'Oslo' } },
      ],
    },
    {
      role: 'user',
      content: [
        { type: 'tool_result', tool_use_id: 'call_1', content: '{"sky":"blue"}' },
        { type: 'tool_result', tool_use_id: 'call_2', content: 'grey' },
      ],
    },
  ],
}

const called = (id: string, city: string) => ({ functionCall: { id, name: 'weather', args: { city } } })
const responded = (id: string, content: unknown) => ({
  functionResponse: { id, name: 'weather', response: { name: 'weather', content } },
})

const GOOGLE = {
  generationConfig: { maxOutputTokens: 300, temperature: 0.2, stopSequences: ['END'] },
  systemInstruction: { parts: [{ text: 'Be brief.' }] },
  tools: [
    { functionDeclarations: [{ name: 'weather', description: 'Tells the weather', parametersJsonSchema: schema }] },
  ],
  toolConfig: { functionCallingConfig: { mode: 'ANY' } },
  contents: [
    {
      role: 'user',
      parts: [
        { text: 'What is it like here?' },
        { inlineData: { mimeType: 'image/png', data: 'iVBORw0KGgo=' } },
        { fileData: { mimeType: 'image/webp', fileUri: 'https://images.test/here.webp' } },
      ],
    },
    { role: 'model', parts: [called('call_1', 'Rome'), called('call_2', 'Oslo')] },
    { role: 'user', parts: [responded('call_1', { sky: 'blue' }), responded('call_2', 'grey')] },
  ],
}

it('Anthropic is sent this', async () => {
  const origin = upstream(() => json(anthropicAnswer))
  const reply = await provider('anthropic').call(
    callOf({ outgoing: origin.outgoing, body: conversation, model: 'claude-sonnet-4-5' }),
  )
  expect(origin.requests[0]?.url).toBe('https://api.anthropic.com/v1/messages')
  expect(origin.requests[0]?.headers).toEqual({
    accept: 'application/json',
    'anthropic-beta': 'structured-outputs-2025-11-13',
    'anthropic-version': '2023-06-01',
    'content-type': 'application/json',
    'user-agent': expect.stringMatching(/^sluice\//),
    'x-api-key': 'secret-key',
  })
  expect(origin.sent()).toEqual(ANTHROPIC)
  expect(reply.droppedParams).toEqual(['image_url.detail'])
})

it('Google is sent this, the key in a header', async () => {
  const origin = upstream(() => json(googleAnswer))
  const reply = await provider('google').call(
    callOf({ outgoing: origin.outgoing, body: conversation, model: 'gemini-2.5-flash' }),
  )
  expect(origin.requests[0]?.url).toBe(
    'https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:generateContent',
  )
  expect(origin.requests[0]?.headers).toEqual({
    accept: 'application/json',
    'content-type': 'application/json',
    'user-agent': expect.stringMatching(/^sluice\//),
    'x-goog-api-key': 'secret-key',
  })
  expect(origin.sent()).toEqual(GOOGLE)
  expect(reply.droppedParams).toEqual(['image_url.detail'])
})
