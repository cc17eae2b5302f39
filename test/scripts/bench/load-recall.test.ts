/** The recall lane's load: which questions it asks, and how it tells replies apart. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { loadRecall } from '../../../scripts/bench/load-recall.ts'
import { questionRequest } from '../../../scripts/bench/recall-body.ts'
import type { RecallJob, RecallResult } from '../../../scripts/bench/types.ts'

let server: Server | undefined

afterEach(() => {
  server?.closeAllConnections()
  server?.close()
})

const job: Omit<RecallJob, 'port'> = {
  kind: 'recall',
  headers: { 'x-own': 'yes' },
  model: 'exact',
  opening: 'question',
  first: 40,
  count: 3,
  stream: false,
  connections: 1,
  warmMs: 0,
  measureMs: 50,
  inAll: null,
}

/** Every third is a hit, the others are misses, and after so many all are refused. */
async function load(change: Partial<RecallJob>, refusedAfter = Number.POSITIVE_INFINITY) {
  const asked: string[] = []
  const made = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += String(chunk)
    asked.push(body)
    const status = asked.length > refusedAfter ? 503 : 200
    response.writeHead(status, { 'X-Sluice-Cache': asked.length % 3 === 0 ? 'hit' : 'miss' }).end('{}')
  })
  server = made
  await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve))
  const { port } = made.address() as AddressInfo
  const result: RecallResult = await loadRecall({ ...job, port, ...change })
  return { result, asked }
}

it('asks so many in all, in turn, and begins again', async () => {
  const { result, asked } = await load({ inAll: 7, stream: true })
  const own = [40, 41, 42].map((number) => questionRequest('exact', 'question', number, true))
  expect(asked).toEqual([...own, ...own, own[0]])
  expect(result).toMatchObject({ sent: 7, counted: 7, failures: 0 })
  expect(result.kinds).toMatchObject({ hit: { sent: 2 }, miss: { sent: 5 } })
  expect(result.requestsPerSecond).toBeGreaterThan(0)
})

it('asks one and the same for a time, and counts what came within it', async () => {
  const { result, asked } = await load({ count: 1, warmMs: 20 })
  expect(new Set(asked)).toEqual(new Set([questionRequest('exact', 'question', 40, false)]))
  expect(result.sent).toBe(asked.length)
  expect(result.counted).toBeGreaterThan(0)
  expect(result.counted).toBeLessThan(result.sent)
  const { hit } = result.kinds
  expect(hit?.firstP50Ms).toBeLessThanOrEqual(hit?.p50Ms ?? 0)
})

it('counts refusals as failures, and of no kind', async () => {
  const { result } = await load({ inAll: 5 }, 2)
  expect(result).toMatchObject({ sent: 5, counted: 2, failures: 3, kinds: { miss: { sent: 2 } } })
  expect(result.kinds.hit).toBeUndefined()
})
