/** Verbs over what tenants used. */
import { type Command, Option } from 'commander'
import type { Page, UsageRecordView, UsageView } from '../../src/core/admin-views.ts'
import { path, query } from './client.ts'
import { type Columns, table } from './print.ts'
import type { Verbs } from './verbs.ts'

type UsageRow = UsageView['data'][number]

interface UsageOptions {
  readonly from?: string
  readonly to?: string
  readonly by?: string
}

export function usageVerbs(program: Command, { client, show }: Verbs): void {
  const usage = program.command('usage').description('what a tenant used: `usage TENANT`, `usage requests TENANT`')
  usage
    .command('show', { isDefault: true })
    .argument('<tenant>')
    .description('sums, by model, key and day as asked')
    .option('--from <time>', 'RFC 3339')
    .option('--to <time>', 'RFC 3339, not included itself')
    .option('--by <list>', 'any of model,key,day', 'model')
    .action(async (tenant: string, { from, to, by }: UsageOptions) => {
      const sluice = await client()
      const view = await sluice.call<UsageView>('GET', path`/tenants/${tenant}/usage` + query({ from, to, by }))
      show(view, ({ data }) => table(data, { ...groupColumns((by ?? '').split(',')), ...SUMS }))
    })
  usage
    .command('requests')
    .argument('<tenant>')
    .description('single requests, newest first')
    .addOption(new Option('--limit <count>', 'how many').default('50'))
    .option('--after <last>', 'go on after the page that ended so')
    .action(async (tenant: string, { limit, after }: { limit: string; after?: string }) => {
      const sluice = await client()
      const at = path`/tenants/${tenant}/usage/requests` + query({ limit, after })
      show(await sluice.call<Page<UsageRecordView>>('GET', at), ({ data, has_more, last }) =>
        has_more ? `${table(data, REQUEST)}\nMore: --after ${last}` : table(data, REQUEST),
      )
    })
}

const usd = (micro: number | null): string => (micro === null ? 'unknown' : (micro / 1_000_000).toFixed(6))

const groupColumns = (by: readonly string[]): Columns<UsageRow> => ({
  ...(by.includes('day') ? { DAY: ({ day }: UsageRow) => day } : {}),
  ...(by.includes('key') ? { KEY: ({ key }: UsageRow) => key } : {}),
  ...(by.includes('model') ? { MODEL: ({ model }: UsageRow) => model } : {}),
})

const SUMS: Columns<UsageRow> = {
  REQUESTS: ({ requests }) => requests,
  INPUT: ({ inputTokens }) => inputTokens,
  CACHED: ({ cachedInputTokens }) => cachedInputTokens,
  OUTPUT: ({ outputTokens }) => outputTokens,
  USD: ({ costMicroUsd }) => usd(costMicroUsd),
  UNPRICED: ({ unpricedRequests }) => unpricedRequests,
  ERRORS: ({ errors }) => errors,
  CANCELLED: ({ cancelled }) => cancelled,
  REFUSED: ({ refused }) => refused,
  'FIRST TOKEN P50/P95 MS': ({ firstTokenMs: { p50, p95 } }) => `${p50 ?? '-'}/${p95 ?? '-'}`,
}

const REQUEST: Columns<UsageRecordView> = {
  AT: ({ at }) => at,
  REQUEST: ({ requestId }) => requestId,
  KEY: ({ key }) => key,
  MODEL: ({ model }) => model,
  TARGET: ({ target }) => target,
  OUTCOME: ({ outcome }) => outcome,
  STATUS: ({ status }) => status,
  TRIES: ({ attempts }) => attempts,
  OUTPUT: ({ usage }) => usage?.outputTokens,
  USD: ({ costMicroUsd }) => usd(costMicroUsd),
  MS: ({ totalMs }) => totalMs,
}
