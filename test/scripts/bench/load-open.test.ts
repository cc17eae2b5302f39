/** The limits lane's load against servers that answer, refuse and hang up. */
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { loadOpen } from '../../../scripts/bench/load-open.ts'
import type { OpenResult } from '../../../scripts/bench/types.ts'

const servers: Server[] = []

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

async function load(...listeners: RequestListener[]): Promise<OpenResult> {
  const ports = []
  for (const listener of listeners) {
    const server = createServer(listener)
    servers.push(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    ports.push((server.address() as AddressInfo).port)
  }
  return await loadOpen({ kind: 'open', ports, headers: {}, bytes: 200, perSecond: 100, forMs: 200 })
}

const answer: RequestListener = (_, response) => void response.end('{}')
const refuse: RequestListener = (_, response) => void response.writeHead(429).end('{}')

it('keeps its rate, however slow the answers are', async () => {
  const result = await load((_, response) => void setTimeout(() => response.end('{}'), 300))
  expect(result).toMatchObject({ sent: 20, granted: 20, refused: 0, failures: 0 })
  expect(result.p50Ms).toBeGreaterThanOrEqual(299)
  expect(result.p99Ms).toBeGreaterThanOrEqual(result.p50Ms)
})

it('takes ports in turn, and tells grants from refusals', async () => {
  expect(await load(answer, refuse)).toMatchObject({ sent: 20, granted: 10, refused: 10, failures: 0 })
})

it.each<[string, RequestListener]>([
  ['other refusals', (_, response) => void response.writeHead(503).end()],
  ['connections cut', (request) => void request.socket.resetAndDestroy()],
  [
    'replies cut',
    (_, response) => void response.writeHead(200, { 'content-length': 9 }).write('{}', () => response.destroy()),
  ],
])('counts %s as failures', async (_, listener) => {
  expect(await load(listener)).toMatchObject({ sent: 20, granted: 0, failures: 20 })
})
