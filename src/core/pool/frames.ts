/** Frames between a pool's object and its workers: one byte of type, four of the stream's id, then a payload. No I/O. */
import {
  FrameFault,
  type PoolRequestHead,
  readAck,
  readFailure,
  readHead,
  readHello,
  readRequestHead,
  readReset,
  readWelcome,
  type WorkerFailure,
  type WorkerHead,
  type WorkerHello,
  type WorkerWelcome,
} from './frame-values.ts'
import { FRAME_BYTES_MAX, FRAME_JSON_BYTES_MAX } from './worker-limits.ts'

/** Kinds that carry JSON, and what it says. */
interface Values {
  readonly hello: WorkerHello
  readonly welcome: WorkerWelcome
  readonly reset: { readonly epoch: string }
  readonly request: PoolRequestHead
  readonly head: WorkerHead
  readonly fail: { readonly why: WorkerFailure }
  readonly ack: { readonly bytes: number }
}

/**
 * `data`: of an answer, `body`: of a request · `end`, `bodyEnd`: that was all of it · `cancel`: it is not wanted any
 * more, or the object knows no such stream · `drain`: nothing new, please · `ping`, `pong`: is somebody there?
 */
type BytesKind = 'data' | 'body'
type BareKind = 'end' | 'bodyEnd' | 'cancel' | 'drain' | 'ping' | 'pong'

type ValueFrame = { [K in keyof Values]: { readonly kind: K; readonly stream: number; readonly value: Values[K] } }
type BytesFrame = { readonly kind: BytesKind; readonly stream: number; readonly bytes: Uint8Array<ArrayBuffer> }
type BareFrame = { readonly kind: BareKind; readonly stream: number }

/** One frame. Stream 0 is the socket itself. */
export type Frame = ValueFrame[keyof Values] | BytesFrame | BareFrame
type FrameOf<K extends Frame['kind']> = Extract<Frame, { readonly kind: K }>

/** What a worker sends. */
export type WorkerFrame =
  | FrameOf<'hello' | 'head' | 'fail' | 'ack'>
  | { readonly kind: 'data'; readonly stream: number; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'end' | 'drain' | 'pong'; readonly stream: number }
/** What a pool's object sends. */
export type PoolFrame =
  | FrameOf<'welcome' | 'reset' | 'request' | 'ack'>
  | { readonly kind: 'body'; readonly stream: number; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'bodyEnd' | 'cancel' | 'ping'; readonly stream: number }

const HEAD_BYTES = 5
const STREAM_MAX = 0xffff_ffff

/** On the wire for good: a number is never given to another kind. */
const TYPES: Readonly<Record<Frame['kind'], number>> = {
  hello: 1,
  head: 2,
  data: 3,
  end: 4,
  fail: 5,
  drain: 6,
  pong: 7,
  ack: 8,
  welcome: 16,
  request: 17,
  body: 18,
  bodyEnd: 19,
  cancel: 20,
  reset: 21,
  ping: 22,
}
const KINDS = new Map(Object.entries(TYPES).map(([kind, type]) => [type, kind as Frame['kind']]))
const OF_WORKERS = new Set<Frame['kind']>(['hello', 'head', 'data', 'end', 'fail', 'drain', 'pong', 'ack'])
const OF_POOLS = new Set<Frame['kind']>(['welcome', 'request', 'body', 'bodyEnd', 'cancel', 'reset', 'ping', 'ack'])
const READERS: { readonly [K in keyof Values]: (value: unknown) => Values[K] } = {
  hello: readHello,
  welcome: readWelcome,
  reset: readReset,
  request: readRequestHead,
  head: readHead,
  fail: readFailure,
  ack: readAck,
}

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** A frame as it goes over the wire: one message. */
export function encodeFrame(frame: Frame): Uint8Array<ArrayBuffer> {
  const payload =
    'bytes' in frame ? frame.bytes : 'value' in frame ? encoder.encode(JSON.stringify(frame.value)) : new Uint8Array(0)
  const message = new Uint8Array(HEAD_BYTES + payload.byteLength)
  message[0] = TYPES[frame.kind]
  new DataView(message.buffer).setUint32(1, frame.stream)
  message.set(payload, HEAD_BYTES)
  return message
}

/** A message of a worker's. Throws `FrameFault` for what is none. */
export function readWorkerFrame(message: ArrayBuffer): WorkerFrame {
  return read(message, OF_WORKERS) as WorkerFrame
}

/** A message of a pool's object. Throws `FrameFault` for what is none. */
export function readPoolFrame(message: ArrayBuffer): PoolFrame {
  return read(message, OF_POOLS) as PoolFrame
}

function read(message: ArrayBuffer, allowed: ReadonlySet<Frame['kind']>): Frame {
  if (message.byteLength < HEAD_BYTES) throw new FrameFault('a frame is too short')
  const view = new DataView(message)
  const kind = KINDS.get(view.getUint8(0))
  if (kind === undefined || !allowed.has(kind)) throw new FrameFault('a frame of an unknown type')
  const stream = view.getUint32(1)
  const bytes = new Uint8Array(message, HEAD_BYTES)
  if (kind === 'data' || kind === 'body') {
    if (bytes.byteLength === 0 || bytes.byteLength > FRAME_BYTES_MAX) throw new FrameFault('a frame of a wrong length')
    return { kind, stream, bytes }
  }
  if (!isValueKind(kind)) {
    if (bytes.byteLength > 0) throw new FrameFault('a frame of a wrong length')
    return { kind, stream }
  }
  if (bytes.byteLength > FRAME_JSON_BYTES_MAX) throw new FrameFault('a frame of a wrong length')
  return { kind, stream, value: READERS[kind](parsed(bytes)) } as Frame
}

const isValueKind = (kind: Frame['kind']): kind is keyof Values => kind in READERS

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(bytes))
  } catch {
    throw new FrameFault('a frame whose JSON is malformed')
  }
}

/** The id after this one; 0 is the socket's own. */
export const nextStream = (stream: number): number => (stream % STREAM_MAX) + 1
