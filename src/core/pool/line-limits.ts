/** Bounds of what isolates and a pool's object have to do with each other, with their units. No I/O. */

/** An object that has not answered in so long is done without: at least this, three mean round trips, at most OBJECT_CALL_MS. */
export const POOL_DEADLINE_MIN_MS = 150
/** How long it is then left alone, before one request may try again; and how often that is told. */
export const POOL_REST_MS = 1000
export const POOL_LOG_MS = 10_000
export const POOL_TELL_DEADLINE_MS = 2000
/** What a wait for a turn may take beyond its own bound: the object ends it. */
export const POOL_TURN_GRACE_MS = 2000

/** News waits so long for an acquire that takes it along; not at all where somebody waits for a replica. */
export const POOL_NEWS_WAIT_MS = 10
export const POOL_NEWS_SOON_MS = 0
/** News of one pool that an isolate holds, and bound requests that it could tell of. */
export const POOL_NEWS_MAX = 10_000
export const POOL_HELD_MAX = 20_000
/** Decisions that wait for whoever asked. */
export const POOL_DECIDED_MAX = 10_000

/** Tokens of one block of the index: 512 characters of English. */
export const POOL_BLOCK_TOKENS = 128
/** Output that is expected of a request, tokens; what it really has is known at its end. */
export const POOL_OUTPUT_TOKENS_TYPICAL = 256
/** How often a request whose worker is gone goes to another one. */
export const POOL_REBINDS_MAX = 16
/** Header of an answer that is the object's own. Only it can say so: a worker's headers are listed, and this is not among them. */
export const POOL_HEADER = 'x-sluice-pool'
/** Owners whose salt an isolate knows. */
export const PREFIX_SALTS_MAX = 1000

/** Replicas are looked at while there was traffic so long ago, so many at a time. */
export const POOL_PROBE_TRAFFIC_MS = 60_000
export const POOL_PROBES_MAX = 6
