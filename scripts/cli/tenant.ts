/** Verbs over tenants. */
import type { Command } from 'commander'
import type { LimitView, TenantLimitsView, TenantView } from '../../src/core/admin-views.ts'
import { cacheVerbs } from './cache.ts'
import { path } from './client.ts'
import { CliError, type Io } from './io.ts'
import { type Columns, fields, table } from './print.ts'
import { collect, type PolicyOptions, policyOf, type Verbs, withPolicy, withPolicyChange } from './verbs.ts'

interface TenantOptions extends PolicyOptions {
  readonly name?: string
  readonly metadata?: string[]
  readonly waitMaxMs?: number
  /** False: none. */
  readonly profileTemplate?: string | false
  readonly region?: string
  readonly jurisdiction?: string
}

export function tenantVerbs(program: Command, verbs: Verbs): void {
  const { io, client, show } = verbs
  const tenant = program.command('tenant').description('make, look at and change tenants')
  const one = (view: TenantView) => fields({ ...view })

  tenant
    .command('list')
    .description('all tenants')
    .action(async () => {
      const sluice = await client()
      show(await sluice.all<TenantView>('/tenants'), ({ data }) =>
        table(data, {
          ID: ({ id }) => id,
          NAME: ({ name }) => name,
          STATE: ({ state }) => state,
          MODELS: ({ models }) => models?.join(' ') ?? 'all',
          CREATED: ({ createdAt }) => createdAt,
        }),
      )
    })
  tenant
    .command('get')
    .argument('<id>')
    .description('one tenant')
    .action(async (id: string) => {
      const sluice = await client()
      show(await sluice.call<TenantView>('GET', path`/tenants/${id}`), one)
    })
  tenant
    .command('limits')
    .argument('<id>')
    .description('limits in force, and how they stand')
    .action(async (id: string) => {
      const sluice = await client()
      show(await sluice.call<TenantLimitsView>('GET', path`/tenants/${id}/limits`), (view) => {
        const { reservations, slices, waiting } = view
        const counts = `Reservations alive: ${reservations}. Slices out: ${slices}. Waiting: ${waiting}.`
        return `${table(view.data, LIMIT)}\n${counts}`
      })
    })
  cacheVerbs(tenant, verbs)
  withTenantOptions(withPolicy(tenant.command('create').argument('<id>').description('make a tenant')))
    .option('--region <region>', 'where its object is made, as in weur')
    .option('--jurisdiction <jurisdiction>', 'where its data must stay, as in eu')
    .action(async (id: string, options: TenantOptions) => {
      const { region, jurisdiction, name = id } = options
      const sluice = await client()
      const body = { id, name, ...(await fieldsOf(io, options)), region, jurisdiction }
      show(await sluice.call<TenantView>('POST', '/tenants', body), one)
    })
  const update = tenant
    .command('update')
    .argument('<id>')
    .description('replace what the options name')
    .option('--no-profile-template', 'profiles go nowhere')
  withTenantOptions(withPolicyChange(update)).action(async (id: string, options: TenantOptions) => {
    const body = { name: options.name, ...(await fieldsOf(io, options)) }
    const sluice = await client()
    show(await sluice.call<TenantView>('PATCH', path`/tenants/${id}`, body), one)
  })
  for (const [verb, state, what] of [
    ['suspend', 'suspended', 'refuse all calls of a tenant within 10 s'],
    ['activate', 'active', 'let a suspended tenant in again'],
  ] as const) {
    tenant
      .command(verb)
      .argument('<id>')
      .description(what)
      .action(async (id: string) => {
        const sluice = await client()
        show(await sluice.call<TenantView>('PATCH', path`/tenants/${id}`, { state }), one)
      })
  }
  tenant
    .command('delete')
    .argument('<id>')
    .description('delete a tenant with its keys, credentials, usage and all that is kept for it')
    .action(async (id: string) => {
      const sluice = await client()
      await sluice.call('DELETE', path`/tenants/${id}`)
      show({ id, deleted: true }, () => `Tenant ${id} is gone; what it stored is being erased.`)
    })
}

function withTenantOptions(command: Command): Command {
  return command
    .option('--name <name>', 'name for people')
    .option('--metadata <name=value>', 'repeatable; all of them are replaced', collect)
    .option('--wait-max-ms <ms>', 'longest wait of a request for its limits', Number)
    .option('--profile-template <name>', "prompt template that end users' profiles go into")
}

async function fieldsOf(
  io: Io,
  { metadata, waitMaxMs, profileTemplate, ...policy }: TenantOptions,
): Promise<Record<string, unknown>> {
  return {
    ...(await policyOf(io, policy)),
    metadata: metadata && Object.fromEntries(metadata.map(pairOf)),
    waitMaxMs,
    profileTemplate: profileTemplate === false ? null : profileTemplate,
  }
}

function pairOf(text: string): [string, string] {
  const at = text.indexOf('=')
  if (at < 1) throw new CliError(`--metadata takes name=value, not ${text}.`)
  return [text.slice(0, at), text.slice(at + 1)]
}

const LIMIT: Columns<LimitView> = {
  NAME: ({ name }) => name,
  OF: ({ of }) => of,
  SCOPE: ({ scope, subject }) => (subject === null ? scope : `${scope} ${subject}`),
  AMOUNT: ({ amount }) => amount,
  PER: (limit) => windowOf(limit),
  USED: ({ used }) => used,
  REMAINING: ({ remaining }) => remaining,
  'WHOLE IN': ({ resetMs }) => seconds(resetMs),
  'NEXT FREE IN': ({ nextFreeMs }) => seconds(nextFreeMs),
  WAITING: ({ waiting }) => waiting,
}

function windowOf({ perSeconds, per, timeZone, shape, burst }: LimitView): string | undefined {
  if (per !== undefined) return `${per} (${timeZone})`
  if (perSeconds === undefined) return undefined
  return shape === 'paced' ? `${perSeconds} s, paced, burst ${burst}` : `${perSeconds} s`
}

const seconds = (ms: number | null): string | null => (ms === null ? null : `${ms / 1000} s`)
