/** One request on a worker's socket: sent as frames, answered from frames, lost with the socket. */

import { Inflow, Outflow } from '../core/pool/flow.ts'
import { ANSWER_HEADERS, FrameFault, type FrameHeaders, type WorkerFailure } from '../core/pool/frame-values.ts'
import type { PoolFrame, WorkerFrame } from '../core/pool/frames.ts'
import { POOL_HEADER } from '../core/pool/line-limits.ts'
import { FRAME_HEADER_CHARS_MAX, FRAME_HEADERS_MAX, FRAME_PATH_CHARS_MAX } from '../core/pool/worker-limits.ts'

/** Of the runtime, of this hop, or ours: nothing to an engine. */
const OWN_HEADERS =
  /^(?:host|connection|content-length|transfer-encoding|keep-alive|te|trailer|upgrade|expect|cookie|forwarded|accept-encoding|x-real-ip|x-forwarded-.*|x-sluice-.*|cf-.*|proxy-.*|sec-.*)$/
/** Statuses whose answers cannot have a body. */
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304])

/** What a stream needs of its socket. */
export interface StreamEnds {
  readonly send: (frame: PoolFrame) => void
  /** So many bytes more, or fewer, are held for who reads the answer; false: the pool holds too much. */
  readonly held: (bytes: number) => boolean
  /** It is over, however: its id is free. */
  readonly over: () => void
}

/** The answer to a request whose worker is gone, or was never there: it can be sent to another. */
export const lostReply = (): Response => new Response(null, { status: 503, headers: { [POOL_HEADER]: 'lost' } })
/** The answer to a request that its worker has no room for. */
export const fullReply = (): Response => new Response(null, { status: 503, headers: { 'retry-after': '1' } })

/** One request, from the frame that names it to the end of its answer. */
export class PoolStream {
  readonly #id: number
  readonly #ends: StreamEnds
  readonly #answered = Promise.withResolvers<Response>()
  readonly #out = new Outflow()
  #in: Inflow | null = null
  #isOver = false
  #unlisten: (() => void) | null = null

  constructor(id: number, ends: StreamEnds) {
    this.#id = id
    this.#ends = ends
  }

  /** Sends the request; resolves at the head of its answer. Rejects where its caller leaves before. */
  begin(request: Request): Promise<Response> {
    const { signal, body } = request
    const url = new URL(request.url)
    const path = `${url.pathname}${url.search}`
    const headers = headersOf(request.headers)
    const method = request.method === 'GET' ? 'GET' : 'POST'
    if (path.length > FRAME_PATH_CHARS_MAX || headers === null) {
      this.#finish()
      return Promise.resolve(new Response(null, { status: 502 }))
    }
    const left = (): void => this.#leave(signal.reason)
    signal.addEventListener('abort', left, { once: true })
    this.#unlisten = () => signal.removeEventListener('abort', left)
    this.#ends.send({ kind: 'request', stream: this.#id, value: { method, path, headers } })
    if (signal.aborted) left()
    else if (body === null) this.#ends.send({ kind: 'bodyEnd', stream: this.#id })
    else void this.#sendBody(body)
    return this.#answered.promise
  }

  /** A frame of the worker's for this stream. Throws `FrameFault` where it may not come now. */
  take(frame: WorkerFrame): void {
    switch (frame.kind) {
      case 'head':
        this.#answer(frame.value.status, frame.value.headers)
        break
      case 'data':
        this.#data(frame.bytes)
        break
      case 'end':
        if (this.#in === null) throw new FrameFault('an answer ended before it began')
        this.#in.end()
        this.#finish()
        break
      case 'fail':
        this.#fail(frame.value.why)
        break
      case 'ack':
        if (!this.#out.acknowledged(frame.value.bytes)) throw new FrameFault('more was acknowledged than was sent')
        break
      default:
        throw new FrameFault(`a frame of a stream cannot be ${frame.kind}`)
    }
  }

  /** Its worker is gone. */
  lose(): void {
    if (this.#in === null) this.#answered.resolve(lostReply())
    else this.#in.fail(new Error('the worker is gone'))
    this.#finish()
  }

  async #sendBody(body: ReadableStream<Uint8Array>): Promise<void> {
    const stream = this.#id
    try {
      const isWhole = await this.#out.send(body, (bytes) => this.#ends.send({ kind: 'body', stream, bytes }))
      if (isWhole && !this.#isOver) this.#ends.send({ kind: 'bodyEnd', stream })
    } catch (error) {
      // It came from whoever asks: with its body they are gone, too.
      this.#leave(error)
    }
  }

  #answer(status: number, named: FrameHeaders): void {
    if (this.#in !== null) throw new FrameFault('an answer has two heads')
    const { send, held } = this.#ends
    const stream = this.#id
    this.#in = new Inflow({
      acknowledge: (bytes) => send({ kind: 'ack', stream, value: { bytes } }),
      cancelled: () => this.#leave(null),
      held: (bytes) => void held(bytes),
    })
    const headers = new Headers()
    for (const name of ANSWER_HEADERS) if (named[name] !== undefined) headers.set(name, named[name])
    const isBodiless = BODILESS.has(status)
    this.#answered.resolve(new Response(isBodiless ? null : this.#in.body, { status, headers }))
  }

  #data(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#in === null) throw new FrameFault('an answer has no head')
    if (!this.#in.push(bytes)) throw new FrameFault('more was sent than was acknowledged')
    if (this.#ends.held(0)) return
    this.#in.fail(new Error('the pool holds too much that nobody reads'))
    this.#leave(null)
  }

  #fail(why: WorkerFailure): void {
    if (this.#in === null) this.#answered.resolve(why === 'full' ? fullReply() : new Response(null, { status: 502 }))
    else this.#in.fail(new Error(`the worker's engine is ${why}`))
    this.#finish()
  }

  /** Whoever asked has left. */
  #leave(reason: unknown): void {
    if (this.#isOver) return
    this.#ends.send({ kind: 'cancel', stream: this.#id })
    this.#answered.reject(reason)
    this.#in?.fail(new Error('its reader has left'))
    this.#finish()
  }

  #finish(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#unlisten?.()
    this.#out.stop()
    this.#ends.over()
  }
}

/** What goes to the engine; null where it is more than a frame takes. */
function headersOf(headers: Headers): FrameHeaders | null {
  const named = [...headers].filter(([name]) => !OWN_HEADERS.test(name))
  const chars = named.reduce((sum, [name, value]) => sum + name.length + value.length, 0)
  return named.length > FRAME_HEADERS_MAX || chars > FRAME_HEADER_CHARS_MAX ? null : Object.fromEntries(named)
}
