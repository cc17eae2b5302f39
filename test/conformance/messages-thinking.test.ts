/** Thinking on Messages, by `@anthropic-ai/sdk`, at targets that have it under other names: shown, kept by the client, sent back. */
import Anthropic from '@anthropic-ai/sdk'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Script } from '../support/scripted-origin.ts'
import { event as chunk, DONE, role, usage, whole } from '../support/wire.ts'
import { answerMessages, errorBody, SIGNATURE } from './answering-anthropic.ts'
import { type MessagesSetup, setUpMessages } from './messages-setup.ts'

const WEATHER: Anthropic.Tool = {
  name: 'get_weather',
  description: 'Weather of a city',
  input_schema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
}
const FORMS = ['whole', 'streamed'] as const

let setup: MessagesSetup
let client: Anthropic

/** Says what it thinks as vLLM and SGLang do. */
const answerReasoning: Script = async (call) => {
  const said = { reasoning_content: 'Two and two.', content: 'Four.' }
  if (call.json.stream !== true) {
    const choice = { index: 0, message: { role: 'assistant', ...said }, finish_reason: 'stop', stop_reason: 'END' }
    return await call.reply(200, whole('', { choices: [choice] }))
  }
  await call.head(200)
  await call.write(role())
  for (const [name, words] of Object.entries(said))
    for (const letter of words)
      await call.write(chunk({ choices: [{ index: 0, delta: { [name]: letter }, finish_reason: null }] }))
  await call.write(chunk({ choices: [{ index: 0, delta: {}, finish_reason: 'stop', stop_reason: 'END' }] }))
  await call.end(usage() + DONE)
}

/** Signs its calls, as Gemini does; with a result it says what it sees. */
const answerGemini: Script = async (call) => {
  const isResult = call.body.includes('functionResponse')
  const parts = isResult
    ? [{ text: 'It rains.' }]
    : [
        { text: 'They ask for two. ', thought: true },
        { functionCall: { name: 'get_weather', args: { city: 'Paris' } }, thoughtSignature: 'c2lnbmVkLTE=' },
        { functionCall: { name: 'get_weather', args: { city: 'Rome' } }, thoughtSignature: 'c2lnbmVkLTI=' },
      ]
  const reply = {
    candidates: [{ index: 0, content: { role: 'model', parts }, finishReason: 'STOP' }],
    usageMetadata: { promptTokenCount: 21, candidatesTokenCount: 9, thoughtsTokenCount: 4, totalTokenCount: 34 },
  }
  if (!call.path.includes('streamGenerateContent')) return await call.reply(200, JSON.stringify(reply))
  await call.head(200)
  await call.end(`data: ${JSON.stringify(reply)}\n\n`)
}

beforeAll(async () => {
  setup = await setUpMessages(
    { reasons: 'openai', gemini: 'google', claude: 'anthropic', fails: 'anthropic' },
    { 'fails-then-claude': ['fails', 'claude'] },
  )
  setup.origin.on('reasons', answerReasoning).on('gemini', answerGemini).on('claude', answerMessages)
  setup.origin.on('fails', (call) => call.reply(529, errorBody('overloaded_error', 'Overloaded')))
  client = new Anthropic({ baseURL: setup.sluice.url, apiKey: setup.sluice.keyOf('app').key, maxRetries: 0 })
})

afterAll(async () => {
  await setup?.stop()
})

type Turns = Anthropic.MessageParam[]
async function ask(form: (typeof FORMS)[number], body: Anthropic.MessageCreateParamsNonStreaming) {
  if (form === 'whole') return await client.messages.create(body).withResponse()
  const { data, response } = await client.messages.stream(body).withResponse()
  return { data: await data.finalMessage(), response }
}
const asked = (name: string) => setup.origin.calls(name).at(-1)?.json ?? {}

test.each(FORMS)('reasoning is thinking, %s; it is not sent to who has no place for it', async (form) => {
  const messages: Turns = [{ role: 'user', content: '2 + 2?' }]
  const base = { model: 'reasons', max_tokens: 4096, stop_sequences: ['END'] }
  const thinking = { type: 'enabled' as const, budget_tokens: 2048 }
  const { data } = await ask(form, { ...base, messages, thinking })
  expect(data).toMatchObject({
    content: [
      { type: 'thinking', thinking: 'Two and two.', signature: expect.stringMatching(/./) },
      { type: 'text', text: 'Four.' },
    ],
    stop_reason: 'stop_sequence',
    stop_sequence: 'END',
  })
  expect(asked('reasons')).toMatchObject({ reasoning_effort: 'medium', stop: ['END'] })
  messages.push({ role: 'assistant', content: data.content }, { role: 'user', content: 'Sure?' })
  const { response } = await ask(form, { ...base, messages, thinking: { type: 'disabled' } })
  expect(response.headers.get('x-sluice-dropped-params')).toBe('reasoning_content')
  expect(JSON.stringify(asked('reasons'))).not.toMatch(/Two and two|reasoning/)
})

test.each(FORMS)('Gemini’s signatures of its calls come back to it, %s', async (form) => {
  const messages: Turns = [{ role: 'user', content: 'Weather of both cities?' }]
  const base = { model: 'gemini', max_tokens: 4096, tools: [WEATHER] }
  const { data } = await ask(form, { ...base, messages })
  const thoughts = data.content.flatMap((block) => (block.type === 'thinking' ? [block.thinking] : []))
  expect(thoughts.join('')).toBe('They ask for two. ')
  const calls = data.content.filter((block) => block.type === 'tool_use')
  expect(calls.map(({ input }) => input)).toEqual([{ city: 'Paris' }, { city: 'Rome' }])
  expect(data).toMatchObject({
    stop_reason: 'tool_use',
    usage: { input_tokens: 21, output_tokens: 13, output_tokens_details: { thinking_tokens: 4 } },
  })
  const content = calls.map(({ id }) => ({ type: 'tool_result' as const, tool_use_id: id, content: 'rain' }))
  messages.push({ role: 'assistant', content: data.content }, { role: 'user', content })
  const { data: answer, response } = await ask(form, { ...base, messages })
  expect(answer.content).toMatchObject([{ type: 'text', text: 'It rains.' }])
  const turns = asked('gemini').contents as { role: string; parts: Record<string, unknown>[] }[]
  expect(turns[1]?.parts.map((part) => part.thoughtSignature).filter(Boolean)).toEqual(['c2lnbmVkLTE=', 'c2lnbmVkLTI='])
  expect(response.headers.get('x-sluice-dropped-params')).toBeNull()
})

test.each(FORMS)('thinking of others, %s, is not sent to Anthropic, nor one account’s to another', async (form) => {
  const messages: Turns = [{ role: 'user', content: '2 + 2?' }]
  const thinking = { type: 'enabled' as const, budget_tokens: 1024 }
  const base = { model: 'claude', max_tokens: 4096, thinking }
  const sentence = [{ role: 'user', content: '2 + 2?' }]
  const { data: theirs } = await ask(form, { ...base, model: 'reasons', messages })
  messages.push({ role: 'assistant', content: theirs.content }, { role: 'user', content: 'Sure?' })
  const { data, response } = await ask(form, { ...base, messages })
  expect(data.content[0]).toMatchObject({ type: 'thinking', signature: SIGNATURE })
  expect(response.headers.get('x-sluice-dropped-params')).toBe('thinking.signature')
  const without = [...sentence, { role: 'assistant', content: [{ type: 'text', text: 'Four.' }] }, messages[2]]
  expect(asked('claude')).toMatchObject({ thinking, messages: without })

  // Whose it is nobody can tell, so of several accounts the first has it.
  messages.push({ role: 'assistant', content: data.content }, { role: 'user', content: 'Really?' })
  const { response: other } = await ask(form, { ...base, model: 'fails-then-claude', messages })
  expect(other.headers.get('x-sluice-target')).toBe('claude/real-claude')
  expect(other.headers.get('x-sluice-dropped-params')).toBe('thinking.signature')
  expect(JSON.stringify(asked('fails').messages)).toContain(SIGNATURE)
  expect(JSON.stringify(asked('claude').messages)).not.toContain('signature')
})
