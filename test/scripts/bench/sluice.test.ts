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
    await expect(setUpSluice([`http://127.0.0.1:${port}`], 'token', 'http://127.0.0.1:1/v1')).rejects.toThrow(
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
    const { admission } = await setUpSluice([url, url], 'token', 'http://127.0.0.1:1/v1')
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
