/** One streamed chat as the pool lane reads it. */
import { Agent, createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { readChat } from '../../../scripts/bench/pool-stream.ts'
import { DONE, event, finish, role, text } from '../../support/wire.ts'

const USAGE = { prompt_tokens: 100, completion_tokens: 2, prompt_tokens_details: { cached_tokens: 64 } }
const CHAT = `${role()}${text('one ')}${text('two')}${finish()}${event({ choices: [], usage: USAGE })}${DONE}`

let server: Server | undefined

afterEach(() => {
  server?.closeAllConnections()
  server?.close()
})

async function read(answer: (response: ServerResponse) => void) {
  const made = createServer((_, response) => answer(response))
  server = made
  await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve))
  return await readChat(new Agent(), { port: (made.address() as AddressInfo).port, headers: {}, body: '{}' })
}

it('reads what was said and used, and when the first content came', async () => {
  const seen = await read((response) => void response.end(CHAT))
  expect(seen).toMatchObject({ status: 200, isWhole: true, text: 'one two', promptTokens: 100, cachedTokens: 64 })
  expect(seen.firstMs).toBeGreaterThan(0)
  expect(seen.firstMs).toBeLessThanOrEqual(seen.endMs)
})

it('finds the first content wherever the network cuts it, and takes a role for none', async () => {
  const first = role().length
  for (let cut = first; cut < first + text('one ').length; cut += 7) {
    const { firstMs, text: said } = await read((response) => {
      response.write(CHAT.slice(0, cut))
      setImmediate(() => response.end(CHAT.slice(cut)))
    })
    expect(firstMs).toBeGreaterThan(0)
    expect(said).toBe('one two')
    server?.close()
  }
  expect((await read((response) => void response.end(role()))).firstMs).toBeNaN()
})

it('tells a refusal by its code, and a broken stream or connection as what they are', async () => {
  const refused = await read((response) => {
    response.writeHead(429, { 'retry-after-ms': '300' })
    response.end('{"error":{"message":"wait","type":"rate_limit_error","param":null,"code":"queue_timeout"}}')
  })
  expect(refused).toMatchObject({ status: 429, code: 'queue_timeout', isWhole: false })
  expect(refused.headers['retry-after-ms']).toBe('300')
  const error = { message: 'wait', type: 'rate_limit_error', param: null, code: 'queue_timeout' }
  const late = await read(
    (response) => void response.end(event({ error: { ...error, status: 429, retry_after_ms: 250 } })),
  )
  expect(late).toMatchObject({
    status: 200,
    isWhole: false,
    code: 'queue_timeout',
    errorStatus: 429,
    retryAfterMs: 250,
  })
  expect(await read((response) => void response.end(role() + text('one ')))).toMatchObject({
    status: 200,
    isWhole: false,
  })
  expect(await read((response) => void response.destroy())).toMatchObject({ status: 0, isWhole: false })
})
