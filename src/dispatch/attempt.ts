/** One attempt at one target: from the call to the commit point, a whole reply, or a fault. */
import type { ByteBudget } from '../core/byte-budget.ts'
import { parseJson, usageIn } from '../core/chat-wire.ts'
import { type InferenceRequest, promptBytes, type Upload } from '../core/inference.ts'
import {
  PROLOGUE_BYTES_MAX,
  PROLOGUE_EVENTS_MAX,
  UPSTREAM_ERROR_BYTES_MAX,
  UPSTREAM_REPLY_BYTES_MAX,
} from '../core/limits.ts'
import { POOL_HEADER } from '../core/pool/line-limits.ts'
import type { RepetitionRule } from '../core/repetition.ts'
import type { Usage } from '../core/usage.ts'
import type { Form } from '../core/wire.ts'
import { WIRES } from '../core/wires.ts'
import type { Clock } from '../lib/clock.ts'
import { piecesOf } from '../lib/pieces.ts'
import { concat } from '../lib/sse.ts'
import type { ProviderReply } from '../providers/types.ts'
import type { Candidate } from '../route/route.ts'
import { type CallServices, call, NotCallable } from './call.ts'
import { cutterOf } from './cutter-of.ts'
import { Deadline, type Expiry } from './deadline.ts'
import { type Fault, faultOfReply } from './fault.ts'
import { type LiveParts, LiveStream } from './live-stream.ts'
import { Overloaded, type Reading, readBody, readText } from './read-body.ts'
import { RelayCutter } from './relay-cutter.ts'
import type { ReplicaLease } from './replica.ts'
import { usageUnsaid } from './unsaid.ts'
import { verdictOf } from './verdict.ts'

/** Headers of an upstream that go on to the client. */
export interface UpstreamHeaders {
  readonly processingMs: string | null
  readonly version: string | null
  readonly requestId: string | null
  /** Where the body passes on as it is. */
  readonly content?: PassedContent
}

/** What such a body is, as far as its provider says. */
export interface PassedContent {
  readonly type: string | null
  readonly bytes: number | null
  readonly disposition: string | null
}

/** What one attempt came to. */
export type AttemptResult =
  | {
      readonly kind: 'whole'
      /** The protocol that the body is in. */
      readonly form: Form
      readonly body: string | Uint8Array
      readonly usage: Usage
      readonly headers: UpstreamHeaders
      readonly droppedParams: readonly string[]
    }
  | {
      readonly kind: 'stream'
      readonly form: Form
      readonly live: LiveStream
      readonly headers: UpstreamHeaders
      readonly droppedParams: readonly string[]
    }
  /** `usage`: what the provider had reported before it failed. */
  | { readonly kind: 'fault'; readonly fault: Fault; readonly usage: Usage | null }

/** Bounds of one attempt, ms. */
export interface AttemptClocks {
  /** To the headers; for a stream also to the first content. */
  readonly headersMs: number
  /** Is that shorter than the model's own? Then missing it says nothing of the target. */
  readonly isCallers: boolean
  readonly idleMs: number
  /** When a stream counts as caught in its own words; absent: never. */
  readonly repetition?: RepetitionRule | undefined
  /** Moment at which the whole request is over. */
  readonly totalAtMs: number
}

export interface AttemptServices extends CallServices {
  readonly clock: Clock
  /** What whole replies may hold of this isolate's memory, all together. */
  readonly replyBudget: ByteBudget
}

/** Makes one attempt, at the replica where the target has a pool; gives it back. Never rejects: whatever happens is a result. */
export async function attempt(
  services: AttemptServices,
  candidate: Candidate,
  request: InferenceRequest,
  clocks: AttemptClocks,
  lease: ReplicaLease | null,
  client: AbortSignal,
): Promise<AttemptResult> {
  const controller = new AbortController()
  let expiry: Expiry | undefined
  let live: LiveStream | undefined
  const leave = (): void => {
    controller.abort()
    live?.cancel()
  }
  client.addEventListener('abort', leave, { once: true })
  const upload = request.relay?.upload
  upload?.broken.addEventListener('abort', () => controller.abort(), { once: true })
  const deadline = new Deadline(services.clock, clocks.totalAtMs, clocks.idleMs, (reason) => {
    expiry = reason
    live?.expired()
    controller.abort()
  })
  const hold = services.replyBudget.hold()
  const reported: Reported = { usage: null }
  const settle = (result: AttemptResult): AttemptResult => {
    if (result.kind === 'stream') {
      live = result.live
      // Whoever left between the commit and this moment was not heard by `leave`.
      if (client.aborted) live.cancel()
      live.ended.then(() => client.removeEventListener('abort', leave))
      return result
    }
    client.removeEventListener('abort', leave)
    deadline.stop()
    hold.release()
    if (result.kind === 'whole') lease?.release('answered', result.usage)
    else lease?.release(verdictOf(result.fault), reported.usage)
    if (result.kind !== 'fault') return result
    // Whatever of the upstream is still open is of no use any more.
    controller.abort()
    return { ...result, ...reported }
  }
  if (client.aborted) return settle(fault({ kind: 'cancelled' }))
  // While a replica was waited for, say.
  if (upload?.broken.aborted) return settle(uploadFault(upload))
  try {
    deadline.arm(clocks.headersMs, clocks.isCallers ? 'caller' : 'headers')
    const { idleMs, repetition } = clocks
    const context: Context = {
      services,
      request,
      idleMs,
      repetition,
      deadline,
      controller,
      client,
      lease,
      hold,
      reported,
    }
    const result = await call(services, candidate, request, lease, controller.signal, (reply, secrets) =>
      readReply(context, reply, secrets),
    )
    return settle(result)
  } catch (error) {
    if (client.aborted) return settle(fault({ kind: 'cancelled' }))
    if (expiry !== undefined) return settle(fault({ kind: 'timeout', expiry }))
    if (error instanceof Overloaded) return settle(fault({ kind: 'overloaded' }))
    if (upload?.fault != null) return settle(uploadFault(upload))
    if (error instanceof NotCallable) return settle(fault({ kind: 'uncallable', why: error.message }))
    return settle(failed('could not be reached', 0))
  }
}

const fault = (found: Fault): AttemptResult => ({ kind: 'fault', fault: found, usage: null })

const uploadFault = ({ fault: found }: Upload): AttemptResult =>
  fault(found === null || found === 'left' ? { kind: 'cancelled' } : { kind: 'unsendable', refusal: found })

const failed = (why: string, status = 200): AttemptResult => fault({ kind: 'failed', status, retryAfterMs: null, why })

/** What a provider says was used counts, also where nothing comes of it. */
interface Reported {
  usage: Usage | null
}

/** What the readers of a reply share. They may throw: the caller of `attempt` never sees that. */
interface Context extends Reading {
  readonly repetition: RepetitionRule | undefined
  readonly services: AttemptServices
  readonly request: InferenceRequest
  readonly controller: AbortController
  readonly client: AbortSignal
  readonly lease: ReplicaLease | null
  readonly reported: Reported
}

async function readReply(context: Context, reply: ProviderReply, secrets: readonly string[]): Promise<AttemptResult> {
  const { status, headers } = reply
  if (context.lease?.through !== undefined && headers.get(POOL_HEADER) === 'lost') return fault({ kind: 'lost' })
  if (status < 200 || status >= 300) {
    context.deadline.arm(context.idleMs, 'idle')
    // The status says enough where the body does not come.
    const reading = status >= 400 ? readText(context, reply, UPSTREAM_ERROR_BYTES_MAX) : ''
    const text = await Promise.resolve(reading).catch(() => '')
    if (context.client.aborted) return fault({ kind: 'cancelled' })
    context.reported.usage = usageIn(parseJson(text))
    return fault(faultOfReply(status, headers, text, context.services.clock.now(), secrets))
  }
  const type = headers.get('content-type') ?? ''
  if (context.request.relay !== undefined) return passOn(context, reply, type)
  if (!context.request.stream) return readWhole(context, reply, type)
  if (/^text\/event-stream/i.test(type)) return readStream(context, reply)
  return failed(`answered a stream with ${type === '' ? 'no content type' : 'another content type'}`)
}

async function readWhole(context: Context, reply: ProviderReply, type: string): Promise<AttemptResult> {
  if (!/^application\/(?:[a-z.]+\+)?json/i.test(type)) return failed('answered with no JSON')
  const body = await readBody(context, reply, UPSTREAM_REPLY_BYTES_MAX)
  if (body === null) return failed('answered with more than is taken')
  const { form = 'openai' } = reply
  const wire = WIRES[form]
  const value = parseJson(typeof body === 'string' ? body : new TextDecoder().decode(body))
  context.reported.usage = wire.usageIn(value, null)
  if (wire.errorIn(value) !== null) return failed('answered 200 with an error')
  if (!wire.isReply(context.request.operation, value)) return failed('answered with another shape')
  return {
    kind: 'whole',
    form,
    body,
    usage: context.reported.usage ?? usageUnsaid(context.request, value),
    headers: upstreamHeaders(reply),
    droppedParams: reply.droppedParams,
  }
}

async function readStream(context: Context, reply: ProviderReply): Promise<AttemptResult> {
  if (reply.body === null) return failed('answered a stream with no body')
  const { reported } = context
  const requestBytes = promptBytes(context.request)
  const reader = reply.body.getReader()
  const { form = 'openai' } = reply
  const cutter = cutterOf(form, context.request, context.repetition)
  let prologue: Uint8Array = new Uint8Array(0)
  let broken = false
  // The clock of the first content is that of the headers, still running: both are what the client waits for.
  while (!cutter.committed) {
    const read = await reader.read()
    if (read.done) return failed('ended before its first content')
    const cut = cutter.push(read.value)
    reported.usage = cutter.usage
    if (cut.error && !cutter.committed) return failed('answered a stream with an error')
    prologue = prologue.length === 0 ? cut.bytes : concat(prologue, cut.bytes)
    if (cutter.events >= PROLOGUE_EVENTS_MAX || prologue.length + cutter.heldBytes >= PROLOGUE_BYTES_MAX)
      cutter.committed = true
    broken = cut.error
  }
  return streamed(context, reply, { reader, cutter, prologue, broken, requestBytes })
}

/** An endpoint that is passed on promises nothing of its reply: a good status commits, and the rest goes by. */
function passOn(context: Context, reply: ProviderReply, type: string): AttemptResult {
  const reader = piecesOf(reply.body ?? new Blob().stream())
  const parts = { reader, cutter: new RelayCutter(type), prologue: new Uint8Array(0), broken: false }
  const result = streamed(context, reply, { ...parts, requestBytes: null })
  return { ...result, headers: { ...result.headers, content: contentOf(reply, type) } }
}

type Own = 'reader' | 'cutter' | 'prologue' | 'broken' | 'requestBytes'

/** What has committed, to be read by whoever sends it on. */
function streamed(
  // Not the context itself in what outlives this: it holds the request's body, whose memory is given back by then.
  { services: { clock }, idleMs, deadline, controller, client, lease }: Context,
  reply: ProviderReply,
  own: Pick<LiveParts, Own>,
): Extract<AttemptResult, { kind: 'stream' }> {
  lease?.first()
  const live = new LiveStream({
    ...own,
    deadline,
    clock,
    idleMs,
    abort: () => controller.abort(),
    clientLeft: () => client.aborted,
    release: (outcome, usage) => lease?.release(outcome, usage),
  })
  deadline.pause()
  const { form = 'openai', droppedParams } = reply
  return { kind: 'stream', form, live, headers: upstreamHeaders(reply), droppedParams }
}

const upstreamHeaders = ({ headers }: ProviderReply): UpstreamHeaders => ({
  processingMs: headers.get('openai-processing-ms'),
  version: headers.get('openai-version'),
  requestId: headers.get('x-request-id') ?? headers.get('request-id'),
})

function contentOf({ headers }: ProviderReply, type: string): PassedContent {
  // The length of what was compressed is not that of what comes out of it.
  const length = headers.get('content-encoding') === null ? headers.get('content-length') : null
  return {
    type: type === '' ? null : type,
    bytes: length === null ? null : Number(length),
    disposition: headers.get('content-disposition'),
  }
}
