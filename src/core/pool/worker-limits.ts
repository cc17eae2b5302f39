/** Bounds and times of pull workers: what a socket may carry, how much waits on it, how soon a silent one is lost. No I/O. */

/** Version of the frames; both sides must speak the same. */
export const WORKER_PROTOCOL = 1

/** Sockets of one pool; one more is refused until another has left. */
export const WORKERS_PER_POOL_MAX = 256
/** Requests at a time on one socket, whatever the worker offers. */
export const STREAMS_PER_WORKER_MAX = 256
/** Answers' bytes that one pool holds for readers that are slower than their workers: of 128 MB that an object has. */
export const POOL_HELD_BYTES_MAX = 48 * 1024 * 1024

/** Longest payload of a frame with a body's bytes. */
export const FRAME_BYTES_MAX = 256 * 1024
/** Longest payload of every other frame. */
export const FRAME_JSON_BYTES_MAX = 64 * 1024
/** What is cut into frames is cut so: one slow body holds the others up for no longer than this takes on the line. */
export const FRAME_CUT_BYTES = 64 * 1024
/** Bytes of one body that may be under way without an acknowledgement, in either direction. */
export const STREAM_WINDOW_BYTES = 256 * 1024
/** Acknowledged as soon as so much has been read: rarely enough to cost nothing, long before the window is used up. */
export const ACK_AFTER_BYTES = STREAM_WINDOW_BYTES / 4

/** Models that one worker names, and characters of all their names: both live in a socket's attachment, 2 KB. */
export const WORKER_MODELS_MAX = 32
export const WORKER_MODEL_CHARS_MAX = 1024
export const FRAME_HEADERS_MAX = 64
export const FRAME_HEADER_CHARS_MAX = 8192
export const FRAME_PATH_CHARS_MAX = 2048

/** The pool asks a worker for a sign of life so often while it has requests, ms, and loses it when so many got none. */
export const WORKER_PING_MS = 1000
export const WORKER_PINGS_MAX = 4
/** A socket that has not said who it is by then makes room for the next one, ms. */
export const WORKER_HELLO_MS = 10_000

/** Tokens of one pool's workers, revoked ones included. */
export const WORKER_TOKENS_MAX = 1000
/** A worker's last connection is written down at most so often, ms. */
export const WORKER_SEEN_MS = 60_000

/** Why a socket was closed, for the worker to know whether to come back. */
export const CLOSE_REVOKED = 4001
export const CLOSE_FAULT = 4002
/** The same worker has come by another socket. */
export const CLOSE_REPLACED = 4003
export const CLOSE_SILENT = 4004
export const CLOSE_NO_HELLO = 4005
