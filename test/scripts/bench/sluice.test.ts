/** What the benchmark tells Sluice is a valid config, and usage is summed over its rows. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it } from 'vitest'
import { modelOf } from '../../../scripts/bench/body.ts'
import { configOf, requestsIn, SIZES, setUpSluice } from '../../../scripts/bench/sluice.ts'
import { configSchema } from '../../../src/core/config.ts'

it('is a valid config with an alias a size', () => {
  const config = configSchema.parse(configOf('http://127.0.0.1:9400/v1'))
  expect(Object.keys(config.models)).toEqual(SIZES.map(modelOf))
})

it('sums requests over the rows', () => {
  expect(requestsIn({ data: [{ requests: 2 }, { requests: 40 }] })).toBe(42)
  expect(requestsIn({ data: [] })).toBe(0)
  expect(() => requestsIn({ error: {} })).toThrow('no data')
})

it('says which call was refused, and why', async () => {
  const server = createServer((_, response) => void response.writeHead(409).end('in use'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  try {
    await expect(setUpSluice(`http://127.0.0.1:${port}`, 'token', 'http://127.0.0.1:1/v1')).rejects.toThrow(
      'PUT /admin/credentials/bench answered 409: in use',
    )
  } finally {
    server.closeAllConnections()
    server.close()
  }
})
