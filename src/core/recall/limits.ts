/** Every bound of recall, with its unit in its name; see core/limits.ts for all the others. No I/O. */

/** Longest time a reply is kept. */
export const CACHE_TTL_SECONDS_MAX = 2_592_000
/** A longer reply (its record, UTF-8) is not kept. */
export const RECORDED_REPLY_BYTES_MAX = 256 * 1024
/** Answers that are being recorded while they stream, all together in one isolate; beyond, an answer is not kept. */
export const RECORDINGS_BYTES_MAX = 16 * 1024 * 1024
/** Replies that an isolate has in memory, opened: their text and what is made of it. */
export const RECALL_MEMORY_BYTES_MAX = 16 * 1024 * 1024
/** News for caches that wait for their flush in one isolate; more are dropped and counted. */
export const CACHE_NEWS_BYTES_MAX = 8 * 1024 * 1024
/** News travel in batches: at most one flush per (isolate, tenant) in this time. */
export const CACHE_FLUSH_MS = 100
/** … and where there are nothing but counts of hits, which nobody asks for in a hurry, in this. */
export const CACHE_HITS_FLUSH_MS = 500
/** How long a request waits for a look-up; later, it goes on without. */
export const CACHE_READ_MS = 150
/** … where it would lead or follow others, for then an early end costs a call of the upstream's. */
export const CACHE_LEASED_READ_MS = 1000
/** Tenants whose keys of their cache an isolate holds. */
export const CACHE_KEYRINGS_MAX = 1024
/** How long an isolate does not ask again for a tenant's cache secret that could not be had. */
export const CACHE_SECRET_REST_MS = 1000
/** Deadline of telling a store what to keep. */
export const CACHE_WRITE_MS = 2000
/** A leader is taken for dead when its lease was not renewed for so long; it renews this often. */
export const CACHE_LEASE_MS = 900
export const CACHE_LEASE_RENEW_MS = 300
/** How long one wait behind a leader lasts before it is asked for again. */
export const CACHE_WAIT_MS = 10_000
/** Age up to which "no such value" is believed without asking: a reply is recallable 1 s after its end. */
export const CACHE_ABSENT_MS = 700
/** … and when a store is asked anew in the background what it has not: under steady traffic nobody then waits for it. */
export const CACHE_ABSENT_REFRESH_MS = 350
/** Age up to which memory may serve without its store having confirmed that nothing was purged, and when it is asked. */
export const CACHE_MARK_FRESH_MS = 9000
export const CACHE_MARK_REFRESH_MS = 4000
/** Shards of one tenant's cache, and bytes of its values in all. */
export const CACHE_SHARDS = 4
export const CACHE_TENANT_BYTES_MAX = 64 * 1024 * 1024
/** The digest of one shard, a Bloom filter; and shards whose digest an isolate holds. */
export const CACHE_DIGEST_BYTES_MAX = 64 * 1024
export const CACHE_DIGESTS_MAX = 128
/** News of a digest name at most so many keys; more, and the whole of it travels. */
export const CACHE_DIGEST_ADDED_MAX = 64
/** Deadline of asking for a digest, in the background. */
export const CACHE_DIGEST_MS = 1000
/** Longest sealed value (base64); and what each is taken to need besides, for its row and in memory. */
export const CACHE_VALUE_CHARS_MAX = 512 * 1024
export const CACHE_ENTRY_BYTES = 512
/** How often a shard with values looks for expired ones, at most; they are never answered meanwhile. */
export const CACHE_PRUNE_MS = 60_000
/** A value that was made before a purge and comes so much later is still purged; and so many purges are remembered. */
export const CACHE_PURGES_MS = 60_000
export const CACHE_PURGES_MAX = 64
/** Keys of a shard with a leader, and requests behind all leaders of a shard; more lead, or go on alone. */
export const CACHE_LEASES_MAX = 10_000
export const CACHE_WAITERS_MAX = 2000
/** Leases of a shard that are known to have ended, so that a late renewal does not revive one. */
export const CACHE_LEASES_ENDED_MAX = 1000
/** Behind a leader on Redis, one looks again after a time between these. */
export const CACHE_POLL_MIN_MS = 40
export const CACHE_POLL_MAX_MS = 90
/** News that go to Redis in one call, characters: Upstash takes a request of 1 MB; and keys looked through in one. */
export const CACHE_REDIS_NEWS_CHARS_MAX = 600_000
export const CACHE_REDIS_STEP_KEYS = 1000
/** Tenants whose purge mark an isolate knows of Redis. */
export const CACHE_MARKS_MAX = 1000
/** Shards of one tenant's vectors, and vectors of one shard. */
export const VECTOR_SHARDS = 4
export const VECTORS_PER_SHARD_MAX = 20_000
/** Longest vector, and bytes of the vectors of one shard, at a byte a dimension: the oldest leave. */
export const VECTOR_DIMENSIONS_MAX = 4096
export const VECTOR_SHARD_BYTES_MAX = 16 * 1024 * 1024
/** Vectors that one isolate has in memory, of all shards in it: what was not asked for the longest leaves. */
export const VECTOR_MEMORY_BYTES_MAX = 32 * 1024 * 1024
/** Most neighbours that are asked for at once. */
export const NEAREST_MAX = 100
/** How often expired vectors are removed at most; they answer nothing meanwhile. */
export const VECTORS_PRUNE_MS = 3_600_000
/** Routes and answer groups that one shard has learned of; and how long after their last news they are forgotten. */
export const ROUTES_PER_SHARD_MAX = 256
export const GROUPS_PER_SHARD_MAX = 20_000
export const ROUTE_IDLE_MS = 90 * 86_400_000
export const GROUP_IDLE_MS = 30 * 86_400_000
/** Deadline of one call to Upstash Vector that has none of its own, and how much of a reply is read. */
export const VECTOR_CALL_MS = 2000
export const VECTOR_REPLY_BYTES_MAX = 4 * 1024 * 1024
/** Share of added vectors after which Upstash Vector is asked to drop what has expired, or is too much. */
export const VECTOR_SWEEP_SHARE = 0.02
/** Neighbours that a semantic decision looks at. */
export const NEIGHBOURS = 10
/** Longest question (UTF-16 units of the last user turn) that is recalled by meaning. */
export const SEMANTIC_QUESTION_CHARS_MAX = 2000
/** How long a request waits for the vector of its question, and for its neighbours. */
export const EMBED_MS = 1000
export const NEAREST_MS = 250
/** Share of would-be semantic hits that are asked all the same, to measure the error. */
export const SHADOW_SHARE = 0.02
/** No semantic hit before a route has so many observations. */
export const OBSERVATIONS_MIN = 300
/** Vectors of questions that an isolate has in memory. */
export const RECALL_VECTORS_BYTES_MAX = 2 * 1024 * 1024
/** Failures of a store in a row after which it is left alone, for how long, and how often that is logged. */
export const RECALL_FAILURES_MAX = 5
export const RECALL_REST_MS = 1000
export const RECALL_LOG_MS = 60_000
/** How much of two answers is compared by meaning; and with how many other groups an answer is compared by its words. */
export const ANSWER_CHARS_COMPARED_MAX = 2000
export const OTHER_GROUPS_COMPARED_MAX = 4
/** Answers less alike than this are different, and no judge is asked; and how long one is waited for. */
export const JUDGED_COSINE_MIN = 0.5
export const JUDGE_MS = 10_000
/** Bodies that an isolate knows decoded, of each operation; and the longest of them, UTF-16 units. */
export const KNOWN_BODIES_BYTES_MAX = 1024 * 1024
export const KNOWN_BODY_CHARS_MAX = 4096
