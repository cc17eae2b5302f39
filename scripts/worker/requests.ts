/** The requests that a worker has: frames in, calls of its engine, frames out. No word of them is kept or logged. */
import { Inflow, Outflow } from '../../src/core/pool/flow.ts'
import { FrameFault, type PoolRequestHead, type WorkerFailure } from '../../src/core/pool/frame-values.ts'
import type { PoolFrame, WorkerFrame } from '../../src/core/pool/frames.ts'
import { askEngine } from './engine.ts'

/** Counts since the program began, for its health page. */
export interface Counts {
  served: number
  failed: number
}

export interface RequestParts {
  readonly origin: string
  readonly maxConcurrent: number
  readonly send: (frame: WorkerFrame) => void
  readonly counts: Counts
  /** The last one has ended. */
  readonly idle: () => void
}

interface Running {
  readonly abort: AbortController
  readonly body: Inflow
  readonly answer: Outflow
}

/** Of one connection. */
export class Requests {
  readonly #parts: RequestParts
  readonly #running = new Map<number, Running>()

  constructor(parts: RequestParts) {
    this.#parts = parts
  }

  get running(): number {
    return this.#running.size
  }

  /** A frame of one of them. Throws `FrameFault` where it may not come now. */
  take(frame: PoolFrame): void {
    const running = this.#running.get(frame.stream)
    if (frame.kind === 'request') this.#begin(frame.stream, frame.value)
    // What it was for may have ended a moment ago.
    else if (running !== undefined) this.#continue(frame, running)
  }

  /** Nobody waits for any of them any more. */
  abortAll(): void {
    for (const [stream, running] of [...this.#running]) this.#stop(stream, running)
  }

  #continue(frame: PoolFrame, running: Running): void {
    if (frame.kind === 'body') {
      if (!running.body.push(frame.bytes)) throw new FrameFault('more was sent than was acknowledged')
    } else if (frame.kind === 'bodyEnd') running.body.end()
    else if (frame.kind === 'cancel') this.#stop(frame.stream, running)
    else if (frame.kind === 'ack' && !running.answer.acknowledged(frame.value.bytes))
      throw new FrameFault('more was acknowledged than was sent')
  }

  #begin(stream: number, asked: PoolRequestHead): void {
    const { send, maxConcurrent } = this.#parts
    if (this.#running.has(stream)) throw new FrameFault('a stream began twice')
    if (this.#running.size >= maxConcurrent) {
      send({ kind: 'fail', stream, value: { why: 'full' } })
      return
    }
    const running: Running = {
      abort: new AbortController(),
      body: new Inflow({
        acknowledge: (bytes) => send({ kind: 'ack', stream, value: { bytes } }),
        // The engine wants no more of it, and will say why.
        cancelled: () => {},
      }),
      answer: new Outflow(),
    }
    this.#running.set(stream, running)
    void this.#run(stream, asked, running)
  }

  async #run(stream: number, { method, path, headers }: PoolRequestHead, running: Running): Promise<void> {
    const { origin, send, counts } = this.#parts
    const { signal } = running.abort
    let why: WorkerFailure = 'unreachable'
    try {
      const body = method === 'GET' ? null : running.body.body
      const answer = await askEngine(origin, { method, path, headers, body, signal })
      if (signal.aborted) return
      why = 'broken'
      send({ kind: 'head', stream, value: { status: answer.status, headers: answer.headers } })
      const isWhole = await running.answer.send(answer.body, (bytes) => send({ kind: 'data', stream, bytes }))
      if (!isWhole || signal.aborted) return
      counts.served += 1
      send({ kind: 'end', stream })
    } catch {
      if (signal.aborted) return
      counts.failed += 1
      send({ kind: 'fail', stream, value: { why } })
    } finally {
      if (this.#running.get(stream) === running) this.#over(stream)
    }
  }

  #stop(stream: number, { abort, body, answer }: Running): void {
    abort.abort()
    answer.stop()
    body.fail(new Error('cancelled'))
    this.#over(stream)
  }

  #over(stream: number): void {
    this.#running.delete(stream)
    if (this.#running.size === 0) this.#parts.idle()
  }
}
