/** What the provider tests share: a scripted upstream, calls, and the reading of what comes back. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { OutgoingRequest } from '../../src/lib/outgoing.ts'
import { providers } from '../../src/providers/registry.ts'
import type { Provider, ProviderCall, ProviderReply } from '../../src/providers/types.ts'

const encoder = new TextEncoder()

/** Every provider of the build, with a clock and ids that stand still. */
export function testProviders(): ReadonlyMap<string, Provider> {
  let count = 0
  return providers(undefined, { now: () => 1_700_000_000_000, uniqueId: () => `id${count++}` })
}

export function provider(name: string): Provider {
  const found = testProviders().get(name)
  if (found === undefined) throw new Error(`no provider ${name}`)
  return found
}

/** An upstream that answers as told and remembers what it was sent. */
export function upstream(answer: (request: OutgoingRequest) => Response | Promise<Response>) {
  const requests: OutgoingRequest[] = []
  const outgoing = async (request: OutgoingRequest): Promise<Response> => {
    requests.push(request)
    return answer(request)
  }
  const sent = () => JSON.parse(String(requests.at(-1)?.body)) as Record<string, unknown>
  return { outgoing, requests, sent }
}

/** One attempt, with what the test does not care about filled in. */
export function callOf(call: Partial<ProviderCall> & Pick<ProviderCall, 'outgoing' | 'body'>): ProviderCall {
  return {
    operation: 'chat',
    baseUrl: undefined,
    model: 'target-model',
    stream: call.body.stream === true,
    streamUsage: true,
    maxOutputTokens: undefined,
    outputCap: undefined,
    credential: 'secret-key',
    headers: {},
    signal: new AbortController().signal,
    ...call,
  }
}

export const json = (value: unknown, status = 200, headers: Record<string, string> = {}): Response =>
  new Response(typeof value === 'string' ? value : JSON.stringify(value), {
    status,
    headers: { 'content-type': 'application/json', ...headers },
  })

export const fixture = (name: string): string => readFileSync(resolve(import.meta.dirname, '../fixtures', name), 'utf8')

/** Recorded chunks in the framing of their vendor. */
export function recorded(name: string): Uint8Array {
  const isAnthropic = name.startsWith('anthropic/')
  const lines = fixture(name)
    .split('\n')
    .filter((line) => line !== '')
  const events = lines.map((line) =>
    isAnthropic ? `event: ${(JSON.parse(line) as { type: string }).type}\ndata: ${line}\n\n` : `data: ${line}\r\n\r\n`,
  )
  return encoder.encode(events.join(''))
}

/** A stream of bytes in pieces that end at the given offsets. */
export function inPieces(bytes: Uint8Array, cuts: readonly number[] = []): ReadableStream<Uint8Array> {
  const ends = [...new Set([...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])].sort((a, b) => a - b)
  let at = 0
  return new ReadableStream({
    pull(controller) {
      const end = ends.shift()
      if (end === undefined) return controller.close()
      if (end > at) controller.enqueue(bytes.slice(at, end))
      else if (ends.length === 0) return controller.close()
      at = Math.max(at, end)
    },
  })
}

export const sse = (bytes: Uint8Array | string, cuts: readonly number[] = []): Response =>
  new Response(inPieces(typeof bytes === 'string' ? encoder.encode(bytes) : bytes, cuts), {
    headers: { 'content-type': 'text/event-stream' },
  })

export async function textOf(reply: ProviderReply): Promise<string> {
  return reply.body === null ? '' : new Response(reply.body).text()
}

export async function jsonOf(reply: ProviderReply): Promise<Record<string, unknown>> {
  return JSON.parse(await textOf(reply)) as Record<string, unknown>
}

export interface Chunk {
  readonly id?: string
  readonly model?: string
  readonly choices?: { delta: Record<string, unknown>; finish_reason: string | null; index: number }[]
  readonly usage?: Record<string, unknown>
  readonly error?: Record<string, unknown>
}

/** The body's events: chunks, and whether `[DONE]` closed it. */
export async function eventsOf(reply: ProviderReply): Promise<{ chunks: Chunk[]; isDone: boolean }> {
  const data = (await textOf(reply)).split('\n\n').filter((event) => event !== '')
  const isDone = data.at(-1) === 'data: [DONE]'
  const chunks = (isDone ? data.slice(0, -1) : data).map((event) => JSON.parse(event.replace(/^data: /, '')) as Chunk)
  return { chunks, isDone }
}

/** What a client's accumulator makes of the chunks. */
export function accumulated(chunks: readonly Chunk[]) {
  let content = ''
  let reasoning = ''
  const calls: { id?: unknown; name?: unknown; arguments: string }[] = []
  let finish: string | null = null
  for (const choice of chunks.flatMap((chunk) => chunk.choices ?? [])) {
    content += choice.delta.content ?? ''
    reasoning += choice.delta.reasoning_content ?? ''
    finish = choice.finish_reason ?? finish
    for (const call of (choice.delta.tool_calls ?? []) as {
      index: number
      id?: string
      function: { name?: string; arguments: string }
    }[]) {
      const known = calls[call.index]
      if (known === undefined) calls[call.index] = { id: call.id, name: call.function.name, arguments: '' }
      const target = calls[call.index]
      if (target !== undefined) target.arguments += call.function.arguments
    }
  }
  return { content, reasoning, calls, finish, usage: chunks.at(-1)?.usage }
}
