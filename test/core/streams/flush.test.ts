/** Few streams are kept often, many less often, and none too late. */
import { expect, test } from 'vitest'
import { flushMs } from '../../../src/core/streams/flush.ts'

test.each([
  [1, 250],
  [25, 250],
  [50, 500],
  [100, 1000],
  [1000, 1000],
])('%i streams: every %i ms', (streams, ms) => expect(flushMs(streams)).toBe(ms))
