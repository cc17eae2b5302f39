/** Verbs over pools and their workers' tokens. */
import type { Command } from 'commander'
import type { PoolView } from '../../src/core/pool/views.ts'
import type { WorkerView } from '../../src/core/pool/worker-schemas.ts'
import { path } from './client.ts'
import { fields, table } from './print.ts'
import type { Verbs } from './verbs.ts'

interface NewWorker {
  readonly id: string
  readonly token: string
}

export function poolVerbs(program: Command, { io, client, show }: Verbs): void {
  const pool = program.command('pool').description('look at pools, and let workers into them')
  pool
    .command('show')
    .argument('<pool>', 'name of its provider in the config')
    .description('how a pool fares: replicas, queue, workers')
    .action(async (name: string) => {
      const sluice = await client()
      show(await sluice.call<PoolView>('GET', path`/pools/${name}`), poolWords)
    })

  const worker = pool.command('worker').description("make, look at and end workers' tokens")
  worker
    .command('create')
    .argument('<pool>')
    .argument('<name>')
    .description('make a token for one worker')
    .option('--expires-at <time>', 'RFC 3339, in the future')
    .action(async (name: string, label: string, { expiresAt }: { expiresAt?: string }) => {
      const sluice = await client()
      const made = await sluice.call<NewWorker>('POST', path`/pools/${name}/workers`, { name: label, expiresAt })
      show(made, (view) => fields({ ...view }))
      io.err('Keep the token now: it is not shown again. The worker takes it from SLUICE_WORKER_TOKEN.')
    })
  worker
    .command('list')
    .argument('<pool>')
    .description('all tokens, revoked ones too')
    .action(async (name: string) => {
      const sluice = await client()
      show(await sluice.all<WorkerView>(path`/pools/${name}/workers`), ({ data }) =>
        table(data, {
          ID: ({ id }) => id,
          NAME: ({ name }) => name,
          STATE: ({ state }) => state,
          CREATED: ({ createdAt }) => createdAt,
          EXPIRES: ({ expiresAt }) => expiresAt,
          'LAST SEEN': ({ lastSeenAt }) => lastSeenAt,
        }),
      )
    })
  worker
    .command('revoke')
    .argument('<pool>')
    .argument('<worker-id>')
    .description('end a token, and close what was opened with it')
    .action(async (name: string, id: string) => {
      const sluice = await client()
      await sluice.call('DELETE', path`/pools/${name}/workers/${id}`)
      show({ id, revoked: true }, () => `Worker token ${id} is revoked.`)
    })
}

function poolWords({ id, replicas, queued, longestWaitMs, refused, matchedShare, workers }: PoolView): string {
  const all = Object.values(refused).reduce((sum, count) => sum + count, 0)
  const about = fields({
    pool: id,
    queued: `${queued.interactive} interactive, ${queued.batch} batch`,
    'longest wait': `${longestWaitMs} ms`,
    refused: all,
    'prompt blocks found in memory': `${Math.round(matchedShare * 100)} %`,
  })
  const ofReplicas = table(replicas, {
    REPLICA: ({ id }) => id,
    STATE: ({ state }) => state,
    HEALTH: ({ health }) => health,
    REQUESTS: ({ requests }) => requests,
    'TOKENS IN FLIGHT': ({ inflightTokens }) => inflightTokens,
    'TOKENS/S': ({ prefillTokensPerSecond }) => Math.round(prefillTokensPerSecond),
  })
  const ofWorkers = table(workers, {
    WORKER: ({ replica }) => replica,
    NAME: ({ name }) => name,
    STATE: ({ state }) => state,
    REQUESTS: ({ requests, maxConcurrent }) => `${requests} of ${maxConcurrent}`,
    MODELS: ({ models }) => models.join(' '),
    SINCE: ({ connectedAt }) => connectedAt,
  })
  return `${about}\n\n${ofReplicas}\n\n${ofWorkers}`
}
