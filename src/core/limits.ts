/** Every bound of the gateway, with its unit in its name. Checked before the work it bounds. No I/O. */

/** One request body, declared or counted while it arrives. */
export const REQUEST_BODY_BYTES_MAX = 10 * 1024 * 1024
/** Request bodies held by one isolate at once; beyond: `503 overloaded`. An isolate has 128 MB for everything. */
export const BODIES_IN_FLIGHT_BYTES_MAX = 32 * 1024 * 1024
/** A request body up to this may take its time; a larger one, or one of unknown length, must be here within this. */
export const BODY_AT_ONCE_BYTES_MAX = 64 * 1024
export const BODY_ARRIVAL_MS = 60_000
/** One admin request body. */
export const ADMIN_BODY_BYTES_MAX = 1024 * 1024
/** The header of one field of a form. */
export const FORM_HEADER_BYTES_MAX = 8 * 1024
/** Nesting of a JSON request. */
export const JSON_DEPTH_MAX = 64
/** One whole reply of an upstream; more is a failure of the provider. Embedding batches reach 20 MB. */
export const UPSTREAM_REPLY_BYTES_MAX = 24 * 1024 * 1024
/** Whole replies that are read in parts, held by one isolate at once; beyond: `503 overloaded`. */
export const REPLIES_IN_FLIGHT_BYTES_MAX = 48 * 1024 * 1024
/** A reply of a declared length up to this is read in one go; a longer one in parts, so that a stall shows. */
export const UPSTREAM_REPLY_AT_ONCE_BYTES_MAX = 256 * 1024
/** What is read of an upstream's error body. */
export const UPSTREAM_ERROR_BYTES_MAX = 64 * 1024
/** What is kept of a reply that is passed on, to find in its end what was used. */
export const RELAYED_TAIL_BYTES = 64 * 1024
/** Characters of a provider's error message that are relayed. */
export const RELAYED_MESSAGE_CHARS_MAX = 1000

/** The prologue of a stream (events before the first content): reaching either bound commits. */
export const PROLOGUE_EVENTS_MAX = 64
export const PROLOGUE_BYTES_MAX = 64 * 1024
/** A partial event is held back, until it is known not to be ours to drop or replace, up to this size. */
export const HELD_EVENT_BYTES_MAX = 64 * 1024

/** Status and headers of a stream are held this long before 200 goes out early. */
export const DEFERRED_STATUS_MS = 5000
/** Silence towards a client after which a comment goes out. */
export const KEEP_ALIVE_MS = 10_000

/** Upstream calls for one request, over all targets. */
export const ATTEMPTS_MAX = 6
export const RETRY_BASE_MS = 200
export const RETRY_CAP_MS = 5000
/** Longest retry-after of a provider that is waited for or relayed. */
export const RETRY_AFTER_MAX_MS = 60_000
/** Other replicas that one stream goes on at when it breaks, those that could not be had included. */
export const CONTINUATIONS_MAX = 3
/** A longer request, or a longer text said so far, is not gone on with elsewhere; and what one isolate keeps for it at once. */
export const CONTINUABLE_BYTES_MAX = 1024 * 1024
export const CONTINUABLE_HELD_BYTES_MAX = 16 * 1024 * 1024
/** Retry budget of an isolate: this share of its requests, and this many a second besides. */
export const RETRY_BUDGET_SHARE = 0.2
export const RETRY_BUDGET_PER_SECOND = 10
/** Client throttle: its window, and the requests in it below which it never rejects. */
export const THROTTLE_WINDOW_MS = 120_000
export const THROTTLE_REQUESTS_MIN = 20
/** A credential that answered 401 or 403 is left alone this long, or until its version changes. */
export const DEAD_CREDENTIAL_MS = 60_000
/** Longest timeout a caller or the config may name. */
export const TIMEOUT_MAX_MS = 3_600_000

/** Age at which a snapshot of the config is asked for anew in the background: jittered between the two. */
export const SNAPSHOT_REFRESH_MIN_MS = 4000
export const SNAPSHOT_REFRESH_MAX_MS = 6000
/** Age at which a snapshot no longer serves without having been confirmed: a change is in force within 10 s. */
export const SNAPSHOT_FRESH_MS = 9000
/** How long a snapshot serves while the directory is out of reach. */
export const SNAPSHOT_STALE_MS = 3_600_000
/** Longest JSON that a header of ours may carry. */
export const HEADER_JSON_CHARS_MAX = 8192
/** Deadline of one call to a Durable Object from the request path. */
export const OBJECT_CALL_MS = 2000
/** Age at which a confirmed key is asked for anew in the background: jittered between the two. */
export const AUTH_REFRESH_MIN_MS = 4000
export const AUTH_REFRESH_MAX_MS = 6000
/** Age at which a key no longer serves without having been confirmed: a revocation is in force within 10 s. */
export const AUTH_FRESH_MS = 9000
/** How long the answer "no such key" or "no such tenant" is kept. */
export const AUTH_NEGATIVE_MS = 5000
/** How long a revoked key is told so; then it is an unknown one. */
export const REVOKED_TOLD_MS = 30 * 24 * 3_600_000
/** How long, and how many, opened secrets are kept by one isolate. */
export const OPENED_SECRET_MS = 60_000
export const OPENED_SECRETS_MAX = 1000
/** How long a confirmed key serves while its tenant's object is out of reach. */
export const AUTH_STALE_MS = 30_000
/** Texts of good keys that an isolate reads without an HMAC, each for OPENED_SECRET_MS. */
export const RECENT_KEYS_MAX = 1000
/** Entries of the isolate's auth cache. */
export const AUTH_CACHE_ENTRIES_MAX = 10_000

/** Usage rows travel in batches: at most one flush per (isolate, tenant) in this time. */
export const USAGE_FLUSH_MS = 100
/** Hits give nothing back that others wait for: as long as there are no other rows, and few of them, they wait so long. */
export const USAGE_HITS_FLUSH_MS = 300
export const USAGE_HITS_WAITING_MAX = 512
/** Rows one isolate keeps while their object is out of reach; more are dropped and counted. */
export const USAGE_BUFFER_ROWS_MAX = 10_000
/** Tenants of which an isolate remembers when a row of theirs was urgent last. */
export const USAGE_OWNERS_MAX = 1000
/** Rows in one stored segment. */
export const USAGE_SEGMENT_ROWS_MAX = 1024
/** Kinds of rows in a batch of which each is written once: keys, models and targets that differ. */
export const PACKED_KINDS_MAX = 16

/** Entries of one page of an admin list, unless the caller names fewer or more. */
export const ADMIN_PAGE_DEFAULT = 100
export const ADMIN_PAGE_MAX = 1000
/** Wrong admin tokens from one address within the window before it is told to wait. */
export const ADMIN_FAILURES_MAX = 10
export const ADMIN_FAILURES_WINDOW_MS = 60_000
/** Addresses whose failures one isolate remembers. */
export const ADMIN_ADDRESSES_MAX = 1000
/** One secret in the vault. */
export const CREDENTIAL_CHARS_MAX = 8192
/** Longest name of a tenant or key, for people. */
export const DISPLAY_NAME_CHARS_MAX = 128
/** Model globs of one tenant or key, and limits. */
export const MODEL_GLOBS_MAX = 256
export const LIMITS_MAX = 64
/** Metadata of a tenant. */
export const METADATA_ENTRIES_MAX = 32
export const METADATA_VALUE_CHARS_MAX = 512
/** Longest time that a rotated key lives beside its successor, and the time when none is named. */
export const OVERLAP_SECONDS_MAX = 2_592_000
export const OVERLAP_SECONDS_DEFAULT = 86_400
/** Deadline of one provider check, and how much of the answer is read. */
export const PROVIDER_CHECK_MS = 10_000
export const PROVIDER_CHECK_BYTES_MAX = 4 * 1024 * 1024
/** Tries at storing a credential while others change the same one. */
export const CREDENTIAL_PUT_TRIES_MAX = 4
/** Tenants looked through at a time by reseal and status. */
export const TENANTS_AT_ONCE_MAX = 8

/** A revoked key is told so this long; then it is unknown. */
export const REVOKED_KEY_MS = 30 * 86_400_000
/** Single usage records are kept this long, and at most this many bytes of them per tenant. */
export const USAGE_RAW_MS = 30 * 86_400_000
export const USAGE_RAW_BYTES_MAX = 1024 * 1024 * 1024
/** Roll-ups are kept this long. */
export const USAGE_ROLLUP_MS = 400 * 86_400_000
/** How often a tenant's object with usage looks for what to prune. */
export const USAGE_PRUNE_MS = 3_600_000
/** Request ids that a tenant's object remembers in one of its two generations, to know a row that comes twice. */
export const RECENT_IDS_MAX = 50_000
/** Versions of the config document that are kept. */
export const CONFIG_VERSIONS_MAX = 1000
/** JSON characters of one side of an audit entry; more is cut to a note. A stored row may have 2 MB. */
export const AUDIT_SIDE_CHARS_MAX = 256 * 1024
/** Deadline of one call to a Durable Object from the admin API. */
export const ADMIN_OBJECT_CALL_MS = 15_000
/** Calls to a Durable Object for one question, the first included; and the backoff between them. */
export const OBJECT_CALLS_MAX = 3
export const OBJECT_RETRY_BASE_MS = 50
export const OBJECT_RETRY_CAP_MS = 500
/** What an object could not do (deliver its audit, erase a tenant) is tried again after this. */
export const TIMER_RETRY_MS = 10_000
/** Audit entries that a tenant's object delivers in one call; erasures that the Directory does in one alarm. */
export const OUTBOX_BATCH_MAX = 100
export const ERASURES_BATCH_MAX = 6
/** A tenant whose making was not finished by then is erased. */
export const TENANT_MAKING_MS = 60_000

/** Leases for hot tenants (slices): above this rate one isolate gets a share of its limits in advance. */
export const SLICE_REQUESTS_PER_SECOND_MIN = 20
/** At most this share of the amount, and this long a demand; and it lives this long. */
export const SLICE_SHARE_MAX = 0.05
export const SLICE_DEMAND_MS = 2000
export const SLICE_LIFE_MS = 5000
/** Never from a limit under so many requests an isolate, and never above this level: the rest is granted one by one. */
export const SLICE_AMOUNT_PER_ISOLATE_MIN = 20
export const SLICE_LEVEL_MAX = 0.9
/** A slice for fewer requests is not worth its bookkeeping. */
export const SLICE_REQUESTS_MIN = 4
/** (isolate, set of counters) pairs whose demand a tenant's ledger remembers. */
export const LEDGER_DEMANDS_MAX = 1000
/** Counts that a tenant's ledger holds in memory; what nobody has reserved of is read again when it is asked for. */
export const LEDGER_COUNTS_MAX = 5000
/** Requests of one tenant that wait for their turn; more are refused at once. Each makes a refusal 0.2 µs dearer. */
export const LEDGER_WAITERS_MAX = 2000
/** Ids that were withdrawn or settled before their ask may have come: an ask of theirs is refused for so long. */
export const LEDGER_ENDED_MAX = 10_000
export const LEDGER_ENDED_MS = 30_000
/** A concurrency lease lives this long unless its isolate renews it. */
export const LEASE_MS = 30_000
/** The slot of a request that was cut stays taken this long after its end, until its origin has noticed. */
export const LEASE_AFTER_CUT_MS = 100
/** Moments told to callers whom a paced limit refused are staggered over at most this time. */
export const PROMISE_HORIZON_MS = 60_000
/** Such moments remembered of one counter. */
export const PROMISES_MAX = 1000

/** How long a request waits for the coarse request-rate guard; later, it goes on without. */
export const RATE_GUARD_MS = 50
/** Failures of the guard's limiter in a row after which it is left alone, and for how long before one request tries it. */
export const RATE_GUARD_FAILURES_MAX = 5
export const RATE_GUARD_REST_MS = 1000
/** An open guard is logged at most once in this time. */
export const RATE_GUARD_LOG_MS = 60_000
/** Longest window of the guard. */
export const RATE_GUARD_SECONDS_MAX = 3600
/** Deadline of one call to Upstash Redis, and how much of its reply is read. */
export const REDIS_CALL_MS = 1000
export const REDIS_REPLY_BYTES_MAX = 1024 * 1024
/** Rules that one isolate keeps a limiter for. */
export const RATE_RULES_MAX = 16
/** Keys that one isolate knows to be over their rule, and how long it believes that without asking, at most. */
export const RATE_BLOCKED_KEYS_MAX = 10_000
export const RATE_BLOCKED_MS_MAX = 1000

/** Aliases of one caller whose applicable limits an isolate remembers. */
export const APPLIED_LIMITS_PER_CALLER_MAX = 64
/** Output assumed, and sent as the bound, where a worst case is reserved and neither caller nor target names one. */
export const OUTPUT_TOKENS_ASSUMED_MAX = 8192
/** What servers of the older completions stop at when the caller names no bound: OpenAI's documented default. */
export const COMPLETION_TOKENS_DEFAULT = 16
/** Largest amount of a money limit, USD: in micro-dollars a double still counts it exactly. */
export const BUDGET_USD_MAX = 1_000_000_000

/** A question to the ledger may take so many times its object's mean round trip: at least this, at most OBJECT_CALL_MS. */
export const ADMIT_ROUND_TRIPS_MAX = 3
export const ADMIT_DEADLINE_MIN_MS = 250
/** Tenants' objects whose round trip one isolate remembers, and whose slices, and that are out of its reach. */
export const ROUND_TRIPS_MAX = 1000
export const SLICE_OWNERS_MAX = 1000
export const OUTAGES_MAX = 1000
/** Sets of counters of one tenant that an isolate holds a slice of; aliases of which it knows what was learned. */
export const SLICE_SETS_MAX = 64
export const LEARNED_MODELS_MAX = 64
/** Slices done with whose report has not arrived: so many of a tenant, and it is sent again after this. */
export const SLICE_REPORTS_MAX = 64
export const SLICE_REPORT_RETRY_MS = 5000
/** While the ledger is out of reach, rates open to this part of their amount in each isolate, for at most so long. */
export const LOCAL_AMOUNT_PART = 8
export const LOCAL_OPEN_MS = 30_000
/** … and one request in this time tries the object. */
export const LOCAL_TRY_MS = 1000
/** Counts that one isolate's own limiter remembers. */
export const LOCAL_COUNTS_MAX = 5000
/** A request in flight renews its concurrency lease this often, together with the others of its tenant. */
export const LEASE_RENEW_MS = 10_000
/** Requests with a lease that one isolate remembers, and leases that are renewed in one call. */
export const LEASES_HELD_MAX = 20_000
export const LEASES_RENEWED_MAX = 1000
/** A reservation outlives the longest its request can run by this. */
export const RESERVATION_SLACK_MS = 60_000
/** How often a request asks the ledger when the object is lost while it waits, the first time included. */
export const ASKS_MAX = 3
/** A flush that failed is tried again by whoever made it, after this and then twice as long each time, so often. */
export const USAGE_RETRY_MS = 1000
export const USAGE_RETRIES_MAX = 4
/** How often a request that waits looks whether it still may, and under which limits: changes are in force within 10 s. */
export const WAIT_CONFIRM_MS = 2000
/** Slots of a sliding window: what it stores at most, and what it is too careful by, a slot's width. */
export const LEDGER_WINDOW_SLOTS = 120
/** Charges that a paced count remembers in order to undo one exactly. */
export const LEDGER_PACER_LOWS_MAX = 64
/** Time zones whose periods an isolate remembers (a config names a few), and periods of each: this, the next, a late one's. */
export const LEDGER_ZONES_MAX = 256
export const LEDGER_PERIODS_PER_ZONE_MAX = 4
/** Keys of a tenant that one look at its limits covers, oldest first; each is a counter for every limit per key. */
export const LIMITS_VIEW_KEYS_MAX = 500
/** Aliases whose usual output a tenant's ledger has in memory. */
export const LEDGER_MODELS_MAX = 1000
/** How much later than its bound a turn may come that was foretold inside it. */
export const WAIT_GRACE_MS = 100
/** How long the status waits for all tenants to count their records under the old master key. */
export const STATUS_RECORDS_MS = 5000
/** Least that a caller is told to wait where a request in flight stands in the way. */
export const CONCURRENCY_RETRY_MIN_MS = 1000

/** A longer answer, or a longer event of one, goes to its client and is not kept; and what one isolate collects at once. */
export const KEPT_ANSWER_BYTES_MAX = 2 * 1024 * 1024
export const KEPT_ANSWERS_BYTES_MAX = 24 * 1024 * 1024
/** How long a response is kept. */
export const RESPONSE_KEPT_MS = 30 * 86_400_000
/** Deadline of one call to what keeps a response; a long conversation takes its time. */
export const KEPT_CALL_MS = 5000
/** Longest id of a response that is kept: upstreams give their own. */
export const RESPONSE_ID_CHARS_MAX = 128
/** Output items of one kept response, with ids of its provider's, that can be referred to without going on from it. */
export const ITEMS_POINTED_MAX = 64
/** Items that one request may refer to besides those of the response that it goes on from. */
export const ITEMS_REFERRED_MAX = 256
/** Input items of one page of a kept response, unless the caller names fewer or more. */
export const INPUT_ITEMS_DEFAULT = 20
export const INPUT_ITEMS_MAX = 100
/** Sealed text in one stored value, which may have 2 MB; base64, so that a character is a byte. */
export const SEALED_CHUNK_CHARS = 1_500_000
/** Objects of a tenant that are erased at once: a call may make so many calls, and the next one comes right after it. */
export const OWNED_ERASED_MAX = 200
/** How long an object is remembered after it should have forgotten everything by itself. */
export const OWNED_MARGIN_MS = 86_400_000
/** Objects whose tenant's object is still to be told of them, in one isolate; more are told of at once. */
export const OWNED_WAITING_MAX = 10_000

/** When a stream counts as caught in its own words, where a model's policy says no more than that it is to be looked for. */
export const REPETITION_TIMES_DEFAULT = 8
export const REPETITION_CHARS_DEFAULT = 400
