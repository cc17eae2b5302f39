/** The metered origin's process: answers `/chat/completions` as ordered, notes every arrival, and says so over IPC. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Account, type Arrival, type Order, TOKEN } from './metered-origin.ts'
import { DONE, event, finish, role, text, whole } from './wire.ts'

interface Group {
  readonly arrivals: Noted[]
  inFlight: number
  inFlightMost: number
}
type Noted = { -readonly [K in keyof Arrival]: Arrival[K] }
interface Asked {
  readonly order: Order
  readonly stream?: boolean
  readonly max_tokens?: number
  readonly max_completion_tokens?: number
}

const groups = new Map<string, Group>()

/** The next whole millisecond: what is noted with it has happened by then, by the clock that clients read too. */
const now = (): number => Date.now() + 1

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  const asked = JSON.parse(Buffer.concat(parts).toString()) as Asked
  const { order } = asked
  const group = groups.get(order.group) ?? { arrivals: [], inFlight: 0, inFlightMost: 0 }
  groups.set(order.group, group)
  const arrival: Noted = {
    group: order.group,
    index: order.index ?? 0,
    sentMs: order.sentMs ?? Number.NEGATIVE_INFINITY,
    atMs: now(),
    endedMs: null,
    answered: false,
    promptTokens: order.prompt ?? 5,
    outputTokens: 0,
    maxTokens: asked.max_tokens ?? asked.max_completion_tokens ?? null,
  }
  group.arrivals.push(arrival)
  group.inFlight += 1
  group.inFlightMost = Math.max(group.inFlightMost, group.inFlight)
  response.on('close', () => {
    group.inFlight -= 1
    arrival.endedMs = now()
    arrival.answered = response.writableFinished
  })
  await (asked.stream === true ? sendStream : sendWhole)(response, order, arrival)
}

const usageOf = (order: Order, arrival: Noted): object => ({
  prompt_tokens: arrival.promptTokens,
  completion_tokens: order.tokens ?? 1,
  total_tokens: arrival.promptTokens + (order.tokens ?? 1),
})

async function sendWhole(response: ServerResponse, order: Order, arrival: Noted): Promise<void> {
  await sleep(order.gapMs ?? 0)
  if (response.destroyed) return
  arrival.outputTokens = order.tokens ?? 1
  response.writeHead(200, { 'content-type': 'application/json' })
  response.end(whole('done', { usage: usageOf(order, arrival) }))
}

async function sendStream(response: ServerResponse, order: Order, arrival: Noted): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.write(role())
  for (let sent = 0; sent < (order.tokens ?? 1); sent += 1) {
    response.write(text(TOKEN))
    arrival.outputTokens += 1
    await sleep(order.gapMs ?? 0)
    if (response.destroyed) return
  }
  response.end(finish() + event({ choices: [], usage: usageOf(order, arrival) }) + DONE)
}

const server = createServer((request, response) => {
  response.on('error', () => {})
  answer(request, response).catch(() => response.destroy())
})
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port))

process.on('message', (name: string) => {
  const { arrivals, inFlightMost } = groups.get(name) ?? { arrivals: [], inFlightMost: 0 }
  const account: Account = { arrivals, inFlightMost }
  process.send?.(account)
})
process.on('disconnect', () => process.exit())
