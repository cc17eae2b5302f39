/** Kept-alive connections on bare sockets, one request in flight on each. */
import { connect } from 'node:net'
import { ReplyReader } from './reply-reader.ts'
import { PATH } from './types.ts'

// Why no library: measured at 16 connections against the upstream, these sockets make 57,000 requests/s, autocannon
// 51,000 (and it counts time in whole ms), undici 33,000. Load, contender and upstream share the cores, so what the load
// takes the contender loses.

/** One reply; moments as of `performance.now()`. */
export interface Reply {
  readonly status: number
  /** Status line and headers. */
  readonly head: string
  readonly begunMs: number
  /** When the first byte of its body was there; its end, where it has none. */
  readonly firstMs: number
  readonly endMs: number
}

/** What is asked on every connection. */
export interface Asking {
  readonly port: number
  readonly connections: number
  /** The next request's bytes, Latin-1; null ends the connection. `nowMs` is the moment at which it goes out. */
  readonly next: (nowMs: number) => Buffer | string | null
  readonly seen: (reply: Reply) => void
}

/** Asks until nothing is left to ask; answers how many connections broke. */
export async function askOver({ port, connections, next, seen }: Asking): Promise<number> {
  let broken = 0
  const drive = (): Promise<void> =>
    new Promise((resolve) => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true })
      const reader = new ReplyReader()
      let begunMs = 0
      let firstMs = 0
      const send = (): void => {
        begunMs = performance.now()
        firstMs = 0
        const request = next(begunMs)
        if (request === null) socket.end()
        else socket.write(request, 'latin1')
      }
      socket.on('connect', send)
      socket.on('data', (chunk) => {
        const isWhole = reader.push(chunk)
        if (firstMs === 0 && reader.hasBody) firstMs = performance.now()
        if (!isWhole) return
        const endMs = performance.now()
        const { status, head } = reader
        seen({ status, head, begunMs, firstMs: firstMs === 0 ? endMs : firstMs, endMs })
        send()
      })
      socket.on('error', () => {
        broken += 1
      })
      socket.on('close', () => resolve())
    })
  await Promise.all(Array.from({ length: connections }, drive))
  return broken
}

/** A POST of JSON to the path that every contender is asked for, but for its body. All bodies are as long. */
export function requestHead(port: number, headers: Readonly<Record<string, string>>, bodyBytes: number): string {
  const all = { host: `127.0.0.1:${port}`, ...headers, 'content-length': String(bodyBytes) }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return `POST ${PATH} HTTP/1.1\r\n${lines.join('')}\r\n`
}
