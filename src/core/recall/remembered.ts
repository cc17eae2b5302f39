/** A reply as an isolate has it in memory: opened, and ready to be sent in either form. No I/O. */
import type { PreparedReply } from './replay.ts'
import type { RecordedReply } from './types.ts'

export interface Remembered {
  readonly reply: RecordedReply
  readonly prepared: PreparedReply
  readonly expiresAtMs: number
  /** How its tenant's cache was marked when it came: another mark means that something was purged. */
  readonly mark: string
}
