/** The pool lane's crowds: paces, and who comes back. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { loadCrowd } from '../../../scripts/bench/load-crowd.ts'
import type { CrowdResult, Flow } from '../../../scripts/bench/pool-types.ts'
import { DONE, finish, role, text } from '../../support/wire.ts'

let server: Server | undefined

afterEach(() => {
  server?.closeAllConnections()
  server?.close()
})

const flow = (name: string, pace: Flow['pace']): Flow => ({
  name,
  model: name,
  headers: { 'x-flow': name },
  pace,
  promptTokens: 4,
  answerTokens: 2,
})

/** Refuses every flow that is called so, the first time that each prompt comes. */
async function run(flows: readonly Flow[], forMs: number, isPatient: boolean): Promise<CrowdResult & { most: number }> {
  const bodies = new Set<string>()
  let [underWay, most] = [0, 0]
  const made = createServer(async (request, response) => {
    underWay += 1
    most = Math.max(most, underWay)
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const body = Buffer.concat(chunks).toString()
    const isNew = !bodies.has(body)
    bodies.add(body)
    underWay -= 1
    if (request.headers['x-flow'] === 'refused' && isNew) {
      response.writeHead(429, { 'retry-after-ms': '20' }).end('{"error":{"code":"queue_timeout"}}')
    } else {
      response.writeHead(200, { 'x-sluice-replica': 'a' }).end(role() + text('yes') + finish() + DONE)
    }
  })
  server = made
  await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve))
  const { port } = made.address() as AddressInfo
  return { ...(await loadCrowd({ kind: 'crowd', port, flows, forMs, isPatient, seed: 1 })), most }
}

it('asks at a mean rate, and notes who answered', async () => {
  const { asked } = await run([flow('steady', { perSecond: 200 })], 500, false)
  expect(asked.length).toBeGreaterThan(60)
  expect(asked.length).toBeLessThan(150)
  for (const one of asked) expect(one).toMatchObject({ flow: 'steady', status: 200, replica: 'a', isReturn: false })
})

it('asks so many at a time', async () => {
  const { asked, most } = await run([flow('full', { atOnce: 3 })], 100, false)
  expect(asked.length).toBeGreaterThanOrEqual(3)
  expect(most).toBeLessThanOrEqual(3)
})

it('comes back once, when it is told to, with the same prompt', async () => {
  const { asked } = await run([flow('refused', { perSecond: 100 })], 200, true)
  const [first, back] = [asked.filter(({ isReturn }) => !isReturn), asked.filter(({ isReturn }) => isReturn)]
  expect(first.length).toBeGreaterThan(0)
  expect(back).toHaveLength(first.length)
  for (const one of first) expect(one).toMatchObject({ status: 429, code: 'queue_timeout', retryAfterMs: 20 })
  for (const one of back) expect(one.status).toBe(200)
})
