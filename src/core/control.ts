/** Words of the control plane: faults, changes, versions, audit. No I/O. */

/** One fault of an input. `path` is a JSON Pointer into it. */
export interface Fault {
  readonly path: string
  readonly message: string
}

/** One difference between two documents. `path` is a JSON Pointer. */
export interface ConfigChange {
  readonly path: string
  readonly op: 'add' | 'remove' | 'replace'
  readonly before?: unknown
  readonly after?: unknown
}

/** One kept version of the config document. */
export interface ConfigVersion {
  readonly version: number
  readonly at: string
  readonly actor: string
  /** Set when this version came from a rollback. */
  readonly rollbackOf: number | null
}

/** One line of the audit log: append-only, no secrets. */
export interface AuditEntry {
  /** Unique; an entry that arrives twice is kept once. */
  readonly id: string
  readonly at: string
  readonly actor: string
  /** `noun.verb`, as in `key.create`. */
  readonly action: string
  readonly subject: string
  readonly before?: unknown
  readonly after?: unknown
}

export interface AuditPage {
  readonly data: AuditEntry[]
  readonly hasMore: boolean
}
