/** Ports that are taken, and servers that answer late or never. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { answers, requireFreePorts } from '../../../scripts/support/ports.ts'

const servers: ReturnType<typeof createServer>[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

async function listen(status: () => number): Promise<number> {
  const server = createServer((_, response) => response.writeHead(status()).end())
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

const never = new Promise<void>(() => {})

test('a taken port is named, free ones pass', async () => {
  const port = await listen(() => 200)
  await expect(requireFreePorts([port])).rejects.toThrow(`port ${port} is in use`)
  const [server] = servers.splice(0)
  await new Promise((resolve) => server?.close(resolve))
  await requireFreePorts([port])
})

test('it waits until the answer is good', async () => {
  let asked = 0
  const port = await listen(() => {
    asked += 1
    return asked < 3 ? 503 : 200
  })
  expect(await answers(`http://127.0.0.1:${port}`, never, 10_000)).toBe(true)
  expect(asked).toBe(3)
})

test('it gives up at its deadline, and when there is nothing left to wait for', async () => {
  const port = await listen(() => 503)
  expect(await answers(`http://127.0.0.1:${port}`, never, 100)).toBe(false)
  expect(await answers(`http://127.0.0.1:${port}`, Promise.resolve(), 60_000)).toBe(false)
})
