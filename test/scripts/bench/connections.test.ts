/** One request in flight on each connection, and every reply seen once. */
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { askOver, type Reply, requestHead } from '../../../scripts/bench/connections.ts'

let server: Server | undefined

afterEach(() => {
  server?.closeAllConnections()
  server?.close()
})

async function listen(listener: RequestListener): Promise<number> {
  const made = createServer(listener)
  server = made
  await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve))
  return (made.address() as AddressInfo).port
}

it('asks what comes next on whichever connection is free, and sees status, head and moments', async () => {
  const bodies: string[] = []
  let atOnce = 0
  let most = 0
  const port = await listen(async (request, response) => {
    atOnce += 1
    most = Math.max(most, atOnce)
    let body = ''
    for await (const chunk of request) body += String(chunk)
    bodies.push(body)
    atOnce -= 1
    response.writeHead(418, { 'x-a': 'b' }).end('short and stout')
  })
  const waiting = ['one', 'two', 'six', 'ten']
  const replies: Reply[] = []
  const next = (): string | null => {
    const body = waiting.shift()
    return body === undefined ? null : requestHead(port, { 'x-c': 'd' }, 3) + body
  }
  expect(await askOver({ port, connections: 2, next, seen: (reply) => replies.push(reply) })).toBe(0)
  expect(bodies.sort()).toEqual(['one', 'six', 'ten', 'two'])
  expect(most).toBeLessThanOrEqual(2)
  expect(replies).toHaveLength(4)
  for (const { status, head, begunMs, firstMs, endMs } of replies) {
    expect(status).toBe(418)
    expect(head).toContain('x-a: b')
    expect(begunMs).toBeLessThanOrEqual(firstMs)
    expect(firstMs).toBeLessThanOrEqual(endMs)
  }
})

it('tells the first byte of a body from its end', async () => {
  const port = await listen((_, response) => {
    response.write('first')
    setTimeout(() => response.end('last'), 20)
  })
  const requests = [`${requestHead(port, {}, 2)}{}`]
  const replies: Reply[] = []
  await askOver({ port, connections: 1, next: () => requests.pop() ?? null, seen: (reply) => replies.push(reply) })
  expect(replies[0]?.firstMs).toBeLessThan(replies[0]?.endMs ?? 0)
})

it('counts connections that break', async () => {
  const port = await listen((request) => void request.socket.resetAndDestroy())
  const next = (): string => `${requestHead(port, {}, 2)}{}`
  expect(await askOver({ port, connections: 3, next, seen: () => {} })).toBe(3)
})
