/** Completions at the demo origin over HTTP. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type DemoOrigin, eventsOf, startDemoOrigin } from '../../support/demo-origin.ts'

let origin: DemoOrigin
beforeAll(async () => {
  origin = await startDemoOrigin()
})
afterAll(() => origin.close())

const body = { model: 'demo-llm', prompt: 'Hi' }
const path = '/v1/completions'
const ask = (more: object) => origin.ask(path, { ...body, ...more })

test('a choice for each prompt and copy, with 16 tokens by default', async () => {
  const reply = await ask({ prompt: ['Hi', 'Ho'], n: 2 })
  expect(reply.choices.map((choice: { index: number }) => choice.index)).toEqual([0, 1, 2, 3])
  expect(reply.usage.completion_tokens).toBe(4 * 16)
  expect(reply.choices[0].finish_reason).toBe('length')
})

test('the prompt comes first when it is to be echoed', async () => {
  const reply = await ask({ echo: true })
  expect(reply.choices[0].text).toMatch(/^Hi /)
})

test('a stream says what the whole reply says', async () => {
  const reply = await ask({ logprobs: 1 })
  const events = eventsOf(
    await (await origin.post(path, { ...body, stream: true, stream_options: { include_usage: true } })).text(),
  )
  const parts = events.slice(0, -1) as { choices: { text: string }[] }[]
  expect(parts.map((event) => event.choices[0]?.text ?? '').join('')).toBe(reply.choices[0].text)
  expect(events.at(-2)).toMatchObject({ choices: [], usage: { completion_tokens: 16 } })
  expect(events.at(-1)).toBe('[DONE]')
  const { tokens, text_offset: offsets } = reply.choices[0].logprobs
  expect(reply.choices[0].text.slice(offsets[3], offsets[4])).toBe(tokens[3])
})
