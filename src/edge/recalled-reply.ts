/** An answer that was given before, as the caller asked for it: with an id and a time of its own. */
import type { Answer } from '../gateway.ts'
import type { Clock } from '../lib/clock.ts'

type Hit = Extract<Answer, { kind: 'recalled' }>['hit']

/** The whole reply's JSON. */
export const wholeOf = (hit: Hit, clock: Pick<Clock, 'now'>): string => hit.prepared.whole(fresh(hit, clock))

/** All of its event stream, which is there already. */
export const streamOf = (hit: Hit, clock: Pick<Clock, 'now'>, wantsUsage: boolean): string =>
  hit.prepared.stream(fresh(hit, clock), wantsUsage)

const fresh = ({ reply }: Hit, clock: Pick<Clock, 'now'>) => ({
  id: `${reply.operation === 'completions' ? 'cmpl' : 'chatcmpl'}-${crypto.randomUUID().replaceAll('-', '')}`,
  createdS: Math.floor(clock.now() / 1000),
})
