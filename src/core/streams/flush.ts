/** How long events of a stream may wait to be kept. No I/O. */
import { STREAM_FLUSH_MS, STREAM_FLUSH_MS_MAX, STREAM_FLUSH_STREAMS } from './limits.ts'

/**
 * STREAM_FLUSH_MS, and longer where many streams run on one thread: each flush is a commit, for which all of them wait;
 * at 200 streams they took a third of the thread. What a crash may take from a stream grows with it, up to
 * STREAM_FLUSH_MS_MAX.
 */
export function flushMs(streams: number): number {
  return Math.min(STREAM_FLUSH_MS_MAX, STREAM_FLUSH_MS * Math.max(1, streams / STREAM_FLUSH_STREAMS))
}
