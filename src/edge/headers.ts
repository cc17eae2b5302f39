/** The headers of replies: what an inference reply says of itself, and what every reply carries. */
import type { Entry } from '../authenticate/enter.ts'
import type { InferenceRequest } from '../core/inference.ts'
import { stateAfter } from '../core/ledger/left.ts'
import type { LimitState } from '../core/ledger/types.ts'
import { formatUsd } from '../core/money.ts'
import type { Answer } from '../gateway.ts'
import { limitHeaders } from './limit-headers.ts'
import { poolDebugHeaders } from './pool-debug.ts'

/** What the caller's own request id must look like to come back. */
const CLIENT_REQUEST_ID = /^[A-Za-z0-9_-]{1,64}$/

/** A reply's headers, ready for `new Response`. */
export type ReplyHeaders = Record<string, string>

/** Ours on every reply, with a new id of ours in it. */
export function commonHeaders(request: Headers): ReplyHeaders & { 'x-request-id': string } {
  const headers: ReplyHeaders & { 'x-request-id': string } = { 'x-request-id': crypto.randomUUID() }
  const theirs = request.get('x-request-id')
  if (theirs !== null && CLIENT_REQUEST_ID.test(theirs)) headers['x-client-request-id'] = theirs
  return headers
}

/** An alias can only be one of these; what a caller named instead of one may not even fit into a header. */
const ALIAS = /^[!-~]{1,128}$/

/** What an inference reply says when nobody was asked: refused before it was a request. */
export function unansweredHeaders(headers: ReplyHeaders, alias: string | null): ReplyHeaders {
  if (alias !== null && ALIAS.test(alias)) headers['x-sluice-model'] = alias
  headers['x-sluice-attempts'] = '0'
  headers['x-sluice-cache'] = 'bypass'
  return headers
}

/** Who is told how it was decided: nobody, the caller what is its own, or an operator's key what is the deployment's. */
export type Debug = false | 'caller' | 'operator'

/** What is told to the sender of this request. */
export const debugOf = ({ debug }: InferenceRequest, { caller }: Entry): Debug =>
  debug && (caller.key.debug === true ? 'operator' : 'caller')

/** What an inference reply says of how it was answered; cost only where it is known before the body goes out. */
export function answerHeaders(
  headers: ReplyHeaders,
  alias: string,
  startedAtMs: number,
  answer: Answer,
  debug: Debug = false,
): ReplyHeaders {
  const queueMs = Math.ceil(answer.queueMs + (answer.placingMs ?? 0))
  const overheadMs = Math.max(0, (answer.askedAtMs ?? startedAtMs) - startedAtMs - queueMs)
  if (ALIAS.test(alias)) headers['x-sluice-model'] = alias
  headers['x-sluice-attempts'] = String(answer.attempts)
  headers['x-sluice-cache'] = answer.cache
  if (debug !== false && answer.bypass !== null) headers['x-sluice-cache-reason'] = answer.bypass
  if (debug !== false && answer.choice !== undefined)
    Object.assign(headers, poolDebugHeaders(answer.choice, debug === 'operator'))
  headers['x-sluice-queue-ms'] = String(queueMs)
  headers['x-sluice-overhead-ms'] = String(overheadMs)
  if (answer.target !== null) headers['x-sluice-target'] = answer.target.id
  if (answer.limits !== null)
    limitHeaders(headers, limitsAfter(answer.limits, answer), answer.kind === 'refused' ? answer.refusal : undefined)
  if (answer.kind === 'whole') headers['x-sluice-cost-usd'] = formatUsd(answer.costMicroUsd)
  if (answer.kind === 'recalled') hitHeaders(headers, answer.hit)
  const queue = queueMs > 0 ? `, queue;dur=${queueMs}` : ''
  if (answer.kind !== 'whole' && answer.kind !== 'stream') {
    headers['server-timing'] = `sluice;dur=${overheadMs}${queue}`
    return headers
  }
  const upstreamMs = Math.max(0, answer.committedAtMs - (answer.askedAtMs ?? startedAtMs))
  headers['server-timing'] = `sluice;dur=${overheadMs}${queue}, upstream;dur=${upstreamMs}`
  const { processingMs, version, requestId } = answer.upstream
  if (processingMs !== null) headers['openai-processing-ms'] = processingMs
  if (version !== null) headers['openai-version'] = version
  if (requestId !== null) headers['x-upstream-request-id'] = requestId
  if (answer.kind === 'whole' && answer.isEstimated === true) headers['x-sluice-token-count'] = 'estimated'
  if (answer.droppedParams.length > 0) headers['x-sluice-dropped-params'] = answer.droppedParams.join(', ')
  return headers
}

/** What a hit says besides: how old it is, what it cost now, and how near the other question was. */
function hitHeaders(headers: ReplyHeaders, { ageS, similarity }: Extract<Answer, { kind: 'recalled' }>['hit']): void {
  headers.age = String(ageS)
  headers['x-sluice-cost-usd'] = '0'
  if (similarity !== null) headers['x-sluice-similarity'] = similarity.toFixed(4)
}

/** A whole answer is counted before its headers go out; what a stream will use nobody knows yet. */
function limitsAfter(limits: LimitState, answer: Answer): LimitState {
  if (answer.kind === 'whole') return stateAfter(limits, answer.usage, answer.costMicroUsd)
  if (answer.kind === 'recalled') return stateAfter(limits, null, 0)
  return answer.kind === 'refused' ? stateAfter(limits, answer.usage ?? null, null) : limits
}
