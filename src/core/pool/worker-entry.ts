/** How a worker comes to its pool's object: the token goes in headers, and a status says why not. No I/O. */

/** At the object's own address; everything else there is a request. */
export const WORKER_PATH = '/worker'
export const TOKEN_ID_HEADER = 'x-sluice-worker-id'
export const TOKEN_DIGEST_HEADER = 'x-sluice-worker-digest'
/** On a 401: `unknown`, `expired` or `revoked`. */
export const TOKEN_VERDICT_HEADER = 'x-sluice-worker-token'

/** A token whose check was verified: this deployment minted it. */
export interface MintedToken {
  readonly id: string
  readonly digest: string
}

/** The way to the objects of pools, for their workers. */
export interface PoolWorkerEntry {
  /**
   * Goes to `WORKER_PATH` of the pool's object with the headers of `workerAsk`, and asks for a WebSocket or not: 101 ·
   * 401 with TOKEN_VERDICT_HEADER · 426: the token is good, but no WebSocket was asked for · 503: too many workers.
   * Rejects when the object cannot be reached.
   */
  connect(pool: string, token: MintedToken, upgrade: boolean): Promise<Response>
}

/** The headers that a token goes in. */
export function workerAsk({ id, digest }: MintedToken): Record<string, string> {
  return { [TOKEN_ID_HEADER]: id, [TOKEN_DIGEST_HEADER]: digest }
}
