/** Webhooks: the events that are told, how a delivery stands after an attempt, and a tenant's own settings. No I/O. */
import { sha256Hex } from '../lib/hash.ts'
import type { SealedRecord } from './sealed.ts'
import { WEBHOOK_JITTER_SHARE, WEBHOOK_LIFE_MS, WEBHOOK_WAITS_MS } from './webhook-limits.ts'

/** A tenant's webhook, as its object keeps it. */
export interface TenantWebhook {
  /** Where the ends of what outlives its connection are told unless a request says otherwise; null: nowhere. */
  readonly url: string | null
  /** What signs, sealed under `webhookSecretName(version)`. */
  readonly secret: SealedRecord
  /** The secret before, which signs beside it until then, RFC 3339. */
  readonly previous: { readonly secret: SealedRecord; readonly until: string } | null
}

/** The same, with the version that the tenant's next secret is sealed with: never one that was used before. */
export interface WebhookSettings {
  readonly webhook: TenantWebhook | null
  readonly nextVersion: number
}

/** A change of a tenant's webhook. */
export type WebhookChange =
  | { readonly kind: 'create'; readonly url: string | null; readonly secret: SealedRecord }
  | { readonly kind: 'point'; readonly url: string | null }
  | { readonly kind: 'rotate'; readonly secret: SealedRecord; readonly previousUntil: string }
  | { readonly kind: 'delete' }

/** `unknown`: there is no webhook to change; `stale`: another call was faster, look again. */
export type WebhookChanged = 'changed' | 'unknown' | 'stale'

/** How what is told about ended. */
export type WebhookEnding = 'completed' | 'incomplete' | 'failed' | 'cancelled' | 'interrupted'

/** An event as it is handed over: what it is about, never what was asked or answered. */
export interface WebhookEvent {
  /** The receiver's `webhook-id`: the same whenever the same end is told. */
  readonly id: string
  /** JSON, as it is signed and sent. */
  readonly body: string
}

/** The event of an end. `subject` is the id of a response or a stream, as callers know it; `atMs` when it ended. */
export function endEvent(
  kind: 'response' | 'stream',
  subject: string,
  ending: WebhookEnding,
  atMs: number,
): WebhookEvent {
  const type = `${kind}.${endingOf(kind, ending)}`
  const id = `evt_${sha256Hex(`${type}\n${subject}`).slice(0, 32)}`
  const event = { id, object: 'event', type, created_at: Math.floor(atMs / 1000), data: { id: subject } }
  return { id, body: JSON.stringify(event) }
}

/** OpenAI has no word for a response that was interrupted, and a stream that was cut short by a bound has ended as told. */
function endingOf(kind: 'response' | 'stream', ending: WebhookEnding): WebhookEnding {
  if (kind === 'response') return ending === 'interrupted' ? 'failed' : ending
  return ending === 'incomplete' ? 'completed' : ending
}

/** An event on its way to a receiver. */
export interface WebhookDelivery extends WebhookEvent {
  readonly url: string
}

/**
 * Why an attempt brought no status: nobody answered in time or at all; the secret could not be had for the moment; the
 * tenant has none any more; the URL is not one that events are sent to; or the attempt died with its process.
 */
export type WebhookFailure = 'timeout' | 'unreachable' | 'unsigned' | 'no_secret' | 'url_refused' | 'interrupted'

/** What came of an attempt. */
export type WebhookOutcome = { readonly status: number } | { readonly failure: WebhookFailure }

/** Where a delivery stands. `dueMs`: when its next attempt is. */
export type WebhookStanding =
  | { readonly state: 'pending'; readonly dueMs: number }
  | { readonly state: 'delivered' | 'failed' }

const GONE = 410
const FINAL: readonly WebhookFailure[] = ['no_secret', 'url_refused']

/** Where a delivery stands after `attempts` of them, the last of which ended so at `nowMs`. */
export function standingAfter(
  { id, enqueuedMs }: { readonly id: string; readonly enqueuedMs: number },
  attempts: number,
  outcome: WebhookOutcome,
  nowMs: number,
): WebhookStanding {
  if ('status' in outcome) {
    if (outcome.status >= 200 && outcome.status < 300) return { state: 'delivered' }
    if (outcome.status === GONE) return { state: 'failed' }
  } else if (FINAL.includes(outcome.failure)) return { state: 'failed' }
  const waitMs = WEBHOOK_WAITS_MS[attempts - 1]
  if (waitMs === undefined) return { state: 'failed' }
  const dueMs = nowMs + Math.ceil(waitMs * (1 + WEBHOOK_JITTER_SHARE * shareOf(`${id} ${attempts}`)))
  return dueMs > enqueuedMs + WEBHOOK_LIFE_MS ? { state: 'failed' } : { state: 'pending', dueMs }
}

/** In [0, 1), the same for the same text. */
const shareOf = (text: string): number => Number.parseInt(sha256Hex(text).slice(0, 8), 16) / 2 ** 32

/** A delivery and its attempts, for who asks after it. Dates are RFC 3339. */
export interface WebhookReport {
  readonly id: string
  /** Host of the receiver, with its port. */
  readonly host: string
  readonly state: 'pending' | 'delivered' | 'failed'
  /** When the next attempt is; null once there is none. */
  readonly nextAt: string | null
  /** Oldest first. */
  readonly attempts: readonly WebhookAttempt[]
}

export interface WebhookAttempt {
  readonly at: string
  /** What the receiver answered; null where it did not. */
  readonly status: number | null
  readonly failure: WebhookFailure | null
  readonly ms: number
}
