/** What may be recalled: a request's own say, its model's policy, and what makes answers differ. No I/O. */
import type { ModelConfig } from '../core/config.ts'
import type { InferenceRequest } from '../core/inference.ts'
import { field, items } from '../core/loose.ts'
import { SEMANTIC_QUESTION_CHARS_MAX } from '../core/recall/limits.ts'

/** Why nothing is recalled. */
export type Bypass =
  | 'no-cache'
  | 'off'
  | 'several-choices'
  | 'temperature'
  | 'forced-tool'
  | 'no-user'
  | 'audio'
  /** It can be said in its caller's protocol alone: there is no canonical form of it to be known by. */
  | 'one-protocol'
  /** Not the request's doing: the tenant's cache secret cannot be had at the moment. */
  | 'no-keys'

/** What recall may do for a request. */
export interface Recallable {
  /** May it be given an answer that was kept? */
  readonly read: boolean
  /** May its own be kept? */
  readonly write: boolean
  /** May it be given the answer to the very same request? Where not, then by meaning alone. */
  readonly exact: boolean
  readonly reason: null
}

/** Why it may do nothing. */
export interface NotRecallable {
  readonly read: false
  readonly write: false
  readonly exact: false
  readonly reason: Bypass
}

/** Up to here, two answers to one request are as good as the same. */
const TEMPERATURE_MAX = 0.3

/** Decides by the request and its model's policy; what an answer must be to be kept, `core/recall/assemble.ts` says. */
export function recallable(
  {
    operation,
    body,
    native,
    user,
    cacheMode,
  }: Pick<InferenceRequest, 'operation' | 'body' | 'native' | 'user' | 'cacheMode'>,
  cache: ModelConfig['cache'],
): Recallable | NotRecallable {
  if (
    cache === undefined ||
    operation === 'count_tokens' ||
    operation === 'relay' ||
    !(cache.exact || (cache.semantic.enabled && operation === 'chat'))
  )
    return bypass('no-cache')
  if (cacheMode === 'off') return bypass('off')
  if (native?.unsayable !== undefined) return bypass('one-protocol')
  if ((body.n ?? 1) !== 1 || (operation === 'completions' && (body.best_of ?? 1) !== 1))
    return bypass('several-choices')
  // Who asks for it in so many words takes one answer for another at any temperature. A vector has none.
  if (operation !== 'embeddings' && cacheMode !== 'auto' && !isSteady(body.temperature, cache.exact))
    return bypass('temperature')
  if (!cache.forcedTools && (isForce(body.tool_choice) || isForce(body.function_call))) return bypass('forced-tool')
  if (cache.sharing === 'user' && user === undefined) return bypass('no-user')
  if (items(body.modalities).includes('audio')) return bypass('audio')
  return { read: cacheMode !== 'refresh', write: cacheMode !== 'no-store', exact: cache.exact, reason: null }
}

const bypass = (reason: Bypass): NotRecallable => ({ read: false, write: false, exact: false, reason })

/** A model that recalls the same requests takes one that names no temperature for a cool one. */
const isSteady = (temperature: unknown, isExact: boolean): boolean =>
  temperature === undefined || temperature === null
    ? isExact
    : typeof temperature === 'number' && temperature <= TEMPERATURE_MAX

/** A tool that must be called may act. What is none of the ways to leave it open is taken for force. */
function isForce(choice: unknown): boolean {
  if (choice === undefined || choice === null || choice === 'auto' || choice === 'none') return false
  // A list of allowed tools only narrows the choice, unless its own mode says that one must be called.
  return field(choice, 'type') !== 'allowed_tools' || field(field(choice, 'allowed_tools'), 'mode') !== 'auto'
}

/** Why a request is not recalled by meaning. */
export type NoQuestion = 'not-chat' | 'no-user-turn' | 'not-text' | 'empty' | 'too-long'

/** The question of a request, or why there is none. */
export type Question =
  | { readonly question: string; readonly reason: null }
  | { readonly question: null; readonly reason: NoQuestion }

/**
 * What of a chat is compared by meaning: the text of its last message, if that is a user's and nothing but text. Parts
 * are joined by line ends.
 */
export function questionOf({ operation, body }: Pick<InferenceRequest, 'operation' | 'body'>): Question {
  if (operation !== 'chat') return no('not-chat')
  const last = items(body.messages).at(-1)
  if (field(last, 'role') !== 'user') return no('no-user-turn')
  const question = textOf(field(last, 'content'))
  if (question === null) return no('not-text')
  if (question.length > SEMANTIC_QUESTION_CHARS_MAX) return no('too-long')
  return question.trim() === '' ? no('empty') : { question, reason: null }
}

const no = (reason: NoQuestion): Question => ({ question: null, reason })

/** Null when there is something besides text. */
function textOf(content: unknown): string | null {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return null
  const texts: string[] = []
  for (const part of content) {
    const text = field(part, 'text')
    if (field(part, 'type') !== 'text' || typeof text !== 'string') return null
    texts.push(text)
  }
  return texts.join('\n')
}
