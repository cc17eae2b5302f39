/** Verbs over a tenant's API keys. */
import type { Command } from 'commander'
import type { KeyView } from '../../src/core/admin-views.ts'
import { path } from './client.ts'
import { fields, table } from './print.ts'
import { type PolicyOptions, policyOf, type Verbs, withPolicy, withPolicyChange } from './verbs.ts'

interface NewKey {
  readonly id: string
  readonly key: string
}

interface KeyOptions extends PolicyOptions {
  readonly name?: string
  /** False: never. */
  readonly expiresAt?: string | false
  readonly debug?: boolean
}

export function keyVerbs(program: Command, { io, client, show }: Verbs): void {
  const key = program.command('key').description("make, look at, change and end a tenant's API keys")
  const once = (made: NewKey) => {
    show(made, (view) => fields({ ...view }))
    io.err('Keep the key now: it is not shown again.')
  }

  key
    .command('list')
    .argument('<tenant>')
    .description('all keys, revoked ones too')
    .action(async (tenant: string) => {
      const sluice = await client()
      show(await sluice.all<KeyView>(path`/tenants/${tenant}/keys`), ({ data }) =>
        table(data, {
          ID: ({ id }) => id,
          NAME: ({ name }) => name,
          STATE: ({ state }) => state,
          CREATED: ({ createdAt }) => createdAt,
          EXPIRES: ({ expiresAt }) => expiresAt,
          'LAST USED': ({ lastUsedOn }) => lastUsedOn,
          MODELS: ({ models }) => models?.join(' ') ?? 'all',
        }),
      )
    })
  withPolicy(key.command('create').argument('<tenant>').argument('<name>').description('make a key'))
    .option('--expires-at <time>', 'RFC 3339, in the future')
    .option('--debug', 'let this key ask for debug output')
    .action(async (tenant: string, name: string, options: KeyOptions) => {
      const { expiresAt, debug } = options
      const sluice = await client()
      const body = { name, expiresAt, debug, ...(await policyOf(io, options)) }
      once(await sluice.call<NewKey>('POST', path`/tenants/${tenant}/keys`, body))
    })
  const update = key.command('update').argument('<tenant>').argument('<key-id>')
  withPolicyChange(update.description('replace what the options name, in force within 10 s'))
    .option('--name <name>', 'name for people')
    .option('--expires-at <time>', 'RFC 3339, in the future')
    .option('--no-expires-at', 'let it live until it is revoked')
    .option('--debug', 'let this key ask for debug output')
    .option('--no-debug', 'let it no longer')
    .action(async (tenant: string, keyId: string, options: KeyOptions) => {
      const { name, expiresAt, debug } = options
      const body = { name, expiresAt: expiresAt === false ? null : expiresAt, debug, ...(await policyOf(io, options)) }
      const sluice = await client()
      const view = await sluice.call<KeyView>('PATCH', path`/tenants/${tenant}/keys/${keyId}`, body)
      show(view, (changed) => fields({ ...changed }))
    })
  key
    .command('rotate')
    .argument('<tenant>')
    .argument('<key-id>')
    .description('make a successor, and let the old key live a while longer')
    .option('--overlap-seconds <seconds>', 'how long the old key lives (default: one day)', Number)
    .action(async (tenant: string, keyId: string, { overlapSeconds }: { overlapSeconds?: number }) => {
      const sluice = await client()
      once(await sluice.call<NewKey>('POST', path`/tenants/${tenant}/keys/${keyId}/rotate`, { overlapSeconds }))
    })
  key
    .command('revoke')
    .argument('<tenant>')
    .argument('<key-id>')
    .description('end a key everywhere within 10 s')
    .action(async (tenant: string, keyId: string) => {
      const sluice = await client()
      await sluice.call('DELETE', path`/tenants/${tenant}/keys/${keyId}`)
      show({ id: keyId, revoked: true }, () => `Key ${keyId} is revoked.`)
    })
}
