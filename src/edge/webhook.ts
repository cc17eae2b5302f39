/** Where the end of a request is to be told: what it names, checked, or its tenant's default. */
import type { Entry } from '../authenticate/enter.ts'
import { type Refusal, refusal } from '../core/errors.ts'
import { webhookUrlFault } from '../core/webhook-url.ts'
import type { Services } from '../services.ts'
import type { Lasting } from './exchange.ts'

const HEADER = 'x-sluice-webhook'

/**
 * What outlives the request, with its webhook checked. The tenant's default counts for what ends when nobody may be
 * there to see it: background and detached requests. `url` is the request's own: by its host we are reached.
 */
export function withWebhook(
  { webhooksPrivate: allowPrivate }: Pick<Services, 'webhooksPrivate'>,
  { caller, deployment }: Pick<Entry, 'caller' | 'deployment'>,
  url: string,
  lasting: Lasting,
): Lasting | Refusal {
  const { webhook: named, background, onDisconnect } = lasting
  if (named === undefined) {
    const target = background || onDisconnect === 'detach' ? caller.webhook?.url : undefined
    return { ...lasting, webhook: target ?? undefined }
  }
  if (caller.webhook === null) {
    const told = `Ask your operator to make a webhook for the tenant first: it has no secret to sign with.`
    return refusal('invalid_request', told, { param: HEADER })
  }
  const ownHosts = [new URL(url).hostname, ...(deployment.config.webhooks?.ownHosts ?? [])]
  const fault = webhookUrlFault(named, { ownHosts, allowPrivate })
  if (fault !== null) return refusal('invalid_request', `The URL in '${HEADER}' must ${fault}.`, { param: HEADER })
  return lasting
}
