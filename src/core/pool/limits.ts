/** Every bound and parameter of an origin pool's scheduler, with its unit in its name. No I/O. */

/** Characters of one block of a prompt: some 128 tokens, so that a short system prompt already counts. */
export const POOL_BLOCK_CHARS = 512
/** Blocks of one prompt that are hashed; what comes after them is taken for not cached. */
export const POOL_PROMPT_BLOCKS_MAX = 4096
/** Blocks that the indexes of one pool's replicas hold in all; some 50 bytes each. */
export const POOL_BLOCKS_MAX = 1_000_000
/** Fewer matching blocks are chance, or a template's first line: no affinity. */
export const POOL_MATCHED_BLOCKS_MIN = 2
/**
 * What a ms of prefill weighs against a ms of waiting: all that come later wait for it, too, the more the busier the
 * pool is. One in an idle pool, and so much more in a busy one, by the square of the share of replicas that work.
 */
export const POOL_PREFILL_WEIGHT = 2.7
/** Over so long that share is averaged, ms. */
export const POOL_BUSY_MS = 3000
/** A replica that has so much of a prompt is warm. */
export const POOL_WARM_SHARE = 0.8
/** Blocks that decide where a request goes while nobody knows the pool's state. */
export const POOL_RENDEZVOUS_BLOCKS = 4
/** Candidates that a choice names. */
export const CHOICE_CANDIDATES_MAX = 8

/**
 * Prefill that lies with a replica at a time, ms. Little, for what is bound can be neither ordered nor moved; enough that
 * the next prompt is there before the last one's first token has been heard of.
 */
export const POOL_CREDIT_MS = 50
/** An overload halves a replica's credit, down to this part; it grows back by as much in POOL_CREDIT_GROWTH_MS. */
export const POOL_CREDIT_PART_MIN = 1 / 8
export const POOL_CREDIT_GROWTH_MS = 5000
/** … and it is left alone for so long, times the overloads in a row, unless no other is left. */
export const POOL_OVERLOAD_REST_MS = 500
export const POOL_OVERLOAD_REST_MS_MAX = 8000

/** What a prompt takes beside its tokens, ms: where learning what it really is begins, and the most that is believed. */
export const POOL_STEP_MS = 25
export const POOL_STEP_MS_MAX = 250
/** How much that first assumption counts against one first content. */
export const POOL_STEP_WEIGHT = 0.02
/** Weight of what was learnt before, per first content: some seven of them are remembered. */
export const POOL_RATE_MEMORY = 0.85
/** One first content counts as at most so many times slower or faster than expected. */
export const POOL_RATE_SURPRISE_MAX = 4
/** The learnt rate stays within so many times what the config says. */
export const POOL_RATE_RANGE = 64
/** A first content is late at so many times its expected time and so long after that, ms. */
export const POOL_LATE_FACTOR = 2
export const POOL_LATE_MS = 200

/** Age against size: of each ms waited so much is taken off the prefill that a request needs. */
export const POOL_AGE_WEIGHT = 0.25
/** Share of its bound after which a request goes before all of its tenant's, and one of `batch` counts as `interactive`. */
export const POOL_OVERDUE_SHARE = 0.5
/** What an output token weighs against a prompt token between tenants (VTC, arXiv 2401.00588). */
export const POOL_OUTPUT_WEIGHT = 2
/** Tenants whose use is remembered; a forgotten one begins where a new one does. */
export const POOL_TENANTS_MAX = 10_000
/** Conversations whose last replica is remembered. */
export const POOL_SESSIONS_MAX = 20_000
/** What an idle replica must save a request that waits for another, ms, before it takes it over. */
export const POOL_TAKEOVER_MS = 50
/** So many that wait for each replica are a crowd. */
export const POOL_CROWD_PER_REPLICA = 2
/** What a ms of prefill weighs at most to a tenant that such a crowd would keep waiting. */
export const POOL_LIGHT_PREFILL_WEIGHT = 2
/** Share of the replicas that such a crowd leaves to others, and for how long after one of them has come. */
export const POOL_RESERVED_SHARE = 0.5
export const POOL_RESERVED_MS = 2000
/**
 * What a tenant may save up while others wait, in tokens of its counter: a burst within its share goes at once. By so
 * much, and no more, two tenants that always wait may come apart.
 */
export const POOL_SAVED_TOKENS = 200_000
/** How much longer than estimated a first content is taken to need where its bound is near. */
export const POOL_ESTIMATE_MARGIN = 1.1
/** Of those that wait for others, how many it looks at. */
export const POOL_TAKEOVER_SCAN_MAX = 64

/** A lease that nobody renews for so long ends. */
export const POOL_LEASE_MS = 30_000
/** Bound requests of one pool; more are refused. */
export const POOL_LEASES_MAX = 50_000
/** Blocks that leases hold in all, to correct the index by; beyond, a lease holds none. */
export const POOL_LEASED_BLOCKS_MAX = 1_000_000
/** Cached tokens under this share of what was predicted: the index was wrong. */
export const POOL_CACHED_SHARE_MIN = 0.8

/** Failures in a row that put a replica out, and failed health checks in a row. */
export const POOL_FAILURES_IN_A_ROW = 5
export const POOL_PROBES_FAILED = 2
/** … or this share of so many requests in this time. */
export const POOL_FAILED_SHARE = 0.5
export const POOL_FAILED_OF_MIN = 10
export const POOL_FAILED_WINDOW_MS = 30_000
/** How long it is out, times how often in a row. */
export const POOL_OUT_MS = 30_000
export const POOL_OUT_MS_MAX = 300_000
/** Share of a pool that may be out. */
export const POOL_OUT_SHARE_MAX = 0.5

/** `batch` is left out with probability min(1, factor × saturation ^ power). */
export const POOL_SHED_FACTOR = 300
export const POOL_SHED_POWER = 5
/** What a refusal says at least and at most of when to come again. */
export const POOL_RETRY_MS_MIN = 250
export const POOL_RETRY_MS_MAX = 60_000
