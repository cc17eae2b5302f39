/** The pool lane's conversations: each is asked with all that was said, of the models in turn. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { loadChats } from '../../../scripts/bench/load-chats.ts'
import type { Message } from '../../../scripts/bench/pool-prompts.ts'
import { DONE, event, finish, role, text } from '../../support/wire.ts'

interface Asked {
  readonly model: string
  readonly messages: readonly Message[]
  readonly tenant: string | undefined
}

let server: Server | undefined

afterEach(() => {
  server?.closeAllConnections()
  server?.close()
})

it('sends what was said before, the tenant’s system prompt first, and sums up what the replies say', async () => {
  const asked: Asked[] = []
  const made = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const { model, messages } = JSON.parse(Buffer.concat(chunks).toString()) as Asked
    asked.push({ model, messages, tenant: request.headers['x-tenant']?.toString() })
    const usage = { prompt_tokens: 100, completion_tokens: 1, prompt_tokens_details: { cached_tokens: 25 } }
    response.end(role() + text(`answer ${asked.length}`) + finish() + event({ choices: [], usage }) + DONE)
  })
  server = made
  await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve))
  const result = await loadChats({
    kind: 'chats',
    port: (made.address() as AddressInfo).port,
    tenants: [{ 'x-tenant': 'a' }, { 'x-tenant': 'b' }],
    models: ['one', 'two'],
    conversations: 4,
    turns: [3, 3],
    systemTokens: 5,
    questionTokens: 3,
    answerTokens: 2,
    thinkMs: 0,
    seed: 1,
  })
  expect(result).toMatchObject({ requests: 12, failures: 0, promptTokens: 1200, cachedTokens: 300 })
  for (const model of ['one', 'two']) expect(asked.filter((one) => one.model === model)).toHaveLength(6)
  for (const tenant of ['a', 'b']) {
    const own = asked.filter((one) => one.tenant === tenant)
    expect(new Set(own.map(({ messages }) => messages[0]?.content)).size).toBe(1)
    expect(own.map(({ messages }) => messages.length).sort()).toEqual([2, 2, 4, 4, 6, 6])
  }
  const longest = asked.find(({ messages }) => messages.length === 6)
  expect(longest?.messages.map((message) => message.role)).toEqual([
    'system',
    'user',
    'assistant',
    'user',
    'assistant',
    'user',
  ])
  expect(longest?.messages[2]?.content).toMatch(/^answer \d+$/)
})
