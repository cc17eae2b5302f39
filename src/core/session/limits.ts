/** Bounds of sessions: what one keeps, how long a turn may be silent, who may listen. No I/O. */

/** What one session keeps: beyond any of these the oldest rows go. Characters are of the sealed texts. */
export const SESSION_ITEMS_MAX = 20_000
export const SESSION_CHARS_MAX = 64 * 1024 * 1024
/** Rows besides those of items: turns that broke, loops, deletions. */
export const SESSION_ROWS_MAX = 40_000
/** A sealed text longer than this is stored in pieces: SQLite takes 2 MB a value. */
export const SESSION_PIECE_CHARS = 1024 * 1024
/** What one turn or call may add; more is not kept. */
export const SESSION_ROW_CHARS_MAX = 24 * 1024 * 1024
/** Metadata of a conversation, sealed. OpenAI: 16 pairs, names of 64 and values of 512 characters. */
export const METADATA_PAIRS_MAX = 16
export const METADATA_NAME_CHARS_MAX = 64
export const METADATA_VALUE_CHARS_MAX = 512
/** Items of one call that makes a conversation or adds to it. */
export const SESSION_ITEMS_PER_CALL_MAX = 20
/**
 * Sealed characters of the rows that go with one turn, and of those that one read for a list or a replay takes; the first
 * row goes with any size. Data URLs count for few tokens, and a call to an object carries no more than 32 MiB.
 */
export const HISTORY_CHARS_MAX = 8 * 1024 * 1024
export const READ_CHARS_MAX = 8 * 1024 * 1024
/** A page of items. */
export const ITEMS_PAGE_DEFAULT = 20
export const ITEMS_PAGE_MAX = 100

/** A session nobody uses is forgotten after this, unless the config says otherwise; and the most that it can say. */
export const SESSION_TTL_SECONDS_DEFAULT = 30 * 24 * 3600
export const SESSION_TTL_SECONDS_MAX = 400 * 24 * 3600
/** Tokens of history that are sent, by estimate. */
export const SESSION_TOKENS_DEFAULT = 200_000
/** How often the same answer may come in a row. */
export const LOOP_REPEATS_DEFAULT = 5
/** A summary begins when more than the tokens that are sent are there, and leaves this share of them as they are. */
export const SUMMARY_LEAVES_SHARE = 0.5

/** A turn is heard of this often, and taken for dead after this. */
export const TURN_HEARTBEAT_MS = 3000
export const TURN_LEASE_MS = 10_000
/** How long a turn waits for the one before it where the config has turns queue and the caller names no bound. */
export const TURN_WAIT_MS = 30_000
/** Turns that wait on one session. */
export const TURNS_WAITING_MAX = 100

/** How long a provider keeps a prompt cache warm after its last use. */
export const PROMPT_CACHE_MS = 300_000

/** Who listens to one session at once, over SSE and over WebSocket. */
export const SESSION_READERS_MAX = 100
export const SESSION_SOCKETS_MAX = 100
/** Rows that a reader is given at a time, and their sealed characters; one goes with any size. */
export const FEED_ROWS = 32
export const FEED_CHARS_MAX = 1024 * 1024
/** Events that are replayed to a WebSocket; whoever has missed more reads the items. Characters are of their texts. */
export const REPLAY_EVENTS_MAX = 1000
export const REPLAY_CHARS_MAX = 4 * 1024 * 1024
/** Replays that an object holds for sockets that are about to be there, and how long. */
export const REPLAYS_HELD_MAX = 16
export const REPLAY_HELD_MS = 10_000

/** Opened histories that one isolate holds; a character is counted with what its parsed form takes, one of media as it is. */
export const HISTORIES_BYTES_MAX = 16 * 1024 * 1024
export const HISTORY_BYTES_PER_CHAR = 4
/** Rows that one read for a list of items opens. */
export const READ_ROWS_MAX = 200
/** Deadline of one call to a session's object: nobody else has the history, so it is waited for. */
export const SESSION_CALL_MS = 5000
