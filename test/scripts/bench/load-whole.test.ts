/** The load of lane 1 against servers that answer, refuse and hang up. */
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { loadWhole } from '../../../scripts/bench/load-whole.ts'
import type { WholeResult } from '../../../scripts/bench/types.ts'
import { createUpstream } from '../../../scripts/bench/upstream.ts'

let server: Server | undefined

afterEach(() => {
  server?.closeAllConnections()
  server?.close()
})

async function load(made: Server): Promise<WholeResult> {
  server = made
  await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve))
  const { port } = made.address() as AddressInfo
  return loadWhole({ kind: 'whole', port, headers: {}, bytes: 200, connections: 4, warmMs: 20, measureMs: 100 })
}

it('counts every reply that was asked for, and times those of the window', async () => {
  let answered = 0
  const upstream = createUpstream()
  upstream.on('request', () => {
    answered += 1
  })
  const result = await load(upstream)
  expect(result.failures).toBe(0)
  expect(result.sent).toBe(answered)
  expect(result.counted).toBeGreaterThan(0)
  expect(result.counted).toBeLessThan(result.sent)
  expect(result.requestsPerSecond).toBeCloseTo(result.counted * 10)
  expect(result.p50Ms).toBeLessThanOrEqual(result.p99Ms)
})

it.each<[string, RequestListener]>([
  ['refusals', (_, response) => void response.writeHead(503).end()],
  ['connections cut', (request) => void request.socket.resetAndDestroy()],
])('counts %s as failures and never as replies', async (_, listener) => {
  const result = await load(createServer(listener))
  expect(result.counted).toBe(0)
  expect(result.failures).toBeGreaterThan(0)
})
