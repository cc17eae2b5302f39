/** Objects that a tenant's callers have made, and that must be erased with the tenant. No I/O. */

/** The classes of such objects. */
export type OwnedKind = 'session' | 'response' | 'stream' | 'user'

/** One of them. */
export interface OwnedThing {
  readonly kind: OwnedKind
  /** The class's own id, as `ownedStub` takes it. */
  readonly id: string
  /** When the object will have forgotten everything by itself, ms since the epoch. */
  readonly untilMs: number
}
