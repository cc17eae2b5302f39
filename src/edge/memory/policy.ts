/** What the config says of sessions, for whoever runs a turn or changes one. No I/O. */
import type { Config } from '../../core/config.ts'
import { TURN_WAIT_MS } from '../../core/session/limits.ts'
import type { SessionPolicy } from '../../core/session/types.ts'

type Sessions = Config['sessions']

export const policyOf = ({ ttlSeconds, loopRepeats }: Sessions): SessionPolicy => ({
  ttlMs: ttlSeconds * 1000,
  loopRepeats,
})

/** How long a turn waits for the one before it. */
export const turnWaitMs = ({ onBusy }: Sessions, maxWaitMs: number | undefined): number =>
  onBusy === 'refuse' ? 0 : (maxWaitMs ?? TURN_WAIT_MS)
