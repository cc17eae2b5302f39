/** An HTTP client at socket level: reads bytes as they came, leaves by RST, FIN or half-close, adds no headers of its own. */
import { request as httpRequest, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'

/** What to send. A body that is neither text nor bytes goes out as JSON. */
export interface Outgoing {
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly body?: unknown
}

/** A reply, read to its end. */
export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly bytes: Buffer
  readonly body: string
  readonly json: unknown
  /** False when the body was cut: the connection closed before HTTP's own end of it. */
  readonly complete: boolean
}

/** Looks into parsed JSON: a wrong guess gives undefined and fails the test. */
export const pick = (value: unknown, ...path: (string | number)[]): unknown =>
  path.reduce<unknown>(
    (inner, step) =>
      typeof inner === 'object' && inner !== null ? (inner as Record<string | number, unknown>)[step] : undefined,
    value,
  )

/** A request under way. */
export interface Exchange {
  /** Status and headers; rejects when the connection dies before. */
  readonly head: Promise<{ status: number; headers: Readonly<Record<string, string>> }>
  /** Resolves with everything received so far, once `wanted` is in it. Rejects when the body ends without it. */
  until(wanted: string): Promise<string>
  /** The whole reply, at the end of the body. */
  readonly reply: Promise<Reply>
  /** What has come of the body by now. */
  soFar(): string
  /** The connection, once there is one. */
  readonly socket: Promise<Socket>
  /** Leaves by RST. */
  reset(): Promise<void>
  /** Leaves by FIN: the connection is closed, politely. */
  close(): Promise<void>
  /** Ends only our half: goes on reading. */
  halfClose(): Promise<void>
}

function flat(message: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(message.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  )
}

/** Sends a request on a connection of its own. */
export function begin(url: string, outgoing: Outgoing = {}): Exchange {
  const { body } = outgoing
  const payload =
    body === undefined
      ? undefined
      : typeof body === 'string' || body instanceof Uint8Array
        ? body
        : JSON.stringify(body)
  const request = httpRequest(url, {
    agent: false,
    method: outgoing.method ?? (body === undefined ? 'GET' : 'POST'),
    headers: {
      ...(payload === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) }),
      ...outgoing.headers,
    },
  })
  const socket = new Promise<Socket>((resolve) => {
    request.on('socket', (made) => (made.connecting ? made.once('connect', () => resolve(made)) : resolve(made)))
  })
  const parts: Buffer[] = []
  const watchers = new Set<() => void>()
  let over = false
  const wake = (): void => {
    for (const watcher of [...watchers]) watcher()
  }
  const message = new Promise<IncomingMessage>((resolve, reject) => {
    request.on('response', resolve)
    request.on('error', reject)
  })
  const reply = message.then(
    (response) =>
      new Promise<Reply>((resolve) => {
        response.on('data', (part: Buffer) => {
          parts.push(part)
          wake()
        })
        response.on('error', () => {})
        response.on('close', () => {
          over = true
          wake()
          const bytes = Buffer.concat(parts)
          resolve({
            status: response.statusCode ?? 0,
            headers: flat(response),
            bytes,
            body: bytes.toString(),
            get json() {
              return JSON.parse(bytes.toString()) as unknown
            },
            complete: response.complete,
          })
        })
      }),
  )
  const head = message.then((response) => ({ status: response.statusCode ?? 0, headers: flat(response) }))
  for (const promise of [reply, head]) promise.catch(() => {})
  const soFar = (): string => Buffer.concat(parts).toString()
  request.end(payload)
  return {
    head,
    reply,
    socket,
    soFar,
    until: async (wanted) => {
      await head
      return await new Promise<string>((resolve, reject) => {
        const look = (): void => {
          const seen = soFar()
          if (seen.includes(wanted)) resolve(seen)
          else if (over) reject(new Error(`the body ended without ${JSON.stringify(wanted)}: ${JSON.stringify(seen)}`))
          else return
          watchers.delete(look)
        }
        watchers.add(look)
        look()
      })
    },
    reset: async () => void (await socket).resetAndDestroy(),
    close: async () => void (await socket).destroy(),
    halfClose: async () => void (await socket).end(),
  }
}

/** Sends a request and reads the reply to its end. */
export const send = (url: string, outgoing: Outgoing = {}): Promise<Reply> => begin(url, outgoing).reply
