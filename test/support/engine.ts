/** An engine in this process that does what a test says, one request after the other. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

export type Engine = (request: IncomingMessage, response: ServerResponse) => void

/** Starts one; it ends with the test. Its base URL is `<url>/v1`. */
export async function startEngine(answer: Engine): Promise<{ url: string }> {
  const server = createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

/** All of a body. */
export async function bodyOf(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(piece)
  return Buffer.concat(pieces).toString()
}

export const models: Engine = (_, response) => {
  response.writeHead(200, { 'content-type': 'application/json' }).end('{"data":[{"id":"llama"},{"id":"bge"}]}')
}
