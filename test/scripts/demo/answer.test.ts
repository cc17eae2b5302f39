/** What the demo model says, to what. */
import { expect, test } from 'vitest'
import { answerChat, answerText, plainText } from '../../../scripts/demo/answer.ts'
import { chatSchema } from '../../../scripts/demo/requests.ts'

const ask = (content: unknown, more: object = {}, choice = 0) =>
  answerChat(chatSchema.parse({ model: 'demo-llm', messages: [{ role: 'user', content }], ...more }), choice)

const tool = (name: string, parameters?: object) => ({ type: 'function', function: { name, parameters } })
const weather = tool('get_weather', { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] })
const clock = tool('currentTime', { type: 'object', properties: {} })

test('it repeats the question, and each choice differs', () => {
  expect(ask('Is it raining?').text).toContain('“Is it raining?”')
  expect(ask('Is it raining?', {}, 1).text).not.toBe(ask('Is it raining?').text)
})

test('as many words as are asked for', () => {
  expect(answerText('Give me 12 words, please.').split(' ')).toHaveLength(12)
})

test('images are counted, text parts joined', () => {
  const image = { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }
  const { text } = ask([{ type: 'text', text: 'Look at ' }, { type: 'text', text: 'this' }, image, image])
  expect(text).toContain('Look at this')
  expect(text).toContain('2 images')
})

test('content of any form becomes text', () => {
  expect(plainText('a')).toBe('a')
  expect(plainText(null)).toBe('')
  expect(plainText([{ type: 'text', text: 'a' }, { type: 'image_url' }])).toBe('a')
})

test('a tool is called when the question names it, once for each name in the question', () => {
  const { text, toolCalls } = ask('What is the weather in Paris and Tokyo?', { tools: [weather, clock] })
  expect(text).toBe('')
  expect(toolCalls.map((call) => [call.name, call.arguments])).toEqual([
    ['get_weather', '{"city":"Paris"}'],
    ['get_weather', '{"city":"Tokyo"}'],
  ])
  expect(new Set(toolCalls.map((call) => call.id)).size).toBe(2)
})

test('without parallel calls there is one; a question about nothing calls none', () => {
  const more = { tools: [weather, clock], parallel_tool_calls: false }
  expect(ask('The weather in Paris and Tokyo?', more).toolCalls).toHaveLength(1)
  expect(ask('Who are you?', more).toolCalls).toEqual([])
})

test('tool_choice forces, requires or forbids', () => {
  const tools = [weather, clock]
  const named = { tools, tool_choice: { type: 'function', function: { name: 'currentTime' } } }
  expect(ask('Hello', named).toolCalls.map((call) => call.name)).toEqual(['currentTime'])
  expect(ask('Hello', { tools, tool_choice: 'required' }).toolCalls.map((call) => call.name)).toEqual(['get_weather'])
  expect(ask('The weather?', { tools, tool_choice: 'none' }).toolCalls).toEqual([])
})

test('after the tool has answered, its words are the answer', () => {
  const messages = [
    { role: 'user', content: 'The weather?' },
    { role: 'tool', content: 'sunny' },
  ]
  const { text, toolCalls } = answerChat(chatSchema.parse({ model: 'm', messages, tools: [weather] }), 0)
  expect(text).toContain('sunny')
  expect(toolCalls).toEqual([])
})

test('a response format is kept to', () => {
  const schema = { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] }
  const json = ask('x', { response_format: { type: 'json_schema', json_schema: { name: 'a', schema } } })
  expect(JSON.parse(json.text)).toEqual({ n: 1 })
  expect(JSON.parse(ask('x', { response_format: { type: 'json_object' } }).text)).toHaveProperty('answer')
})
