/** Verbs over provider credentials, the operator's and tenants' own. Values come in unseen and never go out. */
import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import type { CredentialView, TenantCredentialView } from '../../src/core/admin-views.ts'
import { path } from './client.ts'
import { CliError, type Io } from './io.ts'
import { fields, table } from './print.ts'
import type { Verbs } from './verbs.ts'

interface OwnerOption {
  readonly tenant?: string
}

interface SetOptions extends OwnerOption {
  readonly valueFile?: string
  readonly valueEnv?: string
  readonly fallbackToOperator?: boolean
}

export function credentialVerbs(program: Command, { io, client, show }: Verbs): void {
  const credential = program.command('credential').description('keep provider credentials in the vault')

  withOwner(credential.command('list').description('credentials, without their values')).action(
    async ({ tenant }: OwnerOption) => {
      const sluice = await client()
      const found = await sluice.all<CredentialView & Partial<TenantCredentialView>>(credentialsPath(tenant))
      show(found, ({ data }) =>
        table(data, {
          NAME: ({ name }) => name,
          VERSION: ({ version }) => version,
          ENDS: ({ last4 }) => (last4 === '' ? null : `…${last4}`),
          CREATED: ({ createdAt }) => createdAt,
          'USED BY': ({ usedBy }) => (usedBy.length === 0 ? null : usedBy.join(' ')),
        }),
      )
    },
  )
  withOwner(credential.command('set').argument('<name>').description('seal a value, read from standard input'))
    .option('--value-file <file>', 'read the value from a file')
    .option('--value-env <variable>', 'read the value from an environment variable')
    .option('--fallback-to-operator', "of a tenant's own: the operator's may stand in when it is refused")
    .action(async (name: string, options: SetOptions) => {
      const { tenant, fallbackToOperator } = options
      if (fallbackToOperator === true && tenant === undefined) {
        throw new CliError('--fallback-to-operator goes only with --tenant.')
      }
      const sluice = await client()
      const body = { value: await secretOf(io, name, options), fallbackToOperator }
      const view = await sluice.call<CredentialView>('PUT', `${credentialsPath(tenant)}${path`/${name}`}`, body)
      show(view, (sealed) => fields({ ...sealed }))
    })
  withOwner(credential.command('delete').argument('<name>').description('forget a credential')).action(
    async (name: string, { tenant }: OwnerOption) => {
      const sluice = await client()
      await sluice.call('DELETE', `${credentialsPath(tenant)}${path`/${name}`}`)
      show({ name, deleted: true }, () => `Credential ${name} is forgotten.`)
    },
  )
  credential
    .command('reseal')
    .description('move all sealed records to the current master key')
    .action(async () => {
      const sluice = await client()
      const counts = await sluice.call<{ resealed: number; remaining: number }>('POST', '/credentials/reseal')
      show(counts, ({ resealed, remaining }) =>
        remaining === 0
          ? `${resealed} resealed, none left: SLUICE_MASTER_KEY_PREVIOUS may go.`
          : `${resealed} resealed, ${remaining} left: keep SLUICE_MASTER_KEY_PREVIOUS and run this again.`,
      )
    })
}

const withOwner = (command: Command): Command => command.option('--tenant <id>', "a tenant's own, not the operator's")

const credentialsPath = (tenant: string | undefined): string =>
  tenant === undefined ? '/credentials' : path`/tenants/${tenant}/credentials`

/** The value without the line end that editors and `echo` put after it. */
async function secretOf(io: Io, name: string, { valueFile, valueEnv }: SetOptions): Promise<string> {
  if (valueFile !== undefined && valueEnv !== undefined) throw new CliError('Name one source of the value, not two.')
  const text = await sourceOf()
  const value = text.replace(/[\r\n]+$/, '')
  if (value === '') throw new CliError('The value is empty.')
  return value

  async function sourceOf(): Promise<string> {
    if (valueEnv !== undefined) {
      const held = io.env[valueEnv]
      if (held === undefined) throw new CliError(`The environment has no ${valueEnv}.`)
      return held
    }
    if (valueFile === undefined) return io.input(`Value of ${name} (not shown): `)
    return readFile(valueFile, 'utf8').catch((error: NodeJS.ErrnoException) => {
      throw new CliError(`${valueFile} cannot be read (${error.code}).`)
    })
  }
}
