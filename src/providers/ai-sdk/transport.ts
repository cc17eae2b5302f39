/** The `fetch` that an AI SDK provider is given: our outgoing call, our headers, and failures kept as they came. */
import { UPSTREAM_ERROR_BYTES_MAX, UPSTREAM_REPLY_BYTES_MAX } from '../../core/limits.ts'
import { USER_AGENT } from '../../lib/version.ts'
import type { ProviderCheck } from '../types.ts'

/** Headers of the SDK's own that may go out. Those that carry the credential may too, whatever their name. */
const ALLOWED = new Set(['content-type', 'accept', 'anthropic-version', 'anthropic-beta'])

/** The provider answered, but not with a success. Goes through the SDK untouched, to errors.ts. */
export class UpstreamFailure extends Error {
  readonly status: number
  readonly headers: Headers
  /** What was read of the body. */
  readonly text: string

  constructor(status: number, headers: Headers, text: string) {
    super(`The provider answered ${status}.`)
    this.status = status
    this.headers = headers
    this.text = text
  }
}

export interface Transport {
  /** In the shape of `fetch`. */
  readonly send: typeof globalThis.fetch
  /** Headers of the last success, once there is one. */
  readonly answered: () => Headers | undefined
}

/**
 * `accept` is what the reply should be. A whole reply is read here, up to our bound; the SDK has none that would save
 * an isolate.
 */
export function transport(call: ProviderCheck, accept: string, signal: AbortSignal, isStream: boolean): Transport {
  let answered: Headers | undefined
  return {
    answered: () => answered,
    async send(input, init) {
      const response = await call.outgoing({
        url: String(input),
        method: init?.method === 'GET' ? 'GET' : 'POST',
        headers: headersOf(call, accept, new Headers(init?.headers)),
        body: typeof init?.body === 'string' ? init.body : undefined,
        signal,
      })
      if (!response.ok) throw await failureIn(response)
      // A whole answer that breaks off is no answer; a stream has begun with its headers.
      const text = isStream ? undefined : await textOf(response, UPSTREAM_REPLY_BYTES_MAX)
      answered = response.headers
      if (text === undefined) return response
      if (text === null) throw new UpstreamFailure(502, response.headers, '')
      return new Response(text, { status: response.status, headers: { 'content-type': 'application/json' } })
    },
  }
}

/** A reply that is none, read up to our bound. */
export async function failureIn(response: Response): Promise<UpstreamFailure> {
  const text = await textOf(response, UPSTREAM_ERROR_BYTES_MAX)
  return new UpstreamFailure(response.status, response.headers, text ?? '')
}

function headersOf(call: ProviderCheck, accept: string, theirs: Headers): Record<string, string> {
  const headers: Record<string, string> = { accept }
  for (const [name, value] of theirs) if (ALLOWED.has(name) || carries(value, call.credential)) headers[name] = value
  headers['user-agent'] = USER_AGENT
  for (const [name, value] of Object.entries(call.headers)) {
    const lower = name.toLowerCase()
    // The SDK was given this one and has joined its own to it.
    if (lower !== 'anthropic-beta' || headers[lower] === undefined) headers[lower] = value
  }
  return headers
}

function carries(value: string, credential: string | undefined): boolean {
  return credential !== undefined && credential !== '' && (value === credential || value === `Bearer ${credential}`)
}

/** The body's text; null when it is longer than `bytesMax`, and then it is read no further. */
async function textOf(response: Response, bytesMax: number): Promise<string | null> {
  if (response.body === null) return ''
  const decoder = new TextDecoder()
  const reader = response.body.getReader()
  let text = ''
  let bytes = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return text + decoder.decode()
    bytes += value.byteLength
    if (bytes > bytesMax) {
      reader.cancel().catch(() => undefined)
      return null
    }
    text += decoder.decode(value, { stream: true })
  }
}
