/** Streams that all begin in one moment: how soon each has its first event, and what that does to the others. */
import type { LaneOptions, Load } from './lanes.ts'
import type { Contender, StreamsResult } from './types.ts'
import { atMost, type Verdict } from './verdict.ts'

/** First event of the last stream, and how much later than by the direct way the others may come. */
const FIRST_MS_MAX = 1000
const ADDED_GAP_MS_MAX = 50

/** Detached streams beside the direct way. */
export interface BurstResult {
  readonly direct: StreamsResult
  readonly detached: StreamsResult
}

/** So many at once, once each way; the objects are new every time. */
export async function burstRun(
  { direct, detached }: Readonly<Record<'direct' | 'detached', Contender>>,
  load: Load,
  { streamsAtOnce, progress }: Pick<LaneOptions, 'streamsAtOnce' | 'progress'>,
): Promise<BurstResult> {
  progress(`lane 2, burst: ${streamsAtOnce} streams in one moment`)
  const run = ({ port, headers }: Contender): Promise<StreamsResult> =>
    load({ kind: 'streams', port, headers, skin: 'chat', atOnce: streamsAtOnce, inAll: streamsAtOnce, isBurst: true })
  return { direct: await run(direct), detached: await run(detached) }
}

/** The bounds of it. */
export function burstVerdicts({ direct, detached }: BurstResult): Verdict[] {
  return [
    atMost('first event of detached streams begun at once, the last one, ms', detached.firstMaxMs, FIRST_MS_MAX),
    atMost('p99 delay of their later events, ms', detached.gapP99Ms - direct.gapP99Ms, ADDED_GAP_MS_MAX),
    atMost('their events lost', detached.eventsLost, 0),
    atMost('of them failed', detached.failures, 0),
  ]
}
