/** The worker's life: it asks its engine what it has, dials, dials again when it must, and ends in good order. */
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { CLOSE_REVOKED, WORKER_PROTOCOL } from '../../src/core/pool/worker-limits.ts'
import { backoffMs } from '../../src/lib/backoff.ts'
import { diagnose } from './diagnosis.ts'
import { modelsOfEngine } from './engine.ts'
import { codeOf, WorkerFault } from './fault.ts'
import { serveHealth } from './health.ts'
import { DIAL_BASE_MS, DIAL_CAP_MS, DIAL_GOOD_MS, EXIT, POOL_UNKNOWN_MS } from './limits.ts'
import { Link } from './link.ts'
import type { WorkerOptions } from './options.ts'

export interface WorkerParts {
  /** One line for whoever runs it. */
  readonly say: (line: string) => void
  /** Uniform in [0, 1). */
  readonly random: () => number
  /** Aborts when the program is to end; again: at once. */
  readonly end: AbortSignal
  readonly endNow: AbortSignal
}

/** Works until it is told to end; resolves with the exit code. Rejects with a `WorkerFault` where it cannot work. */
export async function runWorker(options: WorkerOptions, parts: WorkerParts): Promise<number> {
  const worker = new Worker(options, parts)
  const { health } = options
  const page =
    health === null
      ? null
      : await serveHealth(health.port, health.host, () => worker.health()).catch((error: unknown) => {
          throw new WorkerFault(EXIT.usage, `--health-port ${health.port} cannot be listened on (${codeOf(error)})`)
        })
  try {
    return await worker.run()
  } finally {
    page?.close()
    page?.closeAllConnections()
  }
}

class Worker {
  readonly #options: WorkerOptions
  readonly #parts: WorkerParts
  readonly #counts = { served: 0, failed: 0 }
  /** Of this run: the pool knows it again by it when it comes back. */
  readonly #instance = randomBytes(8).toString('hex')
  #link: Link | null = null
  #name: string | null = null
  #connections = 0

  constructor(options: WorkerOptions, parts: WorkerParts) {
    this.#options = options
    this.#parts = parts
  }

  health() {
    return {
      connected: this.#link?.isWelcome ?? false,
      draining: this.#parts.end.aborted,
      worker: this.#name,
      running: this.#link?.running ?? 0,
      ...this.#counts,
      connections: this.#connections,
    }
  }

  async run(): Promise<number> {
    const { end, say } = this.#parts
    const models = this.#options.models ?? (await modelsOfEngine(this.#options.origin))
    say(`serves ${models.join(', ')} of ${this.#options.origin}`)
    let unknownSinceMs: number | null = null
    for (let attempt = 0; !end.aborted; attempt += 1) {
      const begunAtMs = performance.now()
      const link = this.#connect(models)
      const ended = await Promise.race([link.ended, aborted(end)])
      if (ended === 'aborted') return this.#drain(link)
      if (performance.now() - begunAtMs >= DIAL_GOOD_MS && ended.wasWelcome) attempt = 0
      if (ended.wasWelcome && ended.code !== CLOSE_REVOKED) {
        unknownSinceMs = null
        say(`was disconnected (${ended.code}${ended.reason === '' ? '' : `: ${ended.reason}`})`)
      } else {
        const { kind, message } = await diagnose(this.#options.address, this.#options.token)
        if (kind === 'token') throw new WorkerFault(EXIT.token, message)
        unknownSinceMs = kind === 'pool' ? (unknownSinceMs ?? performance.now()) : null
        if (unknownSinceMs !== null && performance.now() - unknownSinceMs >= POOL_UNKNOWN_MS)
          throw new WorkerFault(EXIT.pool, message)
        say(message)
      }
      const waitMs = backoffMs(attempt, DIAL_BASE_MS, DIAL_CAP_MS, this.#parts.random)
      await sleep(waitMs, undefined, { signal: end }).catch(() => {})
    }
    return EXIT.drained
  }

  #connect(models: readonly string[]): Link {
    const { maxConcurrent, prefillTokensPerSecond, kvTokens } = this.#options
    const link = new Link({
      ...this.#options,
      counts: this.#counts,
      hello: {
        protocol: WORKER_PROTOCOL,
        instance: this.#instance,
        models,
        maxConcurrent,
        ...(prefillTokensPerSecond === undefined ? {} : { prefillTokensPerSecond }),
        ...(kvTokens === undefined ? {} : { kvTokens }),
      },
      welcomed: (name) => {
        this.#connections += 1
        this.#name = name
        this.#parts.say(`is connected to ${new URL(this.#options.address).origin} as worker-${name}`)
      },
    })
    this.#link = link
    return link
  }

  async #drain(link: Link): Promise<number> {
    const { say, endNow } = this.#parts
    if (link.running > 0) say(`ends when ${link.running} running requests have ended`)
    const isDrained = await Promise.race([
      link.drain().then(() => true),
      aborted(endNow).then(() => false),
      sleep(this.#options.drainMs, false, { ref: false }),
    ])
    if (isDrained) return EXIT.drained
    say(`ends at once: ${link.running} requests are cut`)
    link.close('cut')
    return EXIT.cut
  }
}

function aborted(signal: AbortSignal): Promise<'aborted'> {
  if (signal.aborted) return Promise.resolve('aborted')
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve('aborted'), { once: true }))
}
