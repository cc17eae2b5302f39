/** Verbs over tenants' webhooks. */
import type { Command } from 'commander'
import type { NewWebhookView, RotatedWebhookView, WebhookView } from '../../src/core/admin-views.ts'
import { path } from './client.ts'
import { fields } from './print.ts'
import type { Verbs } from './verbs.ts'

interface SetOptions {
  /** False: none by default. */
  readonly url?: string | false
}

export function webhookVerbs(program: Command, { client, show }: Verbs): void {
  const webhook = program.command('webhook').description('tell tenants’ receivers what has ended')
  const at = (tenant: string): string => path`/tenants/${tenant}/webhook`
  const words = (view: WebhookView) => fields({ ...view })

  webhook
    .command('set')
    .argument('<tenant>')
    .description('make the webhook of a tenant, whose secret is shown this once, or change where it leads by default')
    .option('--url <url>', 'where background and detached requests are told of that name no other')
    .option('--no-url', 'nowhere by default')
    .action(async (tenant: string, { url }: SetOptions) => {
      const sluice = await client()
      // The option that takes it away makes its absence true.
      const body = typeof url === 'string' ? { url } : url === false ? { url: null } : {}
      show(await sluice.call<WebhookView | NewWebhookView>('PUT', at(tenant), body), (view) =>
        'secret' in view ? `${words(view)}\n${ONCE}` : words(view),
      )
    })
  webhook
    .command('show')
    .argument('<tenant>')
    .description('where it leads, without its secret')
    .action(async (tenant: string) => {
      const sluice = await client()
      show(await sluice.call<WebhookView>('GET', at(tenant)), words)
    })
  webhook
    .command('rotate')
    .argument('<tenant>')
    .description('make a new secret; the old one signs beside it for 24 h')
    .action(async (tenant: string) => {
      const sluice = await client()
      const rotated = await sluice.call<RotatedWebhookView>('POST', `${at(tenant)}/rotate`)
      show(rotated, (view) => `${fields({ ...view })}\n${ONCE}`)
    })
  webhook
    .command('delete')
    .argument('<tenant>')
    .description('forget it; what is still to be delivered is given up')
    .action(async (tenant: string) => {
      const sluice = await client()
      await sluice.call('DELETE', at(tenant))
      show({ tenant, deleted: true }, () => `The webhook of ${tenant} is forgotten.`)
    })
}

const ONCE = 'Give the secret to the receiver now: it is not shown again.'
