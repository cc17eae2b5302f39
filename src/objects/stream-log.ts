/** The events of one stream: filled from its reply, kept in sealed segments, read from memory or from those. */

import { EventCounter, type NumberedEvent, PieceCounter } from '../core/streams/events.ts'
import { flushMs } from '../core/streams/flush.ts'
import {
  STREAM_BYTES_MAX,
  STREAM_SEGMENT_BYTES_MAX,
  STREAM_TAIL_BYTES_MAX,
  STREAM_UNKEPT_BYTES_MAX,
} from '../core/streams/limits.ts'
import { Tail } from '../core/streams/tail.ts'
import type { ReplyHead, StreamAbout, StreamStatus } from '../core/streams/types.ts'
import { piecesIn } from '../lib/handover.ts'
import { fromBase64, toBase64 } from '../lib/hash.ts'
import { joined, type Pieces } from '../lib/pieces.ts'
import type { Sealer } from './stream.ts'
import type { StreamRows } from './stream-rows.ts'

/** Streams that this isolate's objects run: a count, and nothing of any of them. */
let running = 0

const ENCODER = new TextEncoder()
const UTF8 = new TextDecoder()
/** Stands for a reply that nobody is there to hear. */
const LEFT_STATUS = 204
/** What is made in the background is read as a stream: that it was stopped before it began is told in one. */
const UNSAID: ReplyHead = { status: 200, headers: { 'content-type': 'text/event-stream' } }
/** These are of one connection and one asking; and what a caller calls a session is not kept in clear. */
const OWN_HEADER = /^(?:content-length|transfer-encoding|connection|(?:x-(?:client-)?)?request-id|x-sluice-session)$/

/** Bytes that follow an event, and the number of the last of them; null where nothing does yet. */
type Found = { readonly bytes: Uint8Array; readonly last: number } | null

/** One per stream and life of its object. */
export class StreamLog {
  readonly #rows: StreamRows
  readonly #about: StreamAbout
  readonly #sealerOf: () => Promise<Sealer>
  readonly #tail = new Tail(STREAM_TAIL_BYTES_MAX)
  readonly #head = Promise.withResolvers<ReplyHead | null>()
  readonly #ended = Promise.withResolvers<void>()
  #sealer: Sealer | null = null
  /** Written with the first events: a commit of its own would cost as much as theirs. */
  #unkeptHead: ReplyHead | null = null
  #changed = Promise.withResolvers<void>()
  #flushing: Promise<void> | null = null
  #flushTimer: ReturnType<typeof setTimeout> | null = null
  #bytes = 0
  #last: number | null = null
  #lastEvent: Uint8Array | null = null
  #isOver = false
  #isWhole = false

  constructor(rows: StreamRows, about: StreamAbout, sealerOf: () => Promise<Sealer>) {
    this.#rows = rows
    this.#about = about
    this.#sealerOf = sealerOf
  }

  /** Status and headers; null where it died before it had any. */
  get head(): Promise<ReplyHead | null> {
    return this.#head.promise
  }

  /** Resolves when nothing more will come, and all is kept. */
  get ended(): Promise<void> {
    return this.#ended.promise
  }

  /** Is it a reply in one piece? Known with the head. */
  get isWhole(): boolean {
    return this.#isWhole
  }

  get isOver(): boolean {
    return this.#isOver
  }

  get last(): number | null {
    return this.#last
  }

  /** Resolves at the next event, or at the end. */
  get changed(): Promise<void> {
    return this.#changed.promise
  }

  /** The last event. */
  get lastText(): string {
    return this.#lastEvent === null ? '' : UTF8.decode(this.#lastEvent)
  }

  /** For readers of a run that is over: nothing is in memory. */
  revive(head: ReplyHead | null, last: number | null): void {
    this.#isWhole = head !== null && isWhole(head)
    this.#head.resolve(head)
    this.#last = last
    this.close()
  }

  /** Takes a reply in, to its end. Never rejects. Without a head it came to nothing that anybody could be told. */
  async fill(
    answering: () => Promise<Response>,
    signal: AbortSignal,
  ): Promise<Exclude<StreamStatus, 'running' | 'interrupted'>> {
    let status: 'finished' | 'failed' | 'cancelled' = 'finished'
    running += 1
    try {
      const reply = await answering()
      // The client of a run is its object: it has left when it is told to.
      if (signal.aborted || reply.status === LEFT_STATUS) {
        if (this.#about.isBackground) this.#answer(UNSAID)
        this.#keepHead()
        return 'cancelled'
      }
      const head = { status: reply.status, headers: keptHeaders(reply.headers) }
      this.#isWhole = isWhole(head)
      if (!reply.ok) status = 'failed'
      if (!this.#isWhole) this.#answer(head)
      await this.#pump(piecesIn(reply))
      // What a reply in one piece is, is known when all of it is there.
      if (this.#isWhole) this.#answer(head)
    } catch {
      status = 'failed'
    } finally {
      running -= 1
    }
    if (signal.aborted) status = 'cancelled'
    await this.#flush(true)
    try {
      this.#keepHead()
    } catch {
      // Its object was erased meanwhile: there is nothing to keep it in.
    }
    return status
  }

  /** Nothing more will come: whoever waits is told. */
  close(): void {
    this.#isOver = true
    this.#head.resolve(null)
    this.#ended.resolve()
    this.#tell()
  }

  /** What follows an event, from memory or from what is kept; null where nothing does yet. */
  after(number: number, bytesMax: number): Found | Promise<Found> {
    const inMemory = this.#tail.after(number, bytesMax)
    if (inMemory !== 'lost' && (inMemory !== null || !this.#isOver || this.#tail.last !== null)) return inMemory
    return this.#stored(number)
  }

  async #stored(number: number): Promise<Found> {
    const events = await this.#segment(number)
    const later = events.filter((event) => event[0] > number)
    const last = later.at(-1)?.[0]
    if (last === undefined) return null
    if (!this.#isWhole) return { bytes: ENCODER.encode(later.map((event) => event[1]).join('')), last }
    return { bytes: joined(later.map((event) => fromBase64(event[1]) ?? new Uint8Array(0))), last }
  }

  /** The first event and the last, as text. */
  async ends(): Promise<{ first: string; last: string }> {
    const first = (await this.#segment(-1))[0]?.[1] ?? ''
    const last = (await this.#segment((this.#last ?? 0) - 1)).at(-1)?.[1] ?? ''
    return { first, last }
  }

  async #pump(pieces: Pieces | null): Promise<void> {
    if (pieces === null) return
    const cutter = this.#isWhole ? new PieceCounter() : this.#counter()
    for (;;) {
      const { done, value } = await pieces.read()
      for (const event of done ? cutter.end() : cutter.push(value)) this.#append(event)
      this.#tell()
      if (done) return
      this.#bytes += value.length
      if (this.#bytes > STREAM_BYTES_MAX) {
        await pieces.cancel()
        throw new Error('the reply is too long to be kept')
      }
      if (this.#tail.unkeptBytes > STREAM_UNKEPT_BYTES_MAX) await this.#flush(false)
      else if (this.#tail.unkeptBytes >= STREAM_SEGMENT_BYTES_MAX) void this.#flush(false)
      else this.#flushTimer ??= setTimeout(() => void this.#flush(false), flushMs(running))
    }
  }

  #keepHead(): void {
    if (this.#unkeptHead !== null) this.#rows.answer(this.#unkeptHead)
    this.#unkeptHead = null
  }

  #counter(): EventCounter {
    return new EventCounter(this.#about.id, this.#about.path === '/v1/responses' ? 'sequence' : 'count')
  }

  #answer(head: ReplyHead): void {
    this.#unkeptHead = head
    this.#head.resolve(head)
  }

  #append(event: NumberedEvent): void {
    this.#tail.append(event)
    this.#last = event.number
    this.#lastEvent = event.bytes
  }

  #tell(): void {
    const { resolve } = this.#changed
    this.#changed = Promise.withResolvers()
    resolve()
  }

  /** One at a time. `all`: until nothing is left. A segment that cannot be sealed stays in memory, for the next time. */
  async #flush(all: boolean): Promise<void> {
    if (this.#flushTimer !== null) clearTimeout(this.#flushTimer)
    this.#flushTimer = null
    while (this.#flushing !== null) await this.#flushing
    this.#flushing = this.#keepNext(all).catch(() => undefined)
    await this.#flushing
    this.#flushing = null
  }

  async #keepNext(all: boolean): Promise<void> {
    do {
      const events = this.#tail.unkept(STREAM_SEGMENT_BYTES_MAX)
      const [first, last] = [events[0], events.at(-1)]
      if (first === undefined || last === undefined) return
      const text = JSON.stringify(
        events.map(({ number, bytes }) => [number, this.#isWhole ? toBase64(bytes) : UTF8.decode(bytes)]),
      )
      this.#sealer ??= await this.#sealerOf()
      const sealed = await this.#sealer.seal(this.#keyOf(first.number), text)
      this.#keepHead()
      this.#rows.keep({ first: first.number, last: last.number, sealed })
      this.#tail.keep(events.length)
    } while (all || this.#tail.unkeptBytes >= STREAM_SEGMENT_BYTES_MAX)
  }

  async #segment(after: number): Promise<[number: number, text: string][]> {
    const stored = this.#rows.after(after)
    if (stored === null) return []
    this.#sealer ??= await this.#sealerOf()
    return JSON.parse(await this.#sealer.open(this.#keyOf(stored.first), stored.sealed)) as [number, string][]
  }

  #keyOf(first: number): string {
    return `stream\n${this.#about.id}\n${first}`
  }
}

function keptHeaders(headers: Headers): Record<string, string> {
  return Object.fromEntries([...headers].filter(([name]) => !OWN_HEADER.test(name)))
}

/** Is it a reply in one piece? */
const isWhole = ({ headers }: ReplyHead): boolean => !(headers['content-type'] ?? '').startsWith('text/event-stream')
