/** Bounds of the probes of a pool's replicas, and of what is told of a choice, with their units in their names. No I/O. */

/** How long a replica's health page may take to answer. */
export const POOL_HEALTH_MS = 2000
/** How long each page of metrics may take, read whole; and how much of it is read. vLLM's has some 100 KB. */
export const POOL_METRICS_MS = 1000
export const POOL_METRICS_BYTES_MAX = 1024 * 1024
/** Longest list of candidates that a header of ours carries. */
export const POOL_CANDIDATES_CHARS_MAX = 1024
/** Longest name of a replica in a header: a config's has no more; a worker may call itself what it likes. */
export const POOL_REPLICA_NAME_CHARS_MAX = 64
