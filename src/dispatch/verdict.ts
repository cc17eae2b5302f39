/** What a failed attempt says of the replica that it was made at. No I/O. */
import type { PoolEnd } from '../core/pool/types.ts'
import type { Fault } from './fault.ts'

/** What a fault says of the replica: who was given no time to answer has shown nothing, good or bad. */
export function verdictOf(found: Fault): PoolEnd['outcome'] {
  switch (found.kind) {
    case 'failed':
      return found.status === 503 && found.retryAfterMs !== null ? 'overloaded' : 'failed'
    case 'timeout':
      return found.expiry === 'total' || found.expiry === 'caller' ? 'unknown' : 'failed'
    case 'rate-limited':
      return 'overloaded'
    case 'lost':
      return 'lost'
    case 'cancelled':
    case 'unsendable':
      return 'unknown'
    default:
      return 'answered'
  }
}
