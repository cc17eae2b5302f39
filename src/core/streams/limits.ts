/** Bounds of streams that outlive their connections. No I/O. */

/** Events of a stream are sealed and kept in segments: after so long, or so many bytes. */
export const STREAM_FLUSH_MS = 250
/** With more streams than so many in one isolate it is proportionally longer, up to a second. */
export const STREAM_FLUSH_STREAMS = 25
export const STREAM_FLUSH_MS_MAX = 1000
export const STREAM_SEGMENT_BYTES_MAX = 512 * 1024
/** Events that are kept nowhere yet: beyond it the upstream waits. */
export const STREAM_UNKEPT_BYTES_MAX = 4 * 1024 * 1024
/** Events that are kept, and in memory all the same for those who read live. */
export const STREAM_TAIL_BYTES_MAX = 1024 * 1024
/** One write to one reader. */
export const STREAM_PIECE_BYTES_MAX = 64 * 1024
/** One stream in all; what is longer is stopped. */
export const STREAM_BYTES_MAX = 64 * 1024 * 1024
/** One value of a row, below the 2 MB that the platform takes. */
export const STREAM_ROW_CHARS_MAX = 1_900_000
/** Readers of one stream at once. */
export const STREAM_READERS_MAX = 1000
/** Longest wait for the head of a reply: that of the longest request, and some. */
export const STREAM_HEAD_MS = 3_660_000
/** Any other question to a stream's object: stopping it takes as long as its upstream needs to notice. */
export const STREAM_CALL_MS = 10_000
/** How long an idempotency key stands for what it was first used with. */
export const IDEMPOTENCY_KEPT_MS = 86_400_000
/** By then a stream's object has forgotten everything, what was told of its end included. */
export const STREAM_FORGOTTEN_MS = 9 * 86_400_000
/** How long a stream that several met for is kept after its end: by then its answer can be recalled. */
export const STREAM_MET_MS = 2000
/** How long after its end a stream is kept for those who have not read it to that. */
export const STREAM_READ_MS_MAX = 3_600_000
/** How long a stream is kept after its end, and one that nobody read to it. */
export const STREAM_KEPT_MS = 600_000
export const STREAM_ABANDONED_MS = 3_600_000
/** How often a running stream wakes its object, which is otherwise forgotten after 10 s without a question. */
export const STREAM_BEAT_MS = 5000
/** How long a stream that is for its readers alone goes on when the last has left. */
export const STREAM_DESERTED_MS = 1000
