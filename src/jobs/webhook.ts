/** One attempt at telling a receiver: sign with the tenant's secrets, send, and look at nothing but the status. */
import { type SealedRecord, webhookSecretName } from '../core/sealed.ts'
import type { TenantPlace } from '../core/tenant.ts'
import type { WebhookDelivery, WebhookOutcome } from '../core/webhook.ts'
import { WEBHOOK_ATTEMPT_MS } from '../core/webhook-limits.ts'
import { webhookUrlFault } from '../core/webhook-url.ts'
import type { Clock } from '../lib/clock.ts'
import { outgoingThrough } from '../lib/outgoing.ts'
import { webhookHeaders } from '../lib/standard-webhooks.ts'
import { USER_AGENT } from '../lib/version.ts'
import type { Services } from '../services.ts'

/** A network that reaches no private address, where the platform offers one; else the runtime's own. */
const BINDING = 'WEBHOOKS'

type Tools = Pick<Services, 'clock' | 'vault' | 'binding' | 'webhooksPrivate'> & {
  readonly tenants: Pick<Services['tenants'], 'webhook'>
}

/** Sends the events of tenants. What it resolves with is the outcome; it never rejects. */
export function webhookSender(
  tools: Tools,
): (place: TenantPlace, delivery: WebhookDelivery) => Promise<WebhookOutcome> {
  const { clock, webhooksPrivate: allowPrivate } = tools
  return async (place, { id, url, body }) => {
    // Judged when it was named; a deployment that was restarted without its switch for development judges anew.
    if (webhookUrlFault(url, { ownHosts: [], allowPrivate }) !== null) return { failure: 'url_refused' }
    const signed = await signedHeaders(tools, place, id, body).catch(() => null)
    if (signed === null) return { failure: 'unsigned' }
    if (signed === 'no_secret') return { failure: 'no_secret' }
    const headers = { ...signed, 'content-type': 'application/json', 'user-agent': USER_AGENT }
    const send = outgoingThrough(tools.binding(BINDING))
    return within(clock, async (signal) => {
      const reply = await send({ url, method: 'POST', headers, body, signal })
      // What it says is nobody's business; a connection that is read no further must be told.
      reply.body?.cancel().catch(() => undefined)
      return { status: reply.status }
    })
  }
}

/** `no_secret`: the tenant has no webhook any more, or is gone. Rejects where its secrets cannot be had now. */
async function signedHeaders(
  { tenants, vault, clock }: Tools,
  place: TenantPlace,
  id: string,
  body: string,
): Promise<Record<string, string> | 'no_secret'> {
  const webhook = await tenants.webhook(place)
  if (webhook === null) return 'no_secret'
  const records = [webhook.secret, ...(webhook.previous === null ? [] : [webhook.previous.secret])]
  const open = (record: SealedRecord): Promise<string> =>
    vault.use(place.id, webhookSecretName(record.version), record, (value) => value)
  return webhookHeaders(await Promise.all(records.map(open)), id, clock.now(), body)
}

/** An outcome within WEBHOOK_ATTEMPT_MS, whether the call can be stopped or not. */
async function within(
  clock: Clock,
  attempt: (signal: AbortSignal) => Promise<WebhookOutcome>,
): Promise<WebhookOutcome> {
  const abort = new AbortController()
  let cancel = (): void => {}
  const late = new Promise<WebhookOutcome>((resolve) => {
    cancel = clock.after(WEBHOOK_ATTEMPT_MS, () => {
      resolve({ failure: 'timeout' })
      abort.abort()
    })
  })
  // Its own words may quote the URL: nothing is told of them.
  const sent = attempt(abort.signal).catch((): WebhookOutcome => ({ failure: 'unreachable' }))
  return Promise.race([late, sent]).finally(cancel)
}
