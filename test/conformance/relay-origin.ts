/** An upstream for endpoints that are passed on: sees bodies while they come, and answers while they do. */
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** One request, as far as it has come. */
export interface RelayCall {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  /** What has come of its body. */
  body(): Buffer
  /** Resolves when as many bytes have come. */
  came(bytes: number): Promise<void>
  /** Resolves with the body when it is complete. */
  readonly whole: Promise<Buffer>
  /** Did the answer go out to its end, before the connection was gone? */
  readonly ended: Promise<boolean>
  readonly response: ServerResponse
  reply(status: number, body: string | Buffer, headers?: Record<string, string>): void
}

type Script = (call: RelayCall) => void | Promise<void>

/** Scripts are told apart by the first segment of the path; calls are remembered by it. */
export async function relayOrigin(scripts: Readonly<Record<string, Script>>) {
  const calls: (RelayCall & { readonly name: string })[] = []
  let changed = Promise.withResolvers<void>()
  const wake = (): void => {
    changed.resolve()
    changed = Promise.withResolvers()
  }
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const name = (request.url ?? '').split('/')[1] ?? ''
    const parts: Buffer[] = []
    let bytes = 0
    const whole = Promise.withResolvers<Buffer>()
    whole.promise.catch(() => {})
    const ended = Promise.withResolvers<boolean>()
    request.on('data', (part: Buffer) => {
      parts.push(part)
      bytes += part.length
      wake()
    })
    request.on('end', () => whole.resolve(Buffer.concat(parts)))
    request.on('error', (error) => whole.reject(error))
    response.on('error', () => {})
    response.on('close', () => ended.resolve(response.writableFinished))
    const call = {
      name,
      path: (request.url ?? '').slice(name.length + 1),
      headers: request.headers,
      body: () => Buffer.concat(parts),
      came: async (wanted: number) => {
        while (bytes < wanted) await changed.promise
      },
      whole: whole.promise,
      ended: ended.promise,
      response,
      reply(status: number, body: string | Buffer, headers: Record<string, string> = {}) {
        response.writeHead(status, {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
          ...headers,
        })
        response.end(body)
      },
    }
    calls.push(call)
    wake()
    Promise.resolve(scripts[name]?.(call)).catch(() => response.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: (name: string) => `http://127.0.0.1:${port}/${name}/v1`,
    calls: (name: string) => calls.filter((call) => call.name === name),
    /** The call of that number, as soon as it has begun. */
    async call(name: string, index: number): Promise<RelayCall> {
      for (;;) {
        const found = calls.filter((call) => call.name === name)[index]
        if (found !== undefined) return found
        await changed.promise
      }
    },
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** A running one. */
export type RelayOrigin = Awaited<ReturnType<typeof relayOrigin>>

/** A form in bytes, part by part. */
export function formOf(boundary: string, fields: readonly (readonly [name: string, value: string | Buffer])[]): Buffer {
  const parts = fields.flatMap(([name, value]) => {
    const file = typeof value === 'string' ? '' : '; filename="a.bin"\r\ncontent-type: application/octet-stream'
    const header = `--${boundary}\r\ncontent-disposition: form-data; name="${name}"${file}\r\n\r\n`
    return [Buffer.from(header), Buffer.from(value), Buffer.from('\r\n')]
  })
  return Buffer.concat([...parts, Buffer.from(`--${boundary}--\r\n`)])
}
