/** The load of lane 2: it sees every event, and that some are missing. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { streamEnd, streamEvent } from '../../../scripts/bench/body.ts'
import { loadStreams } from '../../../scripts/bench/load-streams.ts'
import type { StreamsResult } from '../../../scripts/bench/types.ts'
import { createUpstream } from '../../../scripts/bench/upstream.ts'

const EVENTS = 5
let server: Server | undefined

afterEach(() => {
  server?.closeAllConnections()
  server?.close()
})

async function load(made: Server): Promise<StreamsResult> {
  server = made
  await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve))
  const { port } = made.address() as AddressInfo
  return loadStreams({ kind: 'streams', port, headers: {}, skin: 'chat', atOnce: 3, inAll: 8 }, EVENTS, 4)
}

it('reads so many streams to their end', async () => {
  const result = await load(createUpstream(EVENTS, 4))
  expect(result).toMatchObject({ streams: 8, failures: 0, eventsLost: 0 })
  expect(result.gapP50Ms).toBeGreaterThan(1)
  expect(result.firstMs).toBeGreaterThan(0)
})

it('counts an event once when the network cuts it anywhere', async () => {
  const text = `${Array.from({ length: EVENTS }, (_, index) => streamEvent(index)).join('')}${streamEnd(EVENTS, false)}`
  let cut = 0
  const made = createServer((_, response) => {
    cut += 13
    response.write(text.slice(0, cut))
    setImmediate(() => response.end(text.slice(cut)))
  })
  expect(await load(made)).toMatchObject({ streams: 8, failures: 0, eventsLost: 0 })
})

it('misses what is lost, and calls a stream without its end a failure', async () => {
  const made = createServer((_, response) => void response.end(streamEvent(0)))
  expect(await load(made)).toMatchObject({ streams: 8, failures: 8, eventsLost: 8 * (EVENTS - 1) })
})
