/** What the parts of the benchmark say to each other. */
import type { Opening } from './recall-body.ts'

/** Lane 1: whole replies over kept-alive connections, each with one request in flight. */
export interface WholeJob {
  readonly kind: 'whole'
  readonly port: number
  readonly headers: Readonly<Record<string, string>>
  /** Bytes of the prompt and of the answer. */
  readonly bytes: number
  readonly connections: number
  /** Not counted, so that neither a cold cache nor a cold compiler is. */
  readonly warmMs: number
  readonly measureMs: number
}

export interface WholeResult {
  /** Replies that ended inside the measured time. */
  readonly counted: number
  /** All of them, the warm-up's and the last ones' too: as many usage rows there must be. */
  readonly sent: number
  /** Replies with a status other than 200, and connections that broke. */
  readonly failures: number
  readonly requestsPerSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
}

/** The protocol that a stream is asked for in. */
export type StreamSkin = 'chat' | 'messages' | 'responses'

/** Lane 2: streams, so many at once, so many in all. */
export interface StreamsJob {
  readonly kind: 'streams'
  readonly port: number
  readonly headers: Readonly<Record<string, string>>
  readonly skin: StreamSkin
  readonly atOnce: number
  readonly inAll: number
  /** All in the same moment, not spread over one stream's length. */
  readonly isBurst?: boolean
}

export interface StreamsResult {
  readonly streams: number
  /** Streams that broke or were refused. */
  readonly failures: number
  /** Events that the upstream sent and the client never saw. */
  readonly eventsLost: number
  readonly firstMs: number
  /** The last one's. */
  readonly firstMaxMs: number
  readonly gapP50Ms: number
  readonly gapP99Ms: number
}

/** The limits lane: requests at a steady rate, in turn over the ports. */
export interface OpenJob {
  readonly kind: 'open'
  readonly ports: readonly number[]
  readonly headers: Readonly<Record<string, string>>
  readonly bytes: number
  readonly perSecond: number
  readonly forMs: number
}

export interface OpenResult {
  readonly sent: number
  /** Answered with 200, and with 429. */
  readonly granted: number
  readonly refused: number
  /** Any other status, and connections that broke. */
  readonly failures: number
  /** Of those granted. */
  readonly p50Ms: number
  readonly p99Ms: number
}

/** The recall lane: questions by their numbers, in turn, over kept-alive connections. */
export interface RecallJob {
  readonly kind: 'recall'
  readonly port: number
  readonly headers: Readonly<Record<string, string>>
  /** The alias asked for. */
  readonly model: string
  readonly opening: Opening
  /** Number of the first question, and how many there are before it comes again. */
  readonly first: number
  readonly count: number
  readonly stream: boolean
  readonly connections: number
  readonly warmMs: number
  readonly measureMs: number
  /** So many requests, however long they take; null: for the time above. */
  readonly inAll: number | null
}

export interface RecallResult extends WholeResult {
  /** By what the reply says of the cache: `hit`, `semantic`, `miss`, … or nothing. */
  readonly kinds: Readonly<Record<string, KindFigures>>
}

/** Replies of one kind. */
export interface KindFigures {
  /** All of them, the warm-up's too. */
  readonly sent: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** Until the first byte of the body was there. */
  readonly firstP50Ms: number
  readonly firstP99Ms: number
}

/** A stamped request as the upstream saw it: it was let through after the one and before the other, ms since the epoch. */
export interface Arrival {
  readonly sentMs: number
  readonly atMs: number
}

/**
 * `messages` and `responses`: Sluice, asked in those protocols for what it translates from the upstream's; `detached`:
 * asked for streams that outlive their clients.
 */
export type ContenderName = 'direct' | 'floor' | 'hasher' | 'sluice' | 'messages' | 'responses' | 'detached' | 'portkey'

/** Something between the load and the upstream; `direct` is nothing between them, the ceiling. */
export interface Contender {
  readonly name: ContenderName
  readonly port: number
  readonly headers: Readonly<Record<string, string>>
  /** Of streams; `chat` where it is absent. */
  readonly skin?: StreamSkin
  /** The process whose CPU time counts. */
  readonly pid: number
  /** How many requests its usage counts; absent where nothing is metered. */
  readonly recorded?: () => Promise<number>
}

/** The path that every contender is asked for. */
export const PATH = '/v1/chat/completions'
/** Events of a stream, and the time between them. */
export const EVENTS = 100
export const EVENT_GAP_MS = 20
