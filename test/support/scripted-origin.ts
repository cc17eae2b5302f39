/** An upstream whose every byte, pause and hang-up is scripted by the test, and which remembers what was done to it. */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net'
import { selfSigned } from './self-signed.ts'

/** How a call ended, as the origin saw it. */
export interface Ending {
  /** True when the origin's whole answer went out; false when somebody hung up before. */
  readonly answered: boolean
  readonly atMs: number
}

/** One request that reached the origin, and the means to answer it byte by byte. */
export interface Call {
  /** Counts the calls to this script, from 0. */
  readonly index: number
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
  readonly json: Record<string, unknown>
  readonly startedAtMs: number
  /** Settles when the answer is out or the connection is gone. */
  readonly ended: Promise<Ending>
  /** Sends status and headers. */
  head(status: number, headers?: Record<string, string>): Promise<void>
  /** Sends bytes as a chunk of their own and resolves when the kernel has them. */
  write(bytes: string | Uint8Array): Promise<void>
  /** Ends the answer as HTTP says. */
  end(bytes?: string | Uint8Array): Promise<void>
  /** A whole answer in one go. */
  reply(status: number, body: string | Uint8Array, headers?: Record<string, string>): Promise<void>
  /** Closes the connection in the middle, politely (FIN). */
  hangUp(): void
  /** Closes the connection in the middle, rudely (RST). */
  reset(): void
}

/** What the origin does with a call. */
export type Script = (call: Call) => void | Promise<void>

/** Accepts and never answers. */
export const silent: Script = () => {}

/** A running origin. Scripts are told apart by the first segment of the path, so that one origin serves a whole file. */
export class ScriptedOrigin {
  readonly #scripts = new Map<string, Script>()
  readonly #calls = new Map<string, Call[]>()
  readonly #waiting = new Map<string, ((call: Call) => void)[]>()
  readonly #server: Server
  readonly #scheme: string
  /** Connections accepted so far, whether or not a request came. */
  connections = 0

  private constructor(server: Server, scheme: string) {
    this.#server = server
    this.#scheme = scheme
    server.on('connection', () => {
      this.connections += 1
    })
  }

  /** Starts an origin on a free port; with `tls`, behind a certificate that nobody trusts. */
  static async start(options: { tls?: boolean } = {}): Promise<ScriptedOrigin> {
    const handler = (request: IncomingMessage, response: ServerResponse): void => {
      void origin.#answer(request, response)
    }
    const settings = { requestTimeout: 0, headersTimeout: 0, keepAliveTimeout: 60_000 }
    const server =
      options.tls === true
        ? createTlsServer({ ...settings, ...selfSigned() }, handler)
        : createServer(settings, handler)
    const origin = new ScriptedOrigin(server, options.tls === true ? 'https' : 'http')
    server.on('clientError', (_error, socket) => socket.destroy())
    server.on('tlsClientError', (_error, socket) => socket.destroy())
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return origin
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** Base URL of a script, as a provider's `baseUrl`. */
  url(name: string): string {
    return `${this.#scheme}://127.0.0.1:${this.port}/${name}/v1`
  }

  /** Sets what happens to calls under `name`. */
  on(name: string, script: Script): this {
    this.#scripts.set(name, script)
    return this
  }

  /** Calls that reached `name` so far. */
  calls(name: string): readonly Call[] {
    return this.#calls.get(name) ?? []
  }

  /** The next call to `name` from now on. */
  next(name: string): Promise<Call> {
    return new Promise((resolve) => {
      this.#waiting.set(name, [...(this.#waiting.get(name) ?? []), resolve])
    })
  }

  async close(): Promise<void> {
    if ('closeAllConnections' in this.#server && typeof this.#server.closeAllConnections === 'function') {
      this.#server.closeAllConnections()
    }
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { promise: ended, resolve: end } = Promise.withResolvers<Ending>()
    response.on('close', () => end({ answered: response.writableFinished, atMs: Date.now() }))
    response.on('error', () => {})
    const parts: Buffer[] = []
    try {
      for await (const part of request) parts.push(part as Buffer)
    } catch {
      return
    }
    const name = (request.url ?? '').split('/')[1] ?? ''
    const seen = this.#calls.get(name) ?? []
    const call = callOf(request, response, Buffer.concat(parts).toString(), seen.length, ended)
    this.#calls.set(name, [...seen, call])
    for (const resolve of this.#waiting.get(name) ?? []) resolve(call)
    this.#waiting.delete(name)
    const script = this.#scripts.get(name)
    if (script === undefined) return void call.reply(404, '{"error":{"message":"no such script"}}')
    await script(call)
  }
}

function callOf(
  request: IncomingMessage,
  response: ServerResponse,
  body: string,
  index: number,
  ended: Promise<Ending>,
): Call {
  // Writes resolve on a dead connection too: a script goes on, and its end tells what became of the call.
  const settle = (write: (done: () => void) => void): Promise<void> =>
    new Promise((resolve) => {
      void ended.then(() => resolve())
      if (!response.destroyed) write(resolve)
    })
  const call: Call = {
    index,
    method: request.method ?? '',
    path: request.url ?? '',
    headers: request.headers,
    body,
    get json() {
      return (body === '' ? {} : JSON.parse(body)) as Record<string, unknown>
    },
    startedAtMs: Date.now(),
    ended,
    async head(status, headers = {}) {
      response.socket?.setNoDelay(true)
      response.writeHead(status, { 'content-type': 'text/event-stream', ...headers })
      response.flushHeaders()
    },
    write: (bytes) => settle((done) => void response.write(bytes, done)),
    end: (bytes) => settle((done) => void (bytes === undefined ? response.end(done) : response.end(bytes, done))),
    async reply(status, content, headers = {}) {
      const bytes = Buffer.from(content)
      response.writeHead(status, {
        'content-type': 'application/json',
        'content-length': String(bytes.length),
        ...headers,
      })
      await call.end(bytes)
    },
    hangUp: () => void response.socket?.end(),
    reset: () => void response.socket?.resetAndDestroy(),
  }
  return call
}

/** A port on which nobody listens: taken, and given back. */
export async function closedPort(): Promise<number> {
  const server = createTcpServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
