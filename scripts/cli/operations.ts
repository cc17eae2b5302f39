/** Verbs of the night watch: provider check, status, audit. */
import type { Command } from 'commander'
import type { AuditEntryView, Page, ProviderCheckView, StatusView } from '../../src/core/admin-views.ts'
import { path, query } from './client.ts'
import { CliError } from './io.ts'
import { fields, said, table } from './print.ts'
import type { Verbs } from './verbs.ts'

export function operationVerbs(program: Command, { client, show }: Verbs): void {
  program
    .command('provider')
    .description('look after providers')
    .command('check')
    .argument('<name>')
    .description("try a provider's credential; exit code 1 when it fails")
    .action(async (name: string) => {
      const sluice = await client()
      const view = await sluice.call<ProviderCheckView>('POST', path`/providers/${name}/check`)
      if (!view.ok) throw new CliError(`Provider ${name} failed after ${view.latencyMs} ms: ${view.error}.`, view)
      show(view, ({ latencyMs, models = [] }) =>
        [`Provider ${name} is fine: ${latencyMs} ms, ${models.length} models.`, ...models].join('\n  '),
      )
    })
  program
    .command('status')
    .description('how the deployment stands')
    .action(async () => {
      const sluice = await client()
      show(await sluice.call<StatusView>('GET', '/status'), (view) => fields({ ...view }))
    })
  program
    .command('audit')
    .description('every change, oldest first')
    .option('--after <last>', 'go on after the page that ended so')
    .option('--limit <count>', 'one page of so many; without it, all')
    .action(async ({ after, limit }: { after?: string; limit?: string }) => {
      const sluice = await client()
      const all = after === undefined && limit === undefined
      const page = all
        ? await sluice.all<AuditEntryView>('/audit')
        : await sluice.call<Page<AuditEntryView>>('GET', `/audit${query({ after, limit })}`)
      show(page, ({ data }) =>
        table(data, {
          AT: ({ at }) => at,
          ACTOR: ({ actor }) => actor,
          ACTION: ({ action }) => action,
          SUBJECT: ({ subject }) => subject,
          BEFORE: ({ before }) => (before === undefined ? null : said(before)),
          AFTER: ({ after }) => (after === undefined ? null : said(after)),
        }),
      )
    })
}
