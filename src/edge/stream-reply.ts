/** A streamed reply: when its status goes out, how its bytes do, and how silence and failure are told. */
import { type Refusal, refusal } from '../core/errors.ts'
import { DEFERRED_STATUS_MS, KEEP_ALIVE_MS } from '../core/limits.ts'
import type { Answer } from '../gateway.ts'
import type { Clock } from '../lib/clock.ts'
import type { Sink } from '../lib/handover.ts'
import { errorReply, retryAfterMs } from './error-reply.ts'
import { answerHeaders, type Debug, type ReplyHeaders } from './headers.ts'
import { streamOf } from './recalled-reply.ts'
import type { Heading, Skin } from './skin.ts'
import { Translation } from './translated.ts'
import { writtenReply } from './written-reply.ts'

/** What the reply needs besides the answer. */
export interface StreamContext {
  readonly clock: Clock
  /** Keeps the pump alive until it has told the end. */
  readonly background: (work: Promise<unknown>) => void
  readonly alias: string
  readonly startedAtMs: number
  readonly headers: ReplyHeaders
  /** Did the client ask for the usage event? */
  readonly wantsUsage: boolean
  /** How far it has come. */
  readonly progress: { readonly cache: Answer['cache'] }
  readonly debug: Debug
  readonly skin: Skin
  /** What a reply of this skin is headed with. */
  readonly heading: () => Heading
  /** The caller's own JSON, where the skin is not OpenAI's. */
  readonly asked: Readonly<Record<string, unknown>>
  /** The client cannot be written to any more: cancels whatever is under way. */
  readonly leave: () => void
  /** Is it for an object that answers with it, and not for a client? */
  readonly isOwned: boolean
}

type Streamed = Extract<Answer, { kind: 'stream' }>
type Hit = Extract<Answer, { kind: 'recalled' }>['hit']
type LiveStream = Streamed['live']

const UTF8 = new TextEncoder()
const KEEP_ALIVE = UTF8.encode(': keep-alive\n\n')
const BLANK_LINE = UTF8.encode('\n\n')
const NOTHING = new Uint8Array(0)
const COLON = 58

/**
 * Holds status and headers until the answer is known, for at most DEFERRED_STATUS_MS; then 200 goes out early and the
 * rest is told inside the stream.
 */
export async function streamReply(context: StreamContext, pending: Promise<Answer>): Promise<Response> {
  const { clock, headers, alias, startedAtMs, debug } = context
  let cancel = (): void => {}
  const tooLong = new Promise<'late'>((resolve) => {
    cancel = clock.after(DEFERRED_STATUS_MS, () => resolve('late'))
  })
  const answer = await Promise.race([pending, tooLong])
  cancel()
  if (answer === 'late') return deferred(context, pending)
  if (answer.kind === 'refused')
    return errorReply(answer.refusal, answerHeaders(headers, alias, startedAtMs, answer, debug), context.skin.errors)
  if (answer.kind === 'recalled')
    return new Response(recalled(context, answer.hit), {
      headers: eventStream(context, answerHeaders(headers, alias, startedAtMs, answer, debug)),
    })
  if (answer.kind !== 'stream') return leftReply()
  const told = eventStream(context, answerHeaders(headers, alias, startedAtMs, answer, debug))
  const { reply, to } = writtenReply({ headers: told }, context.isOwned)
  context.background(new ReplyWriter(context, to).pump(answer))
  return reply
}

/** Nobody reads this one: the client has left. */
export const leftReply = (): Response => new Response(null, { status: 204 })

function deferred(context: StreamContext, pending: Promise<Answer>): Response {
  const headers = eventStream(context, context.headers)
  headers['x-sluice-model'] = context.alias
  headers['x-sluice-cache'] = context.progress.cache
  headers['x-sluice-deferred'] = '1'
  const { reply, to } = writtenReply({ headers }, context.isOwned)
  const writer = new ReplyWriter(context, to)
  context.background(
    (async () => {
      await writer.comment()
      const answer = await pending
      if (answer.kind === 'refused') return writer.fail(answer.refusal)
      if (answer.kind !== 'stream' && answer.kind !== 'recalled') return writer.abandon()
      const told = `: sluice target=${answer.target?.id ?? ''} attempts=${answer.attempts}\n\n`
      return answer.kind === 'stream'
        ? writer.pump(answer, UTF8.encode(told))
        : writer.send(UTF8.encode(told + recalled(context, answer.hit)))
    })(),
  )
  return reply
}

function recalled({ skin, heading, asked, wantsUsage }: StreamContext, hit: Hit): string {
  return streamOf(hit, skin, heading(), asked, wantsUsage)
}

function eventStream({ skin }: StreamContext, headers: ReplyHeaders): ReplyHeaders {
  if (skin.encode !== null) Object.assign(headers, skin.errors.headers(headers['x-request-id'] ?? ''))
  headers['content-type'] = 'text/event-stream; charset=utf-8'
  headers['cache-control'] = 'no-cache'
  return headers
}

/** What a caller is told of an answer that broke when it had begun. */
export const BROKEN = {
  upstream_failed: refusal('upstream_failed', 'The provider failed in the middle of its answer. Ask again.'),
  upstream_timeout: refusal('upstream_timeout', 'The provider fell silent in the middle of its answer. Ask again.'),
}

/** The writing end towards one client. Its promises never reject: a client that is gone is `leave`, not an error. */
class ReplyWriter {
  readonly #context: StreamContext
  readonly #writer: Sink
  #lastWriteMs: number
  #isWriting = false
  #live: LiveStream | null = null
  /** What writes the skin's own events; null where the upstream's are those, or nothing is written yet. */
  #translation: Translation | null = null
  /** What the client was sent of the upstream's own events: first, and last. */
  #first: Uint8Array | null = null
  #last: Uint8Array = NOTHING
  #cancelKeepAlive: () => void

  constructor(context: StreamContext, writer: Sink) {
    this.#context = context
    this.#writer = writer
    this.#lastWriteMs = context.clock.now()
    this.#cancelKeepAlive = context.clock.after(KEEP_ALIVE_MS, () => this.#keepAlive())
  }

  /** Sends the stream to its end, `first` before it. */
  async pump({ live, form }: Streamed, first?: Uint8Array): Promise<void> {
    const { skin, heading, asked } = this.#context
    this.#live = live
    if (skin.encode !== null && form !== skin.form)
      this.#translation = new Translation(skin.encode.stream(heading(), asked))
    try {
      if (first !== undefined) await this.#write(first)
      for (;;) {
        const piece = await live.next()
        if (piece instanceof Uint8Array) {
          const bytes = this.#translation === null ? piece : this.#translation.push(piece)
          if (bytes.length === 0) continue
          // As `#write`, without a promise more for every event.
          this.#isWriting = true
          await this.#writer.write(bytes)
          // What is a comment alone has no number and no name.
          if (bytes[0] !== COLON || new TextDecoder().decode(bytes).includes('\ndata')) {
            this.#first ??= bytes
            this.#last = bytes
          }
          this.#isWriting = false
          this.#lastWriteMs = this.#context.clock.now()
        } else if (piece.code !== null) return await this.#end(BROKEN[piece.code], this.#isInsideEvent)
        else return await (piece.kind === 'cancelled' ? this.abandon() : this.#end(null, false))
      }
    } catch {
      live.cancel()
      this.abandon()
    }
  }

  /** Sends a keep-alive comment now. */
  async comment(): Promise<void> {
    await this.#write(KEEP_ALIVE).catch(() => this.#context.leave())
  }

  /** Sends all of a stream that is there already. */
  async send(bytes: Uint8Array): Promise<void> {
    try {
      await this.#write(bytes)
      await this.#end(null, false)
    } catch {
      this.abandon()
    }
  }

  /** Ends a stream that never began: status 200 is out, so the refusal goes as a frame. */
  fail(refused: Refusal): Promise<void> {
    return this.#end(refused, false).catch(() => this.abandon())
  }

  /** Stops without a word: there is nobody to hear it. */
  abandon(): void {
    this.#cancelKeepAlive()
    this.#writer.abort().catch(() => {})
  }

  async #end(refused: Refusal | null, isInsideEvent: boolean): Promise<void> {
    this.#cancelKeepAlive()
    // What came of a broken event is out already; a blank line ends it, so that the frame stands alone.
    if (isInsideEvent) await this.#write(BLANK_LINE)
    const last = this.#lastWords(refused)
    if (last.length > 0) await this.#write(last)
    await this.#writer.close()
  }

  /** Of a translated stream those of its skin; else the upstream has said them, and only a failure is left to be told. */
  #lastWords(refused: Refusal | null): Uint8Array {
    const { skin, heading, asked } = this.#context
    const waitMs = refused === null ? null : retryAfterMs(refused)
    if (this.#translation !== null)
      return refused === null ? this.#translation.end() : this.#translation.fail(refused, waitMs)
    if (refused === null) return NOTHING
    const [first, last] = [this.#first ?? NOTHING, this.#last].map((bytes) => new TextDecoder().decode(bytes))
    return UTF8.encode(skin.errors.frame(refused, waitMs, heading(), asked, { first: first ?? '', last: last ?? '' }))
  }

  /** Is the client in the middle of an event? Translated ones are always whole. */
  get #isInsideEvent(): boolean {
    return this.#translation === null && this.#live?.isInsideEvent === true
  }

  async #write(bytes: Uint8Array): Promise<void> {
    this.#isWriting = true
    await this.#writer.write(bytes)
    this.#isWriting = false
    this.#lastWriteMs = this.#context.clock.now()
  }

  /** One timer per KEEP_ALIVE_MS, however many events: it looks how long the silence has been. */
  #keepAlive(): void {
    const { clock } = this.#context
    const dueMs = this.#lastWriteMs + KEEP_ALIVE_MS
    const isSilent = clock.now() >= dueMs
    if (isSilent && !this.#isWriting && !this.#isInsideEvent) void this.comment()
    const nextMs = isSilent ? KEEP_ALIVE_MS : dueMs - clock.now()
    this.#cancelKeepAlive = clock.after(nextMs, () => this.#keepAlive())
  }
}
