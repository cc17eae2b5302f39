/** OpenAI's requests, decoded into the path's own form, or the reason why not. */
import { chatRequestSchema, completionsRequestSchema, embeddingsRequestSchema, paramOf } from '../core/chat.ts'
import { type Refusal, refusal } from '../core/errors.ts'
import type { InferenceRequest, Operation } from '../core/inference.ts'
import { JSON_DEPTH_MAX } from '../core/limits.ts'
import { isDeeperThan, parseLossless } from '../lib/json.ts'
import type { HeldBody } from './body.ts'
import type { RequestOptions } from './request-options.ts'

const SCHEMAS = {
  chat: chatRequestSchema,
  completions: completionsRequestSchema,
  embeddings: embeddingsRequestSchema,
} satisfies Readonly<Record<Operation, unknown>>

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
 * decoded to before.
 */
export function decode(
  operation: Operation,
  { text, sizeBytes }: Pick<HeldBody, 'text' | 'sizeBytes'>,
  options: RequestOptions,
  identity: Pick<InferenceRequest, 'requestId' | 'startedAtMs'>,
  known?: InferenceRequest['body'],
): (InferenceRequest & { readonly kind: 'request' }) | Undecodable {
  const read = known === undefined ? readBody(operation, text) : { body: known }
  if ('kind' in read) return read
  const body = read.body as Body
  return {
    kind: 'request',
    ...identity,
    operation,
    alias: body.model,
    body,
    bodyBytes: sizeBytes,
    bodyChars: text.length,
    stream: operation !== 'embeddings' && body.stream === true,
    wantsUsage: body.stream_options?.include_usage === true,
    ...options,
  }
}

/** What the path reads of a body that its schema has passed. */
type Body = Record<string, unknown> & { model: string; stream_options?: { include_usage?: unknown } }

function readBody(operation: Operation, text: string): { readonly body: InferenceRequest['body'] } | Undecodable {
  let value: unknown
  try {
    value = parseLossless(text)
  } catch {
    return bad('The body is not valid JSON.', null, null)
  }
  if (isDeeperThan(value, JSON_DEPTH_MAX))
    return bad(`The body is nested deeper than ${JSON_DEPTH_MAX} levels.`, null, null)
  const parsed = SCHEMAS[operation].safeParse(value)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    const param = paramOf(issue?.path ?? [])
    const alias = typeof value === 'object' && value !== null ? (value as { model?: unknown }).model : null
    return bad(
      param === '' ? 'The body must be a JSON object.' : `Invalid '${param}': ${issue?.message ?? 'not understood'}.`,
      param === '' ? null : param,
      typeof alias === 'string' ? alias.slice(0, 128) : null,
    )
  }
  // What was parsed goes on, not the schema's copy of it: the fields keep their order, and copying costs.
  return { body: value as InferenceRequest['body'] }
}
