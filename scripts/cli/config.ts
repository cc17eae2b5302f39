/** Verbs over the config document: apply, show, history, rollback, schema. */
import type { Command } from 'commander'
import type { AppliedView, ConfigVersionView } from '../../src/core/admin-views.ts'
import { query } from './client.ts'
import { CliError } from './io.ts'
import { readJson } from './json-file.ts'
import { said, table } from './print.ts'
import type { Verbs } from './verbs.ts'

export function configVerbs(program: Command, { client, show }: Verbs): void {
  program
    .command('apply')
    .argument('<file>', 'the config document, plain JSON')
    .description('validate and apply a config document')
    .option('--dry-run', 'show what would change, change nothing')
    .action(async (file: string, { dryRun }: { dryRun?: boolean }) => {
      const document = await readJson(file)
      const sluice = await client()
      const applied = await sluice.call<AppliedView>('PUT', `/config${query({ dryRun })}`, document)
      show(applied, (view) => diff(view, dryRun === true))
    })

  const config = program.command('config').description('look at the config document and its versions')
  config
    .command('show')
    .description('the document in force')
    .action(async () => {
      const sluice = await client()
      const view = await sluice.call<{ version: number; config: unknown }>('GET', '/config')
      show(view, ({ config }) => JSON.stringify(config, null, 2))
    })
  config
    .command('history')
    .description('versions, newest first')
    .action(async () => {
      const sluice = await client()
      show(await sluice.all<ConfigVersionView>('/config/versions'), ({ data }) =>
        table(data, {
          VERSION: ({ version }) => version,
          AT: ({ at }) => at,
          ACTOR: ({ actor }) => actor,
          'ROLLBACK OF': ({ rollbackOf }) => rollbackOf,
        }),
      )
    })
  config
    .command('rollback')
    .argument('<version>')
    .description('apply an earlier version again, as a new one')
    .action(async (text: string) => {
      if (!/^[1-9]\d{0,8}$/.test(text)) throw new CliError(`${text} is not a version number.`)
      const sluice = await client()
      const applied = await sluice.call<AppliedView>('POST', '/config/rollback', { version: Number(text) })
      show(applied, (view) => diff(view, false))
    })
  config
    .command('schema')
    .description('JSON Schema of the config document')
    .action(async () => {
      const sluice = await client()
      show(await sluice.call('GET', '/config.schema.json'), (schema) => JSON.stringify(schema, null, 2))
    })
}

const SIGNS = { add: '+', remove: '-', replace: '~' } as const

/** A change a line, and what came of them. */
function diff({ version, changes }: AppliedView, dryRun: boolean): string {
  if (changes.length === 0) return `No changes. Version ${version} is in force.`
  const lines = changes.map(({ path, op, before, after }) => {
    const what = op === 'add' ? said(after) : op === 'remove' ? said(before) : `${said(before)} → ${said(after)}`
    return `${SIGNS[op]} ${path === '' ? '(whole document)' : path}  ${what}`
  })
  const count = `${changes.length} change${changes.length === 1 ? '' : 's'}`
  const end = dryRun ? `${count}; nothing was applied (dry run).` : `${count}; version ${version} is in force.`
  return [...lines, end].join('\n')
}
