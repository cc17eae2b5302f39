/** Calls of the engine beside the worker: no redirect is followed, and nothing of an answer is decoded. */

/*
 * Node's own `http` and not `fetch`: that gives up on an engine which says nothing for five minutes, as one may that
 * writes a long answer whole. A connection for each request: here it costs nothing, and none is ever stale.
 */
import { type IncomingMessage, request as overHttp } from 'node:http'
import { request as overTls } from 'node:https'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream as NodeStream } from 'node:stream/web'
import { field, items } from '../../src/core/loose.ts'
import { ANSWER_HEADERS } from '../../src/core/pool/frame-values.ts'
import { codeOf, WorkerFault } from './fault.ts'
import { ENGINE_MODELS_MS, EXIT } from './limits.ts'
import { modelsOf } from './options.ts'

/** Of this hop, or the runtime's to say. */
const OWN_HEADERS = new Set([
  'host',
  'connection',
  'content-length',
  'transfer-encoding',
  'keep-alive',
  'te',
  'trailer',
  'upgrade',
  'expect',
  'accept-encoding',
])

export interface EngineRequest {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  /** Null: it has none. */
  readonly body: ReadableStream<Uint8Array> | null
  readonly signal: AbortSignal
}

export interface EngineAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: ReadableStream<Uint8Array>
}

/** Asks the engine; resolves at the head of its answer. Rejects where it gives none, or the path leads out of `origin`. */
export async function askEngine(origin: string, asked: EngineRequest): Promise<EngineAnswer> {
  const url = new URL(`${origin}${asked.path}`)
  if (!url.href.startsWith(`${origin}/`)) throw new Error('the path leads out of the engine')
  const headers = Object.fromEntries(Object.entries(asked.headers).filter(([name]) => !OWN_HEADERS.has(name)))
  const { method, signal, body } = asked
  const call = (url.protocol === 'https:' ? overTls : overHttp)(url.href, { method, headers, signal, agent: false })
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    call.once('response', resolve)
    // Also what comes later, of an answer that is read no more.
    call.on('error', reject)
  })
  // Else they would wait for the first piece of the body.
  call.flushHeaders()
  // An engine may answer before it has read everything: what became of the body then says the answer.
  if (body === null) call.end()
  else void pipeline(Readable.fromWeb(body as unknown as NodeStream<Uint8Array>), call).catch(() => {})
  const answer = await answered
  return {
    status: answer.statusCode ?? 502,
    headers: Object.fromEntries(
      ANSWER_HEADERS.flatMap((name) => {
        const value = answer.headers[name]
        return typeof value === 'string' ? [[name, value]] : []
      }),
    ),
    body: Readable.toWeb(answer) as unknown as ReadableStream<Uint8Array>,
  }
}

/** The models that the engine says it has. Throws a `WorkerFault` where it does not say. */
export async function modelsOfEngine(origin: string): Promise<string[]> {
  const where = `${origin}/models`
  const signal = AbortSignal.timeout(ENGINE_MODELS_MS)
  const asked = { method: 'GET', path: '/models', headers: { accept: 'application/json' }, body: null, signal }
  const listed = await askEngine(origin, asked)
    .then(async ({ status, body }) => (status === 200 ? JSON.parse(await new Response(body).text()) : status))
    .catch((error: unknown) => {
      const why = error instanceof SyntaxError ? 'no JSON' : codeOf(error)
      throw unknown(`No engine answers at ${where} (${why}).`)
    })
  if (typeof listed === 'number') throw unknown(`The engine answered ${listed} at ${where}.`)
  const ids = items(field(listed, 'data')).map((model) => field(model, 'id'))
  if (ids.length === 0 || !ids.every((id) => typeof id === 'string')) throw unknown(`${where} lists no models.`)
  return modelsOf(ids.join(','))
}

const unknown = (what: string): WorkerFault =>
  new WorkerFault(EXIT.engine, `${what} Start it before the worker; --origin says where it is, --models what it has.`)
