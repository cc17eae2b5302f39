/** Failures of a provider → a reply with an OpenAI error body, so that one classifier serves all protocols. No I/O. */
import { AISDKError, APICallError } from '@ai-sdk/provider'
import { errorIn, parseJson } from '../../core/chat-wire.ts'
import { UPSTREAM_ERROR_BYTES_MAX } from '../../core/limits.ts'
import type { ProviderReply } from '../types.ts'
import { isObject, type Json, listOf, numberOf, stringOf } from './json.ts'
import { UnsayableError } from './refusal.ts'
import { UpstreamFailure } from './transport.ts'

/** A failure in OpenAI's terms. */
export interface Failure {
  readonly status: number
  readonly message: string
  readonly param: string | null
  readonly code: string | null
  readonly headers: Readonly<Record<string, string>>
}

const RELAYED_HEADERS = ['retry-after', 'retry-after-ms', 'request-id', 'x-request-id']
const TOO_LONG = /prompt is too long|exceed(?:s|ed)? (?:the )?context (?:limit|window)|input token count .*exceeds/i
/** Faults of the account that arrive as a 400: not the caller's doing, so another target is asked. */
const ACCOUNT =
  /credit balance is too low|api key (?:not valid|expired)|API_KEY_INVALID|user location is not supported|enable billing/i
/** Anthropic begins a complaint about a field with its path. */
const FIELD_PATH = /^([a-z_]+(?:\.[a-z0-9_]+)*): /
const TYPES: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  403: 'permission_error',
  429: 'rate_limit_error',
}

/**
 * Null when nothing came back from the provider: a failure of the transport, to be rethrown as one. `hasAnswered`: did
 * it begin an answer before this?
 */
export function failureOf(error: unknown, hasAnswered: boolean): Failure | null {
  if (error instanceof UnsayableError) return failure(400, error.message, error.param, 'invalid_request')
  if (error instanceof UpstreamFailure) return documented(error.status, error.text, (name) => error.headers.get(name))
  if (APICallError.isInstance(error)) {
    if (error.statusCode === undefined) return null
    const headers = error.responseHeaders
    return documented(error.statusCode, error.responseBody ?? '', (name) => headers?.[name] ?? null)
  }
  // What it answered is not its protocol. The SDK's message would quote it.
  if (hasAnswered) return UNREADABLE
  // Thrown by the SDK before it asked anything: it cannot say this request.
  return AISDKError.isInstance(error) ? failure(400, error.message, null, 'invalid_request') : null
}

/** An error part of a stream whose status has long gone out. */
export function streamError(error: unknown): object {
  // The SDK makes a plain object of an error that the provider sent as an event; all else is an Error.
  if (!isObject(error) || error instanceof Error) return errorObject(failureOf(error, true) ?? UNREADABLE)
  return errorObject(classified(numberOf(error.statusCode) ?? 502, { message: error.message }, {}))
}

/** The reply that a failure makes. */
export function failureReply(failed: Failure): ProviderReply {
  const body = JSON.stringify({ error: errorObject(failed) })
  const headers = new Headers({ ...failed.headers, 'content-type': 'application/json' })
  return { status: failed.status, headers, body: new Blob([body]).stream(), droppedParams: [] }
}

/** What is thrown when nothing came back. The SDK's own errors hold the whole prompt: they go no further. */
export function transportError(error: unknown): Error {
  if (error instanceof Error && !AISDKError.isInstance(error)) return error
  const cause = AISDKError.isInstance(error) ? error.cause : undefined
  return cause instanceof Error && !AISDKError.isInstance(cause)
    ? cause
    : new Error('The provider could not be reached.')
}

/** An answer that made no sense, or none at all. */
export const UNREADABLE = failure(502, 'The provider answered with something that could not be read.', null, null)

export function failure(status: number, message: string, param: string | null, code: string | null): Failure {
  return { status, message, param, code, headers: {} }
}

/**
 * Only the documented field of an error body is believed. Google wraps errors of a stream in an array; an error that
 * came as an event reaches us as the SDK's copy of the error object alone.
 */
function documented(status: number, text: string, header: (name: string) => string | null): Failure {
  const parsed = text.length <= UPSTREAM_ERROR_BYTES_MAX ? parseJson(text) : undefined
  const value = Array.isArray(parsed) ? parsed[0] : parsed
  const error = errorIn(value) ?? (isObject(value) && typeof value.type === 'string' ? value : null)
  const headers: Record<string, string> = {}
  for (const name of RELAYED_HEADERS) {
    const value = header(name)
    if (value !== null) headers[name] = value
  }
  const delayMs = retryDelayMs(error)
  if (delayMs !== null && headers['retry-after'] === undefined) headers['retry-after-ms'] = String(delayMs)
  return classified(status, error, headers)
}

function classified(status: number, error: Json | null, headers: Readonly<Record<string, string>>): Failure {
  const said = stringOf(error?.message)
  const message = said ?? `The provider answered ${status}.`
  const about = said === undefined ? null : (stringOf(error?.param) ?? FIELD_PATH.exec(said)?.[1] ?? null)
  const given = stringOf(error?.code) ?? null
  if (status === 400 && (ACCOUNT.test(message) || reasonsOf(error).some((reason) => ACCOUNT.test(reason))))
    return { status: 401, message, param: null, code: 'invalid_api_key', headers }
  if (status === 400 && TOO_LONG.test(message))
    return { status, message, param: 'messages', code: 'context_length_exceeded', headers }
  // Nothing else in these protocols is looked up by name, so a 404 is the model or a wrong base URL: ours.
  if (status === 404) return { status, message, param: 'model', code: 'model_not_found', headers }
  return { status: wireStatus(status), message, param: about, code: given, headers }
}

function wireStatus(status: number): number {
  if (status === 402) return 403
  // Anthropic's word for overloaded.
  if (status === 529) return 503
  // A success that the SDK could not read, or that held an error without a status.
  return status >= 200 && status < 300 ? 502 : status
}

function errorObject(failed: Failure): Json {
  const type = failed.status >= 500 ? 'api_error' : (TYPES[failed.status] ?? 'invalid_request_error')
  return { message: failed.message, type, param: failed.param, code: failed.code, status: failed.status }
}

/** google.rpc.ErrorInfo. */
function reasonsOf(error: Json | null): string[] {
  return listOf(error?.details).flatMap((detail) => (isObject(detail) ? (stringOf(detail.reason) ?? []) : []))
}

/** google.rpc.RetryInfo, as in `"34.4s"`. */
function retryDelayMs(error: Json | null): number | null {
  for (const detail of listOf(error?.details)) {
    const seconds = isObject(detail) ? Number.parseFloat(stringOf(detail.retryDelay) ?? '') : Number.NaN
    if (seconds >= 0) return Math.ceil(seconds * 1000)
  }
  return null
}
