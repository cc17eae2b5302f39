/** A committed stream that another replica goes on with when its own breaks, so that its client does not see it. */
import { ByteBudget, type Hold } from '../core/byte-budget.ts'
import type { InferenceRequest } from '../core/inference.ts'
import { CONTINUABLE_BYTES_MAX, CONTINUABLE_HELD_BYTES_MAX, CONTINUATIONS_MAX } from '../core/limits.ts'
import type { RetryBudget } from '../core/retry-budget.ts'
import { openaiUsageOf, type Usage } from '../core/usage.ts'
import { concat } from '../lib/sse.ts'
import type { Candidate } from '../route/route.ts'
import type { AttemptResult } from './attempt.ts'
import { continuedRequest, isContinuable } from './continue-request.ts'
import type { Fault } from './fault.ts'
import type { Ended, Live, LiveStream } from './live-stream.ts'
import { Splice } from './splice.ts'

/** What going on with a stream takes. */
export interface Continuing {
  readonly candidate: Candidate
  readonly request: InferenceRequest
  /** Upstream calls so far. */
  readonly attempts: number
  /** Moment at which the whole request is over, ms since the epoch. */
  readonly totalAtMs: number
  readonly client: AbortSignal
  /** Asks another replica of the pool, those that were asked before excluded. */
  ask(request: InferenceRequest, client: AbortSignal): Promise<AttemptResult>
}

/** What it needs of the services. */
export interface ContinuationServices {
  readonly clock: { now(): number }
  readonly retryBudget: Pick<RetryBudget, 'take'>
  readonly log: (line: Readonly<Record<string, unknown>>) => void
}

/** Requests, and what was said to them, that this isolate keeps because their streams may break. */
const KEPT = new ByteBudget(CONTINUABLE_HELD_BYTES_MAX)
const ENCODER = new TextEncoder()

/**
 * A stream of a pool whose policy is to go on. As it is, where nobody could: the caller reads another form of it, or
 * asked for what is no plain text, or it is too long to be kept.
 */
export function continued(
  services: ContinuationServices,
  live: LiveStream,
  isRepetitionLookedFor: boolean,
  continuing: Continuing,
): Live {
  const { candidate, request } = continuing
  // Whoever looks for repetition ends the stream in words of its own, and would have to have read all parts.
  if (isRepetitionLookedFor || candidate.isNative || !isContinuable(request)) return live
  const hold = KEPT.hold()
  if (request.bodyBytes > CONTINUABLE_BYTES_MAX || !hold.take(request.bodyBytes)) return live
  return new ContinuedStream(services, live, hold, continuing)
}

/** Pull `next()` until it answers with an `Ended`, or `cancel()`. */
class ContinuedStream implements Live {
  readonly #services: ContinuationServices
  readonly #hold: Hold
  readonly #splice = new Splice()
  /** Aborts when nobody wants the rest any more. */
  readonly #left = new AbortController()
  readonly #client: AbortSignal
  readonly #wantsUsage: boolean
  /** Null when nobody can go on with it: then the request is not kept. */
  #continuing: Continuing | null
  #live: LiveStream
  #attempts: number
  #continuations = 0
  #heldChars = 0
  /** Usage of the first part. */
  #first: Usage | null = null
  #marker: Uint8Array | null = null
  #ended: Ended | null = null
  #see: ((bytes: Uint8Array) => void) | null = null
  #settle: (ended: Ended) => void = () => {}
  readonly ended: Promise<Ended>

  constructor(services: ContinuationServices, live: LiveStream, hold: Hold, continuing: Continuing) {
    this.#services = services
    this.#live = live
    this.#hold = hold
    this.#continuing = continuing
    this.#attempts = continuing.attempts
    this.#client = continuing.client
    this.#wantsUsage = continuing.request.wantsUsage
    this.ended = new Promise((resolve) => {
      this.#settle = resolve
    })
    this.#client.addEventListener('abort', this.#leave, { once: true })
    if (this.#client.aborted) this.cancel()
  }

  get isInsideEvent(): boolean {
    return this.#splice.isPassing && this.#live.isInsideEvent
  }

  get reportedUsage(): unknown {
    return this.#splice.summed(this.#live.reportedUsage)
  }

  observe(see: (bytes: Uint8Array) => void): void {
    this.#see = see
  }

  async next(): Promise<Uint8Array | Ended> {
    for (;;) {
      if (this.#ended !== null) return this.#ended
      const piece = await this.#live.next()
      const bytes = piece instanceof Uint8Array ? this.#push(piece) : await this.#after(piece)
      if (bytes === null) return this.ended
      if (bytes.length > 0) return bytes
    }
  }

  cancel(): void {
    if (this.#ended !== null) return
    this.#left.abort()
    this.#live.cancel()
    // A part that had broken leaves a stream that nobody went on with.
    this.#live.ended.then((ended) => this.#end(ended.kind === 'broken' ? 'cancelled' : ended.kind, ended))
  }

  readonly #leave = (): void => this.cancel()

  #push(piece: Uint8Array): Uint8Array {
    const splice = this.#splice
    const own = splice.push(piece)
    if (splice.isForeign) this.#live.cancel()
    this.#holdText()
    if (own.length === 0) return own
    const bytes = this.#marker === null ? own : concat(this.#marker, own)
    this.#marker = null
    return this.#seen(bytes)
  }

  /** What sees must have seen all before it hears of the end. */
  #seen(bytes: Uint8Array): Uint8Array {
    if (bytes.length > 0) this.#see?.(bytes)
    return bytes
  }

  /** Takes room for what was said; where there is none, nobody can go on with it. */
  #holdText(): void {
    const more = this.#splice.textChars - this.#heldChars
    if (more > 0) {
      this.#heldChars += more
      if (this.#heldChars > CONTINUABLE_BYTES_MAX || !this.#hold.take(more)) this.#splice.giveUp()
    }
    if (!this.#splice.isPlain && this.#continuing !== null) {
      this.#continuing = null
      this.#hold.release()
    }
  }

  /** A part has ended: what the client gets next, or null where that is the end. */
  async #after(part: Ended): Promise<Uint8Array | null> {
    const splice = this.#splice
    if (splice.isForeign) return this.#end('broken', { ...part, code: 'upstream_failed' })
    if (part.kind !== 'broken') {
      const rest = part.kind === 'finished' ? this.#seen(splice.end()) : NOTHING
      return rest.length > 0 ? rest : this.#end(part.kind, part)
    }
    if (!splice.isPlain) return this.#end('broken', part)
    if (splice.isFinished) return this.#finish(part)
    const { prefix, tokensMax } = splice.broken()
    while (this.#continuing !== null && this.#mayGoOn()) {
      const { candidate, request, ask } = this.#continuing
      const rest = continuedRequest(request, { prefix, tokensMax }, candidate.outputCap)
      if (rest === null) return this.#finish(part)
      this.#continuations += 1
      this.#attempts += 1
      const result = await ask(rest, this.#left.signal)
      if (this.#left.signal.aborted) return null
      if (result.kind === 'stream') {
        this.#goOn(result.live, prefix, part.usage, candidate.target.id, request.requestId)
        return NOTHING
      }
      if (result.kind !== 'fault' || !MAY_DO_ELSEWHERE.has(result.fault.kind)) break
    }
    return this.#end('broken', part)
  }

  /** The first time is free, since a replica takes all of its streams with it; what breaks again may be a storm. */
  #mayGoOn(): boolean {
    if (this.#left.signal.aborted || this.#continuations >= CONTINUATIONS_MAX) return false
    const { clock, retryBudget } = this.#services
    const now = clock.now()
    return now < (this.#continuing?.totalAtMs ?? 0) && (this.#continuations === 0 || retryBudget.take(now))
  }

  #goOn(live: LiveStream, prefix: string, usage: Usage | null, target: string, requestId: string): void {
    this.#first ??= usage
    this.#live = live
    this.#splice.begin(prefix)
    const attempts = this.#attempts
    this.#marker = ENCODER.encode(`: sluice continued target=${target} attempts=${attempts}\n\n`)
    this.#services.log({ level: 'warn', event: 'stream-continued', requestId, target, attempts })
  }

  /** All is said, or there is no room for more: only the upstream's own end is missing. */
  #finish(part: Ended): Uint8Array {
    const { tokens } = this.#splice
    const told = part.usage
    // Of a part that broke, what was sent is known better than from the number of its events.
    const counted = told?.source === 'estimated' ? { ...told, outputTokens: tokens } : told
    const usage = this.#usageWith(counted)
    const bytes = this.#seen(this.#splice.ending(this.#wantsUsage && usage !== null ? openaiUsageOf(usage) : null))
    this.#end('finished', { ...part, usage: counted })
    return bytes
  }

  #end(kind: Ended['kind'], part: Ended): null {
    if (this.#ended !== null) return null
    this.#continuing = null
    this.#hold.release()
    this.#client.removeEventListener('abort', this.#leave)
    this.#ended = {
      kind,
      usage: this.#usageWith(part.usage),
      code: kind === 'broken' ? part.code : null,
      ...(this.#continuations > 0 ? { attempts: this.#attempts } : {}),
    }
    this.#settle(this.#ended)
    return null
  }

  /** The prompt of the first part and the output of all; a provider tells neither where a part broke before its end. */
  #usageWith(last: Usage | null): Usage | null {
    const first = this.#first
    if (first === null || last === null) return last
    const { tokens, tokensBefore: before, repeatedTokens } = this.#splice
    const isTold = last.source === 'provider'
    const prompt = last.inputTokens + last.cachedInputTokens + last.cacheWriteTokens
    const asked = isTold && first.source !== 'provider' ? Math.max(0, prompt - before) : first.inputTokens
    return {
      ...first,
      inputTokens: asked,
      outputTokens: isTold ? before + Math.max(0, last.outputTokens - repeatedTokens) : tokens,
      reasoningTokens: last.reasoningTokens,
      source: 'estimated',
    }
  }
}

const NOTHING = new Uint8Array(0)
/** Faults of one replica, from which another may be free. */
const MAY_DO_ELSEWHERE: ReadonlySet<Fault['kind']> = new Set(['failed', 'rate-limited', 'timeout'])
