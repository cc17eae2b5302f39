/** What `x-sluice-debug: 1` says of a pool's choice: to everybody of their own prompt, to an operator's key of the rest. */
import { POOL_CANDIDATES_CHARS_MAX, POOL_REPLICA_NAME_CHARS_MAX } from '../core/pool/probe-limits.ts'
import type { ChoiceCandidate, ChoiceReason, PlacedChoice } from '../core/pool/types.ts'
import type { ReplyHeaders } from './headers.ts'

/** What follows from a caller's own requests. The other reasons would tell how much others ask. */
const OWN: ReadonlySet<ChoiceReason> = new Set(['warm', 'cold', 'degraded'])

/**
 * Headers that explain a choice. Replicas and how much others have there are told to a key with `debug: true` only
 * (`isOperator`).
 */
export function poolDebugHeaders(choice: PlacedChoice, isOperator: boolean): ReplyHeaders {
  const { reason, matchedBlocks, blocks, candidates, replica } = choice
  const headers: ReplyHeaders = { 'x-sluice-pool-match': `${matchedBlocks}/${blocks}` }
  if (isOperator || OWN.has(reason)) headers['x-sluice-pool-reason'] = reason
  if (!isOperator) return headers
  headers['x-sluice-replica'] = nameOf(replica)
  if (candidates.length > 0) headers['x-sluice-pool-candidates'] = listOf(candidates)
  return headers
}

/** As many as there is room for, whole ones. The first always has. */
function listOf(candidates: readonly ChoiceCandidate[]): string {
  let list = ''
  for (const candidate of candidates) {
    const { matchedBlocks, inflightTokens, requests } = candidate
    const told = `${nameOf(candidate.replica)};match=${matchedBlocks};load=${Math.round(inflightTokens)};requests=${requests}`
    const longer = list === '' ? told : `${list}, ${told}`
    if (longer.length > POOL_CANDIDATES_CHARS_MAX) break
    list = longer
  }
  return list
}

/** A worker may call itself what a header cannot hold, or what would look like another entry of the list. */
function nameOf(replica: string): string {
  return replica.slice(0, POOL_REPLICA_NAME_CHARS_MAX).replace(/[^A-Za-z0-9._:-]/g, '_')
}
