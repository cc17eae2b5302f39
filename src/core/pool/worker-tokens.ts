/** Words of a pool's workers: their tokens as they are kept, what is said of them, and who is connected. No I/O. */

/** A worker's token as its pool keeps it: never the token itself. Times are RFC 3339, UTC. */
export interface WorkerToken {
  readonly id: string
  /** For people. */
  readonly name: string
  /** Base64 of HMAC-SHA-256(pepper, whole token). */
  readonly digest: string
  readonly createdAt: string
  /** Null: it never does. */
  readonly expiresAt: string | null
  readonly revokedAt: string | null
  /** Of its last connection, to the minute; null: it was never used. */
  readonly lastSeenAt: string | null
}

/** A worker as its token names it. */
export interface NamedWorker {
  readonly tokenId: string
  readonly name: string
  /** ms since the epoch; null: never. */
  readonly expiresAtMs: number | null
}

/** What a presented token comes to. */
export type WorkerVerdict =
  | { readonly kind: 'known'; readonly worker: NamedWorker }
  | { readonly kind: 'unknown' | 'expired' | 'revoked' }

/** A worker that is connected. */
export interface ConnectedWorker {
  /** Its name among the pool's replicas. */
  readonly replica: string
  readonly tokenId: string
  readonly name: string
  readonly state: 'active' | 'draining'
  readonly models: readonly string[]
  readonly maxConcurrent: number
  /** Requests with it now. */
  readonly requests: number
  readonly connectedAt: string
}
