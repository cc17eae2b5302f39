/** A tenant's webhook: where its events go by default, and the secrets that sign them, of which two live for a while. */
import { type SealedRecord, webhookSecretName } from '../core/sealed.ts'
import type { TenantWebhook, WebhookChange, WebhookChanged, WebhookSettings } from '../core/webhook.ts'
import type { TenantChanges } from './tenant-changes.ts'
import type { TenantRecords, WebhookDocument } from './tenant-records.ts'

/** The webhook of one tenant. Only for an object that is somebody's. */
export class TenantWebhooks {
  readonly #records: TenantRecords
  readonly #changes: TenantChanges
  readonly #arm: (atMs: number) => void

  /** `arm` has `retire` called then. */
  constructor(records: TenantRecords, changes: TenantChanges, arm: (atMs: number) => void) {
    this.#records = records
    this.#changes = changes
    this.#arm = arm
  }

  settings(nowMs: number): WebhookSettings {
    const { version = 0, document = null } = this.#records.webhook() ?? {}
    return { webhook: document === null ? null : this.#whole(version, document, nowMs), nextVersion: version + 1 }
  }

  async change(change: WebhookChange, actor: string): Promise<WebhookChanged> {
    const { version = 0, document = null } = this.#records.webhook() ?? {}
    if (change.kind === 'create') {
      if (document !== null || change.secret.version !== version + 1) return 'stale'
      await this.#make(actor, 'create', { after: shown(change.url) }, () =>
        this.#put(change.secret, { url: change.url, previousUntil: null }),
      )
      return 'changed'
    }
    if (document === null) return 'unknown'
    if (change.kind === 'point') return this.#point(version, document, change.url, actor)
    if (change.kind === 'delete') {
      await this.#make(actor, 'delete', {}, () => {
        this.#drop(version, version - 1)
        this.#records.putWebhook(version, null)
      })
      return 'changed'
    }
    if (change.secret.version !== version + 1) return 'stale'
    const { previousUntil } = change
    await this.#make(actor, 'rotate', { after: { version: version + 1, previousUntil } }, () => {
      this.#drop(version - 1)
      this.#put(change.secret, { ...document, previousUntil })
      this.#arm(Date.parse(previousUntil))
    })
    return 'changed'
  }

  /** Forgets a secret whose time beside its successor is over; answers when to look again, null for never. */
  retire(nowMs: number): number | null {
    const { version = 0, document = null } = this.#records.webhook() ?? {}
    if (document === null || document.previousUntil === null) return null
    const untilMs = Date.parse(document.previousUntil)
    if (nowMs < untilMs) return untilMs
    this.#drop(version - 1)
    this.#records.putWebhook(version, { ...document, previousUntil: null })
    return null
  }

  async #point(version: number, document: WebhookDocument, url: string | null, actor: string): Promise<WebhookChanged> {
    if (document.url === url) return 'changed'
    await this.#make(actor, 'update', { before: shown(document.url), after: shown(url) }, () =>
      this.#records.putWebhook(version, { ...document, url }),
    )
    return 'changed'
  }

  #whole(version: number, { url, previousUntil: until }: WebhookDocument, nowMs: number): TenantWebhook | null {
    const secret = this.#records.secret(webhookSecretName(version))
    if (secret === null) return null
    const before = this.#records.secret(webhookSecretName(version - 1))
    const isAlive = until !== null && nowMs < Date.parse(until)
    return { url, secret, previous: isAlive && before !== null ? { secret: before, until } : null }
  }

  #put(secret: SealedRecord, document: WebhookDocument): void {
    this.#records.putSecret(webhookSecretName(secret.version), secret)
    this.#records.putWebhook(secret.version, document)
  }

  #drop(...versions: number[]): void {
    for (const version of versions) this.#records.dropSecret(webhookSecretName(version))
  }

  #make(actor: string, verb: string, sides: { before?: unknown; after?: unknown }, change: () => void): Promise<void> {
    return this.#changes.make({ actor, action: `webhook.${verb}`, where: '/webhook' }, sides, change)
  }
}

/** What the audit log may show of a target: its path may be what lets one in there. */
function shown(url: string | null): { host: string | null } {
  return { host: url === null ? null : (URL.parse(url)?.host ?? null) }
}
