/** Verbs over a tenant's cache: `tenant cache ID`, `tenant purge ID`. */
import type { Command } from 'commander'
import type { CacheView, PurgedView } from '../../src/core/admin-views.ts'
import { path, query } from './client.ts'
import { type Columns, table } from './print.ts'
import type { Verbs } from './verbs.ts'

interface PurgeOptions {
  readonly model?: string
  readonly before?: string
  readonly knowledgeVersion?: string
}

/** Adds them to the verb `tenant`. */
export function cacheVerbs(tenant: Command, { client, show }: Verbs): void {
  tenant
    .command('cache')
    .argument('<id>')
    .description('what its cache holds, what it saved, and how well it recalls by meaning')
    .action(async (id: string) => {
      const sluice = await client()
      show(await sluice.call<CacheView>('GET', path`/tenants/${id}/cache`), words)
    })
  tenant
    .command('purge')
    .argument('<id>')
    .description('remove from its cache what fits every option; without any, all of it')
    .option('--model <alias>', 'of this model')
    .option('--before <time>', 'stored before this moment, RFC 3339')
    .option('--knowledge-version <version>', 'made with this version of knowledge')
    .action(async (id: string, { model, before, knowledgeVersion }: PurgeOptions) => {
      const sluice = await client()
      const at = path`/tenants/${id}/cache` + query({ model, before, knowledgeVersion })
      show(
        await sluice.call<PurgedView>('DELETE', at),
        ({ removed }) =>
          `${removed} value${removed === 1 ? '' : 's'} removed; within 10 s nobody is served them any more.`,
      )
    })
}

function words({ entries, bytes, hits, corrupt, savedTokens, savedMicroUsd, dropped, routes }: CacheView): string {
  const lines = [
    `Holds ${entries} value${entries === 1 ? '' : 's'} in ${bytes} bytes.`,
    `Hits: ${hits.exact} exact, ${hits.semantic} semantic, ${hits.coalesced} coalesced.`,
    `Saved: ${savedTokens} tokens, ${(savedMicroUsd / 1_000_000).toFixed(6)} USD.`,
    ...(corrupt === 0 ? [] : [`Did not open, and were dropped: ${corrupt}.`]),
    ...(dropped === 0 ? [] : [`No room to keep, in the isolate that answers and of all tenants: ${dropped}.`]),
  ]
  return routes.length === 0 ? lines.join('\n') : [...lines, '', table(routes, ROUTE)].join('\n')
}

const ROUTE: Columns<CacheView['routes'][number]> = {
  MODEL: ({ model }) => model,
  ENCODER: ({ encoder }) => encoder,
  OBSERVATIONS: ({ observations }) => observations,
  'SERVES FROM': ({ threshold }) => (threshold === null ? 'never' : threshold.toFixed(3)),
  ERROR: ({ errorRate }) => percent(errorRate),
  'AT MOST': ({ errorBound }) => percent(errorBound),
  ALLOWED: ({ maxErrorRate }) => percent(maxErrorRate),
  QUESTIONS: ({ vectors }) => vectors,
  ANSWERS: ({ groups }) => groups,
}

const percent = (share: number | null): string | null => (share === null ? null : `${(share * 100).toFixed(2)} %`)
