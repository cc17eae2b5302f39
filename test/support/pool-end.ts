/** The pool's end of workers' sockets in this process: takes in whoever dials, hears frames, says frames. */

/* WebSocket by hand (RFC 6455): no package of ours has a server, and a worker's client sends whole messages. */
import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { onTestFinished } from 'vitest'
import { encodeFrame, type PoolFrame, readWorkerFrame, type WorkerFrame } from '../../src/core/pool/frames.ts'

const ACCEPT = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/** One worker's connection. */
export interface WorkerSocket {
  readonly request: IncomingMessage
  readonly say: (frame: PoolFrame) => void
  /** The next frame of the worker's. */
  readonly next: () => Promise<WorkerFrame>
  /** Texts heard, `ping` among them. */
  readonly texts: readonly string[]
  readonly close: (code: number, reason?: string) => void
  /** Cuts the line without a word. */
  readonly cut: () => void
  /** Resolves with the code that the worker closed with; 1006 where it just went. */
  readonly closed: Promise<number>
}

/** What plain requests, and those that are refused, are answered with. */
export interface Refusing {
  readonly status: number
  readonly body: string
}

/** Starts one; it ends with the test. */
export async function startPoolEnd(refusing?: Refusing) {
  const waiting: WorkerSocket[] = []
  let came = Promise.withResolvers<void>()
  const state = { refusing, asked: 0 }
  const server = createServer((_, response) => {
    const { status, body } = state.refusing ?? { status: 400, body: '{}' }
    response.writeHead(status, { 'content-type': 'application/json' }).end(body)
  })
  server.on('upgrade', (request, line) => {
    state.asked += 1
    line.on('error', () => {})
    if (state.refusing !== undefined) return void line.end('HTTP/1.1 401 Unauthorized\r\nconnection: close\r\n\r\n')
    const accept = createHash('sha1').update(`${request.headers['sec-websocket-key']}${ACCEPT}`).digest('base64')
    const head = ['HTTP/1.1 101 Switching Protocols', 'upgrade: websocket', 'connection: upgrade']
    line.write(`${[...head, `sec-websocket-accept: ${accept}`].join('\r\n')}\r\n\r\n`)
    waiting.push(socketOn(request, line))
    came.resolve()
    came = Promise.withResolvers<void>()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const next = async (): Promise<WorkerSocket> => {
    while (waiting.length === 0) await came.promise
    return waiting.shift() as WorkerSocket
  }
  return {
    url: `http://127.0.0.1:${port}`,
    state,
    /** The next that has dialled. */
    next,
    /** The next, taken in. */
    welcome: async () => {
      const socket = await next()
      const hello = await socket.next()
      socket.say({ kind: 'welcome', stream: 0, value: { worker: 'AbCdEf12-x', epoch: 'epoch-01' } })
      return { ...socket, hello }
    },
  }
}

function socketOn(request: IncomingMessage, line: Duplex): WorkerSocket {
  const frames: WorkerFrame[] = []
  const texts: string[] = []
  const closed = Promise.withResolvers<number>()
  let heard = Promise.withResolvers<void>()
  let bytes = Buffer.alloc(0)
  line.on('data', (piece: Buffer) => {
    bytes = Buffer.concat([bytes, piece])
    for (let message = take(bytes); message !== null; message = take(bytes)) {
      bytes = bytes.subarray(message.length)
      const { opcode, payload } = message
      if (opcode === 2) frames.push(readWorkerFrame(Uint8Array.from(payload).buffer))
      if (opcode === 1) texts.push(payload.toString())
      if (opcode === 8) {
        closed.resolve(payload.byteLength >= 2 ? payload.readUInt16BE(0) : 1005)
        line.end(messageOf(8, payload))
      }
    }
    heard.resolve()
    heard = Promise.withResolvers<void>()
  })
  line.on('close', () => closed.resolve(1006))
  return {
    request,
    texts,
    closed: closed.promise,
    say: (frame) => void line.write(messageOf(2, encodeFrame(frame))),
    next: async () => {
      while (frames.length === 0) await heard.promise
      return frames.shift() as WorkerFrame
    },
    close: (code, reason = '') => {
      const payload = Buffer.alloc(2 + reason.length)
      payload.writeUInt16BE(code)
      payload.write(reason, 2)
      line.write(messageOf(8, payload))
    },
    cut: () => void line.destroy(),
  }
}

/** The first whole message of a client's; null where it is not there yet. */
function take(bytes: Buffer): { opcode: number; payload: Buffer; length: number } | null {
  if (bytes.byteLength < 2) return null
  const short = (bytes[1] ?? 0) & 0x7f
  const extra = short === 126 ? 2 : short === 127 ? 8 : 0
  if (bytes.byteLength < 6 + extra) return null
  const size = extra === 0 ? short : extra === 2 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2))
  const at = 6 + extra
  if (bytes.byteLength < at + size) return null
  const mask = bytes.subarray(2 + extra, at)
  const payload = Buffer.from(bytes.subarray(at, at + size))
  for (let index = 0; index < size; index += 1) payload[index] = (payload[index] ?? 0) ^ (mask[index % 4] ?? 0)
  return { opcode: (bytes[0] ?? 0) & 0x0f, payload, length: at + size }
}

function messageOf(opcode: number, payload: Uint8Array): Buffer {
  const size = payload.byteLength
  const head = Buffer.alloc(size < 126 ? 2 : size < 65_536 ? 4 : 10)
  head[0] = 0x80 | opcode
  if (size < 126) head[1] = size
  else if (size < 65_536) {
    head[1] = 126
    head.writeUInt16BE(size, 2)
  } else {
    head[1] = 127
    head.writeBigUInt64BE(BigInt(size), 2)
  }
  return Buffer.concat([head, payload])
}
