/** What canonical messages and deltas say, under the names that providers have for it. No I/O. */
import { field, isObject, items } from '../../core/loose.ts'

type Json = Readonly<Record<string, unknown>>

/** Text of a message or a delta; a refusal is told in words too. */
export function textIn({ content, refusal }: Json): string {
  const text = typeof content === 'string' ? content : content == null ? '' : items(content).map(partText).join('')
  return typeof refusal === 'string' ? text + refusal : text
}

const partText = (part: unknown): string => {
  const text = field(part, 'text')
  return typeof text === 'string' ? text : ''
}

/** Reasoning: `reasoning_content`, or the newer `reasoning`. Some send the same under both. */
export function reasoningIn({ reasoning_content: content, reasoning }: Json): string {
  if (typeof content === 'string' && content !== '') return content
  return typeof reasoning === 'string' ? reasoning : ''
}

/** A block of thinking as Anthropic bound it to itself. */
export type Bound =
  | { readonly type: 'thinking'; readonly thinking: string; readonly signature: string }
  | { readonly type: 'redacted_thinking'; readonly data: string }

/** Those among reasoning details that are Anthropic's, in their order. */
export function boundIn(details: unknown): readonly Bound[] {
  return items(details).flatMap((detail): Bound[] => {
    if (!isObject(detail) || detail.format !== 'anthropic') return []
    const { type, text = '', signature, data } = detail
    if (type === 'reasoning.text' && typeof text === 'string' && typeof signature === 'string')
      return [{ type: 'thinking', thinking: text, signature }]
    return type === 'reasoning.encrypted' && typeof data === 'string' ? [{ type: 'redacted_thinking', data }] : []
  })
}

/** Gemini's signature of a tool call. */
export function thoughtSignatureIn(call: Json): string | undefined {
  const signature = field(field(call.extra_content, 'google'), 'thought_signature')
  return typeof signature === 'string' ? signature : undefined
}
