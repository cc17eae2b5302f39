/** The request with which another replica goes on where one broke off: whether there can be one, and what is in it. No I/O. */
import type { InferenceRequest } from '../core/inference.ts'
import { field, isObject, items } from '../core/loose.ts'
import { BYTES_PER_TOKEN } from '../core/usage.ts'
import { utf8 } from '../lib/hash.ts'

type Json = Readonly<Record<string, unknown>>

/**
 * Fields, by the names of vLLM and SGLang, with which the rest of an answer is no answer to the same request. A grammar
 * begins anew with every request, so that the rest of an object would be another object; an echo says the text again.
 */
const UNCONTINUABLE = [
  'structured_outputs',
  'guided_json',
  'guided_regex',
  'guided_choice',
  'guided_grammar',
  'structural_tag',
  'json_schema',
  'regex',
  'ebnf',
  'echo',
  'use_beam_search',
  'truncate_prompt_tokens',
  'audio',
]
/** What names one request to its engine: a second one may not go by the same. */
const OF_ONE_REQUEST: ReadonlySet<string> = new Set(['request_id', 'rid'])
const BOUNDS = ['max_tokens', 'max_completion_tokens'] as const

/** May what is asked for be answered in two parts by two engines? That what was said is plain text is for others to see. */
export function isContinuable({ operation, stream, relay, body }: InferenceRequest): boolean {
  if (operation !== 'chat' || !stream || relay !== undefined) return false
  if (UNCONTINUABLE.some((name) => body[name] != null && body[name] !== false)) return false
  const { n, response_format: format, tool_choice: choice } = body
  if ((n != null && n !== 1) || choice === 'required' || isObject(choice)) return false
  if (format != null && field(format, 'type') !== 'text') return false
  if (items(body.modalities).some((modality) => modality !== 'text')) return false
  return prefilled(body, '') !== null
}

/** What has come of an answer. */
export interface SaidSoFar {
  /** Without white space at its end. */
  readonly prefix: string
  /** Tokens of it: not fewer than there were. */
  readonly tokensMax: number
}

/** The request for the rest; `null` where its bound leaves no token. `outputCap`: of a target that must be told one. */
export function continuedRequest(
  request: InferenceRequest,
  { prefix, tokensMax }: SaidSoFar,
  outputCap: number | undefined,
): InferenceRequest | null {
  const { body } = request
  const named = BOUNDS.flatMap((name): [string, number][] => {
    const bound = body[name]
    return typeof bound === 'number' ? [[name, bound]] : []
  })
  const bounds = named.length === 0 && outputCap !== undefined ? [['max_tokens', outputCap] as const] : named
  if (bounds.some(([, bound]) => bound <= tokensMax)) return null
  const { min_tokens: min } = body
  const rest: Record<string, unknown> = {
    ...Object.fromEntries(Object.entries(body).filter(([name]) => !OF_ONE_REQUEST.has(name))),
    ...Object.fromEntries(bounds.map(([name, bound]) => [name, bound - tokensMax])),
    ...(typeof min === 'number' ? { min_tokens: Math.max(0, min - tokensMax) } : {}),
  }
  const bytes = request.bodyBytes + utf8(prefix).length
  const longer = { ...request, bodyBytes: bytes, bodyChars: request.bodyChars + prefix.length }
  // Nothing but white space has come: the same is asked again.
  if (prefix === '') return { ...longer, body: rest }
  const messages = prefilled(body, prefix)
  return { ...longer, body: { ...rest, messages, continue_final_message: true, add_generation_prompt: false } }
}

/**
 * The conversation with the text as the beginning of the answer; null where that cannot be said. A beginning that the
 * caller gave is gone on with; the engine joins the parts of a message in ways of its own, so that only the last grows.
 */
function prefilled(body: Json, text: string): readonly unknown[] | null {
  const messages = items(body.messages)
  const last = messages.at(-1)
  if (body.continue_final_message !== true) return [...messages, { role: 'assistant', content: text }]
  if (!isObject(last) || last.role !== 'assistant' || items(last.tool_calls).length > 0) return null
  const content = withText(last.content, text)
  return content === null ? null : [...messages.slice(0, -1), { ...last, content }]
}

function withText(content: unknown, text: string): unknown {
  if (content == null || typeof content === 'string') return (content ?? '') + text
  const part = items(content).at(-1)
  const before = field(part, 'text')
  if (!isObject(part) || part.type !== 'text' || typeof before !== 'string') return null
  return [...items(content).slice(0, -1), { ...part, text: before + text }]
}

/**
 * Tokens of a text that came in so many pieces: at least one each, and an engine may put several into one. By the usual
 * length of a token, which counts some too many rather than one too few: what was reserved is not exceeded.
 */
export const tokensAtMost = (pieces: number, text: string): number =>
  Math.max(pieces, Math.ceil(utf8(text).length / BYTES_PER_TOKEN))
