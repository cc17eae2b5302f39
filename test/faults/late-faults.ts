/** Faults and oddities after the first content has gone out, each as a script of an upstream's bytes. */
import type { Call } from '../support/scripted-origin.ts'
import { DONE, delta, event, finish, role, text, usage } from '../support/wire.ts'

/** A fault after the first content has gone out: one error frame, and the end. */
export interface LateFault {
  readonly name: string
  /** What happens after role and one content delta. */
  readonly fault: (call: Call) => Promise<void> | void
  readonly code: 'upstream_failed' | 'upstream_timeout'
  /** What came of an event that never ended: some of it may be out, and then a blank line ends it. */
  readonly half?: string
}

const BIG = text('x'.repeat(1_000_000))
const HALF = text('half').slice(0, 30)

export const lateFaults: readonly LateFault[] = [
  { name: 'stall', fault: () => {}, code: 'upstream_timeout' },
  {
    name: 'stall-mid-event',
    fault: (call) => call.write(HALF),
    code: 'upstream_timeout',
    half: HALF,
  },
  { name: 'cut-between-events-fin', fault: (call) => call.hangUp(), code: 'upstream_failed' },
  { name: 'cut-between-events-rst', fault: (call) => call.reset(), code: 'upstream_failed' },
  {
    name: 'cut-mid-event-fin',
    fault: async (call) => {
      await call.write(HALF)
      call.hangUp()
    },
    code: 'upstream_failed',
    half: HALF,
  },
  {
    name: 'cut-mid-event-rst',
    fault: async (call) => {
      await call.write(HALF)
      call.reset()
    },
    code: 'upstream_failed',
    half: HALF,
  },
  {
    name: 'cut-inside-1-mb-event',
    fault: async (call) => {
      await call.write(BIG.slice(0, 500_000))
      call.hangUp()
    },
    code: 'upstream_failed',
    half: BIG.slice(0, 500_000),
  },
  { name: 'eof-without-done', fault: (call) => call.end(), code: 'upstream_failed' },
  { name: 'eof-mid-event', fault: (call) => call.end(HALF), code: 'upstream_failed', half: HALF },
  {
    name: 'error-event',
    fault: (call) => call.end(event({ error: { message: 'went wrong' } })),
    code: 'upstream_failed',
  },
  {
    // As OpenRouter has it: the error rides on a chunk with choices, and may be cut anywhere.
    name: 'error-beside-choices',
    fault: async (call) => {
      const beside = { choices: [{ index: 0, delta: { content: '' }, finish_reason: 'error' }], error: { code: 502 } }
      const bytes = event(beside)
      await call.write(bytes.slice(0, 60))
      await call.end(bytes.slice(60) + DONE)
    },
    code: 'upstream_failed',
    half: event({ choices: [{ index: 0, delta: { content: '' }, finish_reason: 'error' }] }),
  },
  {
    name: 'named-error-event',
    fault: (call) => call.end(`event: error\n${event({ error: { message: 'went wrong' } })}`),
    code: 'upstream_failed',
  },
  {
    name: 'error-event-then-done',
    fault: (call) => call.end(event({ error: { message: 'went wrong', code: 429 } }) + DONE),
    code: 'upstream_failed',
  },
]

/** Oddities that are no fault: the first target answers, and its bytes arrive. */
export const oddities: readonly { name: string; stream: string; gzip?: boolean }[] = [
  { name: '1-mb-event-first', stream: role() + BIG + finish() + usage() + DONE },
  { name: '1-mb-event-later', stream: role() + text('a') + BIG + finish() + usage() + DONE },
  { name: 'gzip-unasked', stream: role() + text('zipped') + finish() + usage() + DONE, gzip: true },
  { name: 'malformed-event-later', stream: `${role()}${text('a')}data: {oops\n\n${finish()}${usage()}${DONE}` },
  { name: 'no-content', stream: role() + finish() + usage() + DONE },
  { name: 'done-only-content-null', stream: delta({ role: 'assistant', content: null }) + finish() + usage() + DONE },
]
