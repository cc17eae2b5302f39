/** Bodies, decoded into the path's own form, or the reason why not. */
import { paramOf } from '../core/chat.ts'
import { type Refusal, refusal } from '../core/errors.ts'
import type { InferenceRequest } from '../core/inference.ts'
import { JSON_DEPTH_MAX } from '../core/limits.ts'
import { isDeeperThan, parseLossless } from '../lib/json.ts'
import type { HeldBody } from './body.ts'
import type { RequestOptions } from './request-options.ts'
import type { Read, Skin } from './skin.ts'

/** A refusal, with the alias where that much was understood. */
export interface Undecodable {
  readonly kind: 'refused'
  readonly refusal: Refusal
  readonly alias: string | null
}

const bad = (message: string, param: string | null, alias: string | null): Undecodable => ({
  kind: 'refused',
  refusal: refusal('invalid_request', message, { param }),
  alias,
})

/**
 * Decodes one body. The first fault is told, with the field it lies in, as OpenAI does. `known`: what this very text was
 * read as before.
 */
export function decode(
  skin: Skin,
  { text, sizeBytes }: Pick<HeldBody, 'text' | 'sizeBytes'>,
  options: RequestOptions,
  identity: Pick<InferenceRequest, 'requestId' | 'startedAtMs'>,
  headers: Headers,
  known?: Read,
): (InferenceRequest & { readonly kind: 'request' }) | Undecodable {
  const read = known ?? readBody(skin, text)
  if ('kind' in read) return read
  const body = read.body as Body
  const { native } = read
  return {
    kind: 'request',
    ...identity,
    operation: skin.operation,
    alias: body.model,
    body,
    ...(native === undefined ? {} : { native: { ...native, headers: headersOf(skin, headers) } }),
    bodyBytes: sizeBytes,
    bodyChars: text.length,
    stream: skin.canStream && body.stream === true,
    // Every skin but OpenAI's own says at the end what was used.
    wantsUsage: skin.encode !== null || body.stream_options?.include_usage === true,
    ...options,
  }
}

/** What the path reads of a body that its schema has passed. */
type Body = Record<string, unknown> & { model: string; stream_options?: { include_usage?: unknown } }

function headersOf(skin: Skin, sent: Headers): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const name of skin.headers) {
    const value = sent.get(name)
    if (value !== null) headers[name] = value
  }
  return headers
}

function readBody(skin: Skin, text: string): Read | Undecodable {
  let value: unknown
  try {
    value = parseLossless(text)
  } catch {
    return bad('The body is not valid JSON.', null, null)
  }
  if (isDeeperThan(value, JSON_DEPTH_MAX))
    return bad(`The body is nested deeper than ${JSON_DEPTH_MAX} levels.`, null, null)
  const parsed = skin.schema.safeParse(value)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    const param = paramOf(issue?.path ?? [])
    return bad(
      param === '' ? 'The body must be a JSON object.' : `Invalid '${param}': ${issue?.message ?? 'not understood'}.`,
      param === '' ? null : param,
      aliasIn(value),
    )
  }
  const read = skin.read(value as InferenceRequest['body'])
  return 'param' in read ? bad(read.message, read.param, aliasIn(value)) : read
}

function aliasIn(value: unknown): string | null {
  const alias = typeof value === 'object' && value !== null ? (value as { model?: unknown }).model : null
  return typeof alias === 'string' ? alias.slice(0, 128) : null
}
