/** Bodies of the admin API: counted while they arrive, JSON or nothing, before any schema sees them. */
import type { MiddlewareHandler } from 'hono'
import { ADMIN_BODY_BYTES_MAX, JSON_DEPTH_MAX } from '../core/limits.ts'
import { refuse } from './errors.ts'
import type { AdminEnv } from './routing.ts'

const WITH_BODY = new Set(['POST', 'PUT', 'PATCH'])

/** Reads the body, so that the validators after it meet JSON of a bounded size and depth. */
export const boundedJson: MiddlewareHandler<AdminEnv> = async (c, next) => {
  if (!WITH_BODY.has(c.req.method)) return next()
  const declared = Number(c.req.header('content-length') ?? 0)
  const text = declared > ADMIN_BODY_BYTES_MAX ? tooLarge() : await textOf(c.req.raw.body)
  if (text !== '' && !/^application\/([\w.-]+\+)?json *(;|$)/i.test(c.req.header('content-type') ?? '')) {
    refuse('unsupported_media_type', 'Send the body as JSON, with "content-type: application/json".')
  }
  const kept = text === '' ? '{}' : text
  const json = parsed(kept)
  if (deeperThan(json, JSON_DEPTH_MAX)) {
    refuse('invalid_request', `The body is nested deeper than ${JSON_DEPTH_MAX}.`, {
      faults: [{ path: '', message: `is nested deeper than ${JSON_DEPTH_MAX}` }],
    })
  }
  c.set('json', text === '' ? undefined : json)
  const headers = new Headers(c.req.raw.headers)
  headers.set('content-type', 'application/json')
  c.req.raw = new Request(c.req.raw.url, { method: c.req.method, headers, body: kept })
  await next()
}

function tooLarge(): never {
  refuse('request_too_large', `The body is larger than ${ADMIN_BODY_BYTES_MAX} bytes.`)
}

async function textOf(body: ReadableStream<Uint8Array> | null): Promise<string> {
  if (body === null) return ''
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false })
  let bytes = 0
  let text = ''
  // Leaving the loop by a throw cancels the stream: what is too large is not read on.
  for await (const chunk of body) {
    bytes += chunk.byteLength
    if (bytes > ADMIN_BODY_BYTES_MAX) tooLarge()
    text += decoded(() => decoder.decode(chunk, { stream: true }))
  }
  return text + decoded(() => decoder.decode())
}

const decoded = (decode: () => string): string => {
  try {
    return decode()
  } catch {
    return malformed('UTF-8')
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // The parser's own message quotes the body, which may hold a secret.
    return malformed('JSON')
  }
}

function malformed(form: string): never {
  refuse('invalid_request', `The body is not valid ${form}.`, {
    faults: [{ path: '', message: `is not valid ${form}` }],
  })
}

function deeperThan(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return depth === 0 || Object.values(value).some((inner) => deeperThan(inner, depth - 1))
}
