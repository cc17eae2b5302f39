/** Somebody let into an isolate in workerd, who asks the path itself: no HTTP between. */
import { enter } from '../../src/authenticate/enter.ts'
import type { InferenceRequest } from '../../src/core/inference.ts'
import { answer } from '../../src/gateway.ts'
import { requestOf as pathRequestOf } from './path.ts'
import { chat } from './wire.ts'
import { type IsolateOptions, isolate } from './worker.ts'

/** What an upstream of `wire.ts` reports. */
export const USED = {
  inputTokens: 11,
  cachedInputTokens: 0,
  cacheWriteTokens: 0,
  outputTokens: 7,
  reasoningTokens: 0,
  source: 'provider',
}
/** What 11 tokens in and 7 out cost at 2 and 10 USD per million. */
export const COST_MICRO_USD = 92
export const nobody = new AbortController().signal

/** An isolate, and somebody let into it. */
export async function entered(options: IsolateOptions = {}) {
  const at = await isolate(options)
  const entry = await enter(at.services, at.guard, { authorization: `Bearer ${at.key}`, apiKey: null })
  if (entry.kind === 'refused') throw new Error(entry.refusal.message)
  return {
    ...at,
    entry,
    ask: (alias: string, more: Partial<InferenceRequest> = {}, signal = nobody) =>
      answer(at.services, entry, requestOf(alias, at.clock.now(), more), { signal }),
  }
}

/** A chat request for an alias. */
export function requestOf(alias: string, startedAtMs: number, more: Partial<InferenceRequest> = {}): InferenceRequest {
  return pathRequestOf({
    requestId: crypto.randomUUID(),
    startedAtMs,
    alias,
    body: chat(alias, more.stream === true),
    bodyBytes: 80,
    bodyChars: 80,
    ...more,
  })
}
