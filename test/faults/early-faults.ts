/** Faults before the first content, each as a script of an upstream's bytes, and what the contract says must come of it. */
import { gzipSync } from 'node:zlib'
import type { Call, Script } from '../support/scripted-origin.ts'
import { event, providerError, role, text, whole } from '../support/wire.ts'

/** A fault before anything of the answer could be shown: the next target answers, or the refusal is relayed. */
export interface EarlyFault {
  readonly name: string
  /** In which forms of a request it can happen. */
  readonly forms: readonly ('whole' | 'stream')[]
  /** Undefined where the fault is in the address: nobody listens, or nobody can be trusted. */
  readonly script?: Script
  readonly address?: 'closed' | 'untrusted'
  /** Calls begun until the next target has answered, or until the refusal. CONTRACT §7 "Attempts". */
  readonly attempts: number
  /** Set where the provider's refusal is the caller's doing: its status, relayed at once. */
  readonly relayed?: number
  /** What a caller is told when no other target is left (`retries: 0`). */
  readonly alone: { readonly status: number; readonly code: string }
}

const BOTH = ['whole', 'stream'] as const
const WHOLE = ['whole'] as const
const STREAM = ['stream'] as const
const FAILED = { status: 502, code: 'upstream_failed' }
const LATE = { status: 504, code: 'upstream_timeout' }
const LIMITED = { status: 429, code: 'upstream_rate_limited' }
/** Tried, tried again, then the next. */
const TWICE = 3
/** The next at once. */
const ONCE = 2

/** What a provider says; the test looks for it where it is relayed. */
export const PROVIDER_SAYS = 'The provider has its own words for this.'

const status =
  (code: number, more: Record<string, unknown> = {}, headers: Record<string, string> = {}): Script =>
  (call) =>
    call.reply(code, providerError(PROVIDER_SAYS, more), headers)

/** Half of a whole answer under a promise of all of it. */
async function half(call: Call): Promise<void> {
  const answer = whole('Half of it.')
  await call.head(200, { 'content-type': 'application/json', 'content-length': String(answer.length) })
  await call.write(answer.slice(0, answer.length / 2))
}

const wholeOr =
  (stream: (call: Call) => Promise<void>, otherwise: (call: Call) => Promise<void>): Script =>
  (call) =>
    call.json.stream === true ? stream(call) : otherwise(call)

const prologue = async (call: Call): Promise<void> => {
  await call.head(200)
  await call.write(role())
}

const relayed = (code: number, more: Record<string, unknown> = {}): EarlyFault => ({
  name: `status-${code}`,
  forms: BOTH,
  script: status(code, { param: 'messages', ...more }),
  attempts: 1,
  relayed: code,
  alone: { status: code, code: 'upstream_rejected' },
})

const failing = (code: number): EarlyFault => ({
  name: `status-${code}`,
  forms: BOTH,
  script: status(code),
  attempts: TWICE,
  alone: FAILED,
})

/** `secondHost`: where the redirects point; it must never see a connection. */
export const earlyFaults = (secondHost: string): readonly EarlyFault[] => [
  ...[301, 302, 307, 308].map(
    (code): EarlyFault => ({
      name: `redirect-${code}`,
      forms: BOTH,
      script: (call) => call.reply(code, '', { location: `${secondHost}/chat/completions` }),
      attempts: TWICE,
      alone: FAILED,
    }),
  ),
  { name: 'refused', forms: BOTH, address: 'closed', attempts: TWICE, alone: FAILED },
  { name: 'tls-error', forms: BOTH, address: 'untrusted', attempts: TWICE, alone: FAILED },
  relayed(400),
  relayed(413),
  relayed(422),
  { ...relayed(404, { code: 'no_such_file' }), name: 'status-404-of-content' },
  { name: 'status-401', forms: BOTH, script: status(401), attempts: ONCE, alone: FAILED },
  { name: 'status-403', forms: BOTH, script: status(403), attempts: ONCE, alone: FAILED },
  {
    name: 'status-404-of-model',
    forms: BOTH,
    script: status(404, { code: 'model_not_found' }),
    attempts: ONCE,
    alone: FAILED,
  },
  {
    name: 'status-404-of-nobody',
    forms: BOTH,
    script: (call) => call.reply(404, '<h1>Not Found</h1>', { 'content-type': 'text/html' }),
    attempts: ONCE,
    alone: FAILED,
  },
  failing(408),
  failing(409),
  failing(500),
  failing(503),
  { name: 'status-429', forms: BOTH, script: status(429), attempts: ONCE, alone: LIMITED },
  {
    name: 'status-429-with-retry-after',
    forms: BOTH,
    script: status(429, {}, { 'retry-after': '7' }),
    attempts: ONCE,
    alone: LIMITED,
  },
  { name: 'headers-never', forms: BOTH, script: () => {}, attempts: TWICE, alone: LATE },
  {
    name: 'first-token-never',
    forms: BOTH,
    script: wholeOr(prologue, (call) => call.head(200, { 'content-type': 'application/json' })),
    attempts: TWICE,
    alone: LATE,
  },
  { name: 'stall-in-body', forms: WHOLE, script: half, attempts: TWICE, alone: LATE },
  {
    name: 'cut-fin',
    forms: BOTH,
    script: async (call) => {
      await (call.json.stream === true ? prologue(call) : half(call))
      call.hangUp()
    },
    attempts: TWICE,
    alone: FAILED,
  },
  {
    name: 'cut-rst',
    forms: BOTH,
    script: async (call) => {
      await (call.json.stream === true ? prologue(call) : half(call))
      call.reset()
    },
    attempts: TWICE,
    alone: FAILED,
  },
  {
    name: 'cut-before-headers',
    forms: BOTH,
    script: (call) => call.reset(),
    attempts: TWICE,
    alone: FAILED,
  },
  {
    name: 'cut-mid-event',
    forms: STREAM,
    script: async (call) => {
      await call.head(200)
      await call.write(text('never seen').slice(0, 40))
      call.hangUp()
    },
    attempts: TWICE,
    alone: FAILED,
  },
  {
    name: 'eof-without-done',
    forms: STREAM,
    script: async (call) => {
      await prologue(call)
      await call.end()
    },
    attempts: TWICE,
    alone: FAILED,
  },
  { name: 'empty-200', forms: BOTH, script: (call) => call.reply(200, ''), attempts: TWICE, alone: FAILED },
  {
    name: 'html-200',
    forms: BOTH,
    script: (call) => call.reply(200, '<!doctype html><h1>Sign in</h1>', { 'content-type': 'text/html' }),
    attempts: TWICE,
    alone: FAILED,
  },
  {
    name: 'html-200-as-events',
    forms: STREAM,
    script: async (call) => {
      await call.head(200)
      await call.end('<!doctype html>\n\n<h1>Sign in</h1>\n\n')
    },
    attempts: TWICE,
    alone: FAILED,
  },
  {
    name: 'error-in-200',
    forms: BOTH,
    script: (call) => call.reply(200, providerError('went wrong')),
    attempts: TWICE,
    alone: FAILED,
  },
  {
    name: 'error-event-first',
    forms: STREAM,
    script: async (call) => {
      await call.head(200)
      await call.end(event({ error: { message: 'went wrong', type: 'server_error', code: 500 } }))
    },
    attempts: TWICE,
    alone: FAILED,
  },
  {
    name: 'named-error-event-after-role',
    forms: STREAM,
    script: async (call) => {
      await prologue(call)
      await call.end(`event: error\n${event({ error: { message: 'went wrong', type: 'server_error' } })}`)
    },
    attempts: TWICE,
    alone: FAILED,
  },
  {
    name: 'gzip-claimed-only',
    forms: BOTH,
    script: (call) => call.reply(200, whole('plain'), { 'content-encoding': 'gzip' }),
    attempts: TWICE,
    alone: FAILED,
  },
  {
    name: 'gzip-cut',
    forms: WHOLE,
    script: (call) => call.reply(200, gzipSync(whole('cut')).subarray(0, 60), { 'content-encoding': 'gzip' }),
    attempts: TWICE,
    alone: FAILED,
  },
]
