/** One connection of a worker to its pool, from the first byte to the last. */
import { FrameFault, type WorkerHello } from '../../src/core/pool/frame-values.ts'
import { encodeFrame, readPoolFrame, type WorkerFrame } from '../../src/core/pool/frames.ts'
import { CLOSE_FAULT } from '../../src/core/pool/worker-limits.ts'
import { DIAL_OPEN_MS, LINE_PING_MS, LINE_SILENT_MS } from './limits.ts'
import { type Counts, Requests } from './requests.ts'

export interface LinkParts {
  readonly socketAddress: string
  readonly token: string
  readonly hello: WorkerHello
  readonly origin: string
  readonly counts: Counts
  /** The pool has taken the worker in, under this name. */
  readonly welcomed: (worker: string) => void
}

/** How a connection ended. */
export interface LinkEnd {
  /** Was the worker ever taken in? */
  readonly wasWelcome: boolean
  /** Of the WebSocket; 1006 where there was no last word. */
  readonly code: number
  readonly reason: string
}

/** Node's own client takes headers, which browsers' do not. */
const Socket = WebSocket as unknown as new (
  address: string,
  init: { readonly headers: Readonly<Record<string, string>> },
) => WebSocket

/** A connection, begun at once. */
export class Link {
  /** Never rejects. */
  readonly ended: Promise<LinkEnd>
  readonly #socket: WebSocket
  readonly #parts: LinkParts
  readonly #requests: Requests
  readonly #end: (end: LinkEnd) => void
  #idle: (() => void) | null = null
  #epoch: string | null = null
  #isOver = false
  #heardAtMs = performance.now()
  readonly #timers: NodeJS.Timeout[]

  constructor(parts: LinkParts) {
    this.#parts = parts
    const { promise, resolve } = Promise.withResolvers<LinkEnd>()
    this.ended = promise
    this.#end = resolve
    const { origin, counts, hello } = parts
    const send = (frame: WorkerFrame): void => this.#send(frame)
    const idle = (): void => this.#idle?.()
    this.#requests = new Requests({ origin, maxConcurrent: hello.maxConcurrent, send, counts, idle })
    this.#socket = new Socket(parts.socketAddress, { headers: { authorization: `Bearer ${parts.token}` } })
    this.#socket.binaryType = 'arraybuffer'
    this.#socket.addEventListener('open', () => this.#send({ kind: 'hello', stream: 0, value: hello }))
    this.#socket.addEventListener('message', ({ data }) => this.#hear(data))
    this.#socket.addEventListener('close', ({ code, reason }) => this.#over(code, reason))
    this.#socket.addEventListener('error', () => this.#over(1006, ''))
    this.#timers = [
      setTimeout(() => {
        if (this.#epoch === null) this.#over(1006, 'the pool did not answer')
      }, DIAL_OPEN_MS),
      setInterval(() => this.#try(), LINE_PING_MS),
    ]
  }

  get isWelcome(): boolean {
    return this.#epoch !== null && !this.#isOver
  }

  get running(): number {
    return this.#requests.running
  }

  /** Asks for nothing new, and leaves when what runs has ended. */
  async drain(): Promise<void> {
    if (this.isWelcome) {
      this.#send({ kind: 'drain', stream: 0 })
      if (this.#requests.running > 0)
        await new Promise<void>((resolve) => {
          this.#idle = resolve
          void this.ended.then(() => resolve())
        })
    }
    this.close('drained')
  }

  close(reason: string): void {
    this.#over(1000, reason)
  }

  #hear(data: unknown): void {
    if (this.#isOver) return
    this.#heardAtMs = performance.now()
    // `pong`, by the runtime at the other end.
    if (!(data instanceof ArrayBuffer)) return
    try {
      const frame = readPoolFrame(data)
      if (frame.kind === 'ping') this.#send({ kind: 'pong', stream: 0 })
      else if (frame.kind === 'welcome') this.#welcome(frame.value)
      else if (frame.kind === 'reset') this.#reset(frame.value.epoch)
      else this.#requests.take(frame)
    } catch (error) {
      if (!(error instanceof FrameFault)) throw error
      this.#over(CLOSE_FAULT, error.message)
    }
  }

  #welcome({ worker, epoch }: { readonly worker: string; readonly epoch: string }): void {
    this.#epoch = epoch
    this.#parts.welcomed(worker)
  }

  /** The object has lost its memory: nobody waits for what was begun under another epoch. */
  #reset(epoch: string): void {
    if (epoch !== this.#epoch) this.#requests.abortAll()
    this.#epoch = epoch
  }

  #try(): void {
    if (performance.now() - this.#heardAtMs >= LINE_SILENT_MS) this.#over(1006, 'the line is silent')
    else if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send('ping')
  }

  #send(frame: WorkerFrame): void {
    if (!this.#isOver && this.#socket.readyState === WebSocket.OPEN) this.#socket.send(encodeFrame(frame))
  }

  #over(code: number, reason: string): void {
    if (this.#isOver) return
    this.#isOver = true
    for (const timer of this.#timers) clearInterval(timer)
    this.#requests.abortAll()
    if (code === 1000 || code >= 3000) this.#socket.close(code, reason)
    else this.#socket.close()
    this.#end({ wasWelcome: this.#epoch !== null, code, reason })
  }
}
