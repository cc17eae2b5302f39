/** Bounds of webhooks, with their units in their names. No I/O. */

export const WEBHOOK_URL_CHARS_MAX = 2048
/** Ports that a receiver may listen on. */
export const WEBHOOK_PORTS: readonly number[] = [443, 8443]
/** Names of this deployment that a config may list, so that no event is sent to itself. */
export const WEBHOOK_OWN_HOSTS_MAX = 64
/** Random bytes of a signing secret. The standard has 24 to 64; a multiple of three needs no padding in base64. */
export const WEBHOOK_SECRET_BYTES = 33
/** How long the secret before the newest signs beside it. */
export const WEBHOOK_OVERLAP_MS = 24 * 3_600_000
/** Deadline of one attempt, headers of the reply included; its body is not read. */
export const WEBHOOK_ATTEMPT_MS = 10_000
/** Waits after the first attempt, the second, …; after the last there is none. 12 h in all, 14.5 h with the jitter. */
export const WEBHOOK_WAITS_MS: readonly number[] = [5000, 30_000, 120_000, 600_000, 3_600_000, 10_800_000, 28_800_000]
/** Each wait is longer by up to this share of it, so that what failed together does not come back together. */
export const WEBHOOK_JITTER_SHARE = 0.2
/** No attempt begins later than this after its event. */
export const WEBHOOK_LIFE_MS = 24 * 3_600_000
/** How long a delivery and its attempts are kept after its end. */
export const WEBHOOK_LOG_MS = 7 * 24 * 3_600_000
/** Deliveries that one object keeps; what it is given beyond is dropped. An object has one event, or a few. */
export const WEBHOOK_DELIVERIES_MAX = 16
