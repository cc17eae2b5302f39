/** What a request in a protocol of its own asks besides its canonical form: answers to it are for none but the same. No I/O. */
import type { NativeRequest } from '../inference.ts'
import { field, isObject, items } from '../loose.ts'
import { withoutLasting } from '../responses/bound.ts'
import { canonicalText } from './canonical.ts'

/** Dropped fields that change no answer. */
const IDLE = new Set(['metadata', 'service_tier'])
/** Blocks that the canonical form has as mere text. */
const DOCUMENTS: ReadonlySet<unknown> = new Set(['document', 'search_result'])

/**
 * A target that speaks the protocol gets the request as its caller wrote it, so that two of one canonical form may be
 * answered unlike. Null where the canonical form says it all: equal requests of all protocols are one.
 */
export function apartText(native: NativeRequest | undefined): string | null {
  if (native === undefined) return null
  const { form, body, headers, dropped } = native
  const betas = headers['anthropic-beta'] ?? ''
  const isWhole =
    betas === '' && dropped.every((name) => IDLE.has(name)) && (form !== 'messages' || !(thinks(body) || shows(body)))
  return isWhole
    ? null
    : JSON.stringify([form, betas, canonicalText('chat', form === 'responses' ? withoutLasting(body) : body)])
}

/**
 * Thinking by a budget becomes one of a few efforts, thinking as it sees fit is not asked for at all, and an effort is
 * not where thinking is disabled.
 */
const thinks = ({ thinking, output_config }: NativeRequest['body']): boolean =>
  isObject(thinking) && (thinking.type !== 'disabled' || field(output_config, 'effort') != null)

const shows = ({ messages }: NativeRequest['body']): boolean =>
  items(messages).some((message) =>
    items(field(message, 'content')).some((block) => DOCUMENTS.has(field(block, 'type'))),
  )
