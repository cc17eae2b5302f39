/** What the benchmark tells Sluice is a valid config, and usage is summed over its rows. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it } from 'vitest'
import { modelOf } from '../../../scripts/bench/body.ts'
import { configOf, SIZES, setUpSluice, sumIn } from '../../../scripts/bench/sluice.ts'
import { configSchema } from '../../../src/core/config.ts'

const benchConfig = configOf('http://127.0.0.1:9400/v1')

it('is a valid config with an alias a size', () => {
  const config = configSchema.parse(benchConfig)
  expect(Object.keys(config.models)).toEqual(SIZES.map(modelOf))
})

it('sums a count over the rows', () => {
  const rows = [
    { requests: 2, cacheHits: 1 },
    { requests: 40, cacheHits: 0 },
  ]
  expect(sumIn({ data: rows }, 'requests')).toBe(42)
  expect(sumIn({ data: rows }, 'cacheHits')).toBe(1)
  expect(sumIn({ data: [] }, 'requests')).toBe(0)
  expect(() => sumIn({ error: {} }, 'requests')).toThrow('no data')
})

it('says which call was refused, and why', async () => {
  const server = createServer((_, response) => void response.writeHead(409).end('in use'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  try {
    await expect(setUpSluice([`http://127.0.0.1:${port}`], 'token', benchConfig)).rejects.toThrow(
      'PUT /admin/credentials/bench answered 409: in use',
    )
  } finally {
    server.closeAllConnections()
    server.close()
  }
})

it('makes tenants with the limits named and no others, and sums what isolates have asked', async () => {
  const asked: { path: string; body: unknown }[] = []
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    const text = Buffer.concat(parts).toString()
    asked.push({ path: request.url ?? '', body: text === '' ? undefined : JSON.parse(text) })
    response.end(JSON.stringify({ key: 'slc_x', ledgerCalls: 20, aliases: SIZES.map(modelOf) }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  try {
    const { admission } = await setUpSluice([url, url], 'token', benchConfig)
    const rpm = { name: 'rpm', of: 'requests', amount: 5, perSeconds: 60 }
    expect(await admission.addTenant('hot', [rpm])).toMatchObject({ authorization: 'Bearer slc_x' })
    expect(asked.find(({ body }) => Reflect.get(Object(body), 'id') === 'hot')?.body).toMatchObject({
      limits: [rpm, { name: 'tpm', amount: null }],
    })
    expect(await admission.ledgerCalls()).toBe(40)
  } finally {
    server.closeAllConnections()
    server.close()
  }
})
