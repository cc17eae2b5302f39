/** A skin: what one protocol of our callers makes of requests, answers and refusals. No I/O. */
import type { RequestSchema } from '../core/chat.ts'
import type { Refusal } from '../core/errors.ts'
import type { InferenceRequest, NativeRequest, Operation } from '../core/inference.ts'
import type { Form } from '../core/wire.ts'

type Json = Readonly<Record<string, unknown>>

/** Writes a canonical stream in a skin's own events, one chunk at a time. Everything it returns is SSE text. */
export interface StreamEncoder {
  /** One parsed `chat.completion.chunk`; empty where it makes no event. */
  chunk(value: Json): string
  /** After `[DONE]`: what is still to be said. */
  end(): string
  /** In the place of the end: the one error event of the skin, with whatever must stand before it. */
  fail(refused: Refusal, retryAfterMs: number | null): string
}

/** What a reply in a skin is written with. */
export interface Heading {
  /** Ours, unique, in letters and digits: a reply's id is the skin's prefix and this. */
  readonly id: string
  /** The alias that was asked for. */
  readonly model: string
  /** Seconds since the epoch. */
  readonly createdS: number
}

/** A body, read: canonical, and as it came where that is another protocol. Headers may differ where the body is the same. */
export interface Read {
  readonly body: InferenceRequest['body']
  readonly native?: Omit<NativeRequest, 'headers'>
}

/** Why a body that its schema has passed is not taken. */
export interface ReadFault {
  readonly param: string
  readonly message: string
}

/** One way to ask. */
export interface Skin {
  /** Unique among skins. */
  readonly name: string
  readonly operation: Operation
  /** Answers in this form go to the client as they are. */
  readonly form: Form
  readonly canStream: boolean
  readonly schema: RequestSchema
  /** Reads a body that the schema has passed. */
  read(value: Json): Read | ReadFault
  /** Request headers that belong to the protocol, and not to the connection. */
  readonly headers: readonly string[]
  readonly errors: SkinErrors
  /** How canonical answers are written; null where they are in the skin's own form. */
  readonly encode: {
    whole(completion: Json, heading: Heading, asked: Json): Json
    stream(heading: Heading, asked: Json): StreamEncoder
  } | null
}

/** What a client was sent of an upstream's own stream, as text: its first bytes, and the last. */
export interface Sent {
  readonly first: string
  readonly last: string
}

/** How a skin says that something went wrong. */
export interface SkinErrors {
  /** The body of a refusal. */
  body(refused: Refusal, requestId: string): object
  /** Headers that its clients look for besides. */
  headers(requestId: string): Readonly<Record<string, string>>
  /** The last event of a stream that has begun. */
  frame(refused: Refusal, retryAfterMs: number | null, heading: Heading, asked: Json, sent: Sent): string
}
