/** What frames of pull workers say in JSON, checked before anybody believes it. No I/O. */

/*
 * By hand and not by a schema library: the worker program reads them too, and runs with nothing installed.
 */
import { field, isObject, items, members } from '../loose.ts'
import {
  FRAME_HEADER_CHARS_MAX,
  FRAME_HEADERS_MAX,
  FRAME_PATH_CHARS_MAX,
  STREAM_WINDOW_BYTES,
  STREAMS_PER_WORKER_MAX,
  WORKER_MODEL_CHARS_MAX,
  WORKER_MODELS_MAX,
} from './worker-limits.ts'

/** Something came over a socket that is no frame of ours. The message goes into the reason that the socket is closed with. */
export class FrameFault extends Error {
  override readonly name = 'FrameFault'
}

/** Who a worker is, and how much it takes. */
export interface WorkerHello {
  readonly protocol: number
  /** Of this run of the program, the same on each of its connections: what lies in the engine's memory stays known. */
  readonly instance: string
  readonly models: readonly string[]
  readonly maxConcurrent: number
  readonly prefillTokensPerSecond?: number
  readonly kvTokens?: number
}

export interface WorkerWelcome {
  readonly worker: string
  /** Of the object's memory: what was begun under another one it does not know. */
  readonly epoch: string
}

/** Names in lower case. */
export type FrameHeaders = Readonly<Record<string, string>>

/** What of an engine's headers goes back: the worker sends no others, and the pool takes no others. */
export const ANSWER_HEADERS: readonly string[] = [
  'content-type',
  'retry-after',
  'retry-after-ms',
  'x-request-id',
  'openai-processing-ms',
  'openai-version',
]

export interface PoolRequestHead {
  readonly method: 'GET' | 'POST'
  /** Path and query, to be put behind the engine's base URL. */
  readonly path: string
  readonly headers: FrameHeaders
}

export interface WorkerHead {
  readonly status: number
  readonly headers: FrameHeaders
}

/** `unreachable`: the engine gave no answer · `broken`: its answer broke off · `full`: the worker has too much already. */
export type WorkerFailure = 'unreachable' | 'broken' | 'full'

const FAILURES: readonly string[] = ['unreachable', 'broken', 'full'] satisfies readonly WorkerFailure[]
const HEADER_NAME = /^[!#$%&'*+\-.^_`|~0-9a-z]{1,64}$/
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/

export function readHello(value: unknown): WorkerHello {
  const protocol = whole(value, 'protocol', 1, 1_000_000)
  const instance = text(value, 'instance', /^[a-z0-9]{8,32}$/)
  const models = items(field(value, 'models'))
  const isNamed = models.every((model) => typeof model === 'string' && /^[!-~]{1,256}$/.test(model))
  const chars = models.reduce<number>((sum, model) => sum + String(model).length, 0)
  if (!isNamed || models.length === 0) throw new FrameFault('models must be a list of names')
  if (models.length > WORKER_MODELS_MAX || chars > WORKER_MODEL_CHARS_MAX) throw new FrameFault('too many models')
  return {
    protocol,
    instance,
    models: models.map(String),
    maxConcurrent: whole(value, 'maxConcurrent', 1, STREAMS_PER_WORKER_MAX),
    ...optional(value, 'prefillTokensPerSecond'),
    ...optional(value, 'kvTokens'),
  }
}

export function readWelcome(value: unknown): WorkerWelcome {
  return { worker: text(value, 'worker', /^[0-9A-Za-z-]{1,64}$/), epoch: text(value, 'epoch', EPOCH) }
}

export function readReset(value: unknown): { readonly epoch: string } {
  return { epoch: text(value, 'epoch', EPOCH) }
}

export function readRequestHead(value: unknown): PoolRequestHead {
  const method = field(value, 'method')
  if (method !== 'GET' && method !== 'POST') throw new FrameFault('method must be GET or POST')
  const path = text(value, 'path', /^\/[!-~]*$/)
  if (path.length > FRAME_PATH_CHARS_MAX) throw new FrameFault('path is too long')
  return { method, path, headers: readHeaders(value) }
}

export function readHead(value: unknown): WorkerHead {
  return { status: whole(value, 'status', 200, 599), headers: readHeaders(value) }
}

export function readFailure(value: unknown): { readonly why: WorkerFailure } {
  const why = field(value, 'why')
  if (typeof why !== 'string' || !FAILURES.includes(why)) throw new FrameFault('why is not known')
  return { why: why as WorkerFailure }
}

export function readAck(value: unknown): { readonly bytes: number } {
  return { bytes: whole(value, 'bytes', 1, STREAM_WINDOW_BYTES) }
}

const EPOCH = /^[0-9a-z-]{8,64}$/

function readHeaders(value: unknown): FrameHeaders {
  const headers = field(value, 'headers')
  const named = members(headers)
  const isRight = named.every(
    ([name, text]) => HEADER_NAME.test(name) && typeof text === 'string' && HEADER_VALUE.test(text),
  )
  if (!isObject(headers) || !isRight) throw new FrameFault('headers are malformed')
  const chars = named.reduce((sum, [name, text]) => sum + name.length + String(text).length, 0)
  if (named.length > FRAME_HEADERS_MAX || chars > FRAME_HEADER_CHARS_MAX) throw new FrameFault('too many headers')
  return Object.fromEntries(named.map(([name, text]) => [name, String(text)]))
}

function whole(value: unknown, name: string, least: number, most: number): number {
  const found = field(value, name)
  if (typeof found === 'number' && Number.isInteger(found) && found >= least && found <= most) return found
  throw new FrameFault(`${name} must be a whole number from ${least} to ${most}`)
}

function text(value: unknown, name: string, form: RegExp): string {
  const found = field(value, name)
  if (typeof found === 'string' && form.test(found)) return found
  throw new FrameFault(`${name} is malformed`)
}

function optional<N extends string>(value: unknown, name: N): { readonly [K in N]?: number } {
  if (field(value, name) === undefined) return {}
  return { [name]: whole(value, name, 1, Number.MAX_SAFE_INTEGER) } as { readonly [K in N]: number }
}
