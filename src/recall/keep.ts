/** What becomes of an answer that recall did not have: recorded, kept, learned from; or its followers are let go. */

import { costMicroUsd } from '../core/money.ts'
import { StreamRecorder } from '../core/recall/assemble.ts'
import { RECORDED_REPLY_BYTES_MAX } from '../core/recall/limits.ts'
import { canonicalWhole, chunkReader } from '../core/recall/native.ts'
import type { Answerer } from '../core/snapshot.ts'
import { NOTHING_USED, type Usage } from '../core/usage.ts'
import type { Form } from '../core/wire.ts'
import { sealed, tellSoon } from './flush.ts'
import { guarded } from './guarded.ts'
import { learnFrom } from './learn.ts'
import type { Answer, Recall, RecallServices, Ticket } from './types.ts'

/** A stream that lets its bytes be seen on their way, and tells how it ended. */
interface Observable {
  observe(see: (bytes: Uint8Array) => void): void
  readonly reportedUsage: unknown
  readonly ended: Promise<{ readonly kind: 'finished' | 'cancelled' | 'broken'; readonly usage: Usage | null }>
}

/** What dispatch came to, as far as recall looks. */
export type Answered =
  | {
      readonly kind: 'whole'
      readonly target: Answerer
      readonly form: Form
      readonly body: string | Uint8Array
      readonly usage: Usage | null
    }
  | { readonly kind: 'stream'; readonly target: Answerer; readonly form: Form; readonly live: Observable }
  | { readonly kind: 'refused' }
  | { readonly kind: 'failed' }
  | { readonly kind: 'cancelled' }

/** Sees to everything that follows from an outcome; returns at once, and delays nobody. */
export function keep(services: RecallServices, recalled: Recall, outcome: Answered): void {
  if (recalled.kind !== 'miss' || recalled.ticket === null) return
  const { ticket } = recalled
  if (outcome.kind === 'cancelled') letGo(services, ticket, 'lead')
  // What one was told all would be told: they ask for themselves, at once, instead of one after the other.
  else if (outcome.kind === 'refused' || outcome.kind === 'failed') letGo(services, ticket, 'alone')
  else if (!mayStandIn(ticket, outcome.target)) letGo(services, ticket, 'alone')
  // Not worth its memory until the next flush: it would be refused there.
  else if (outcome.kind === 'whole' && outcome.body.length > RECORDED_REPLY_BYTES_MAX) letGo(services, ticket, 'alone')
  else if (outcome.kind === 'stream') record(services, ticket, outcome)
  else {
    const { form, target, usage } = outcome
    const body = form === 'openai' ? outcome.body : canonicalWhole(form, outcome.body)
    if (body === null) letGo(services, ticket, 'alone')
    else keepAnswer(services, answerOf(services, ticket, target, body, false, usage))
  }
}

/** An answer of another target than the first stands in for it only where the model's policy says so. */
function mayStandIn({ model }: Ticket, { id }: Answerer): boolean {
  const { strategy, cache } = model.config
  return strategy !== 'fallback' || cache?.standIn === true || model.targets[0]?.id === id
}

function record(
  services: RecallServices,
  ticket: Ticket,
  { target, form, live }: Extract<Answered, { kind: 'stream' }>,
): void {
  const recorder = new StreamRecorder(chunkReader(form))
  const hold = services.recordings.hold()
  let held = 0
  live.observe((bytes) => {
    recorder.push(bytes)
    const more = recorder.heldBytes - held
    if (more > 0 && !hold.take(more)) recorder.giveUp()
    held = Math.max(held, recorder.heldBytes)
  })
  services.background(
    live.ended.then(({ kind, usage }) => {
      hold.release()
      const body = kind === 'finished' ? recorder.finish(live.reportedUsage) : null
      if (body === null) letGo(services, ticket, kind === 'cancelled' ? 'lead' : 'alone')
      else keepAnswer(services, answerOf(services, ticket, target, body, true, usage))
    }),
  )
}

function answerOf(
  { clock }: RecallServices,
  ticket: Ticket,
  target: Answerer,
  body: string | Uint8Array,
  isAssembled: boolean,
  usage: Usage | null,
): Answer {
  return {
    ticket,
    body,
    isAssembled,
    target: target.id,
    usage: usage ?? NOTHING_USED,
    costMicroUsd: costMicroUsd(usage, target.price),
    endedAtMs: clock.now(),
  }
}

/** In a batch with others; at once where somebody waits for it, or something is to be learned from it. */
function keepAnswer(services: RecallServices, answer: Answer): void {
  const { ticket, body, endedAtMs } = answer
  if (ticket.lease !== null || ticket.asked !== null) services.background(keepNow(services, answer))
  else
    tellSoon(
      services,
      ticket.place,
      services.outbox.add(ticket.place, () => sealed(services, answer), 2 * body.length, endedAtMs),
    )
}

async function keepNow(services: RecallServices, answer: Answer): Promise<void> {
  const { ticket } = answer
  const put = await sealed(services, answer)
  if (put === null) {
    letGo(services, ticket, 'alone')
    return
  }
  ticket.lease?.stop()
  const { place, asked } = ticket
  const news = asked?.news == null ? [put] : [put, asked.news]
  await guarded(services, services.cacheBreaker, 'replies', () => services.replyCache.tell(place, news))
  if (asked !== null) await learnFrom(services, answer, asked)
}

/** Nothing will be there for those who wait. */
export function letGo(services: RecallServices, { place, key, lease }: Ticket, next: 'lead' | 'alone'): void {
  if (lease === null) return
  lease.stop()
  services.background(services.replyCache.release(place, key, lease.id, next).catch(() => undefined))
}
