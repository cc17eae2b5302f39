/** Verbs over prompt templates of a tenant. */
import { type Command, InvalidArgumentError } from 'commander'
import type {
  ListedTemplateView,
  PutTemplateView,
  TemplateVersionView,
  TemplateView,
} from '../../src/core/prompts/views.ts'
import { path, query } from './client.ts'
import { readJsonOrInput } from './json-file.ts'
import { table } from './print.ts'
import type { Verbs } from './verbs.ts'

export function promptVerbs(program: Command, { io, client, show }: Verbs): void {
  const prompt = program.command('prompt').description("keep a tenant's prompt templates")
  const verb = (name: string, description: string): Command =>
    prompt.command(name).argument('<tenant>').argument('<name>').description(description)
  const put = ({ id, version }: PutTemplateView) => `Version ${version} of ${id} is in force.`

  verb('put', 'a new version of a template')
    .argument('<file>', 'JSON file with messages and variables, - for standard input')
    .action(async (tenant: string, name: string, file: string) => {
      const template = await readJsonOrInput(io, file, 'Template as JSON, on one line (not shown): ')
      const sluice = await client()
      show(await sluice.call<PutTemplateView>('PUT', path`/tenants/${tenant}/prompts/${name}`, template), put)
    })
  prompt
    .command('list')
    .argument('<tenant>')
    .description('all templates of a tenant')
    .action(async (tenant: string) => {
      const sluice = await client()
      show(await sluice.all<ListedTemplateView>(path`/tenants/${tenant}/prompts`), ({ data }) =>
        table(data, {
          NAME: ({ id }) => id,
          VERSION: ({ version }) => version,
          MADE: ({ at }) => at,
          DESCRIPTION: ({ description }) => description,
        }),
      )
    })
  verb('show', 'one template')
    .option('--version <number>', 'that version; without it, the newest', versionIn)
    .action(async (tenant: string, name: string, { version }: { version?: number }) => {
      const sluice = await client()
      const at = `${path`/tenants/${tenant}/prompts/${name}`}${query({ version })}`
      show(await sluice.call<TemplateView>('GET', at), wordsOf)
    })
  verb('versions', 'the versions that are kept of a template').action(async (tenant: string, name: string) => {
    const sluice = await client()
    show(await sluice.all<TemplateVersionView>(path`/tenants/${tenant}/prompts/${name}/versions`), ({ data }) =>
      table(data, {
        VERSION: ({ version }) => version,
        MADE: ({ at }) => at,
        BY: ({ actor }) => actor,
        'ROLLBACK OF': ({ rollbackOf }) => rollbackOf,
      }),
    )
  })
  verb('rollback', 'make a new version of an old one')
    .argument('<version>', 'number of the old one', versionIn)
    .action(async (tenant: string, name: string, version: number) => {
      const sluice = await client()
      const at = path`/tenants/${tenant}/prompts/${name}/rollback`
      show(await sluice.call<PutTemplateView>('POST', at, { version }), put)
    })
  verb('delete', 'forget a template with all its versions').action(async (tenant: string, name: string) => {
    const sluice = await client()
    await sluice.call('DELETE', path`/tenants/${tenant}/prompts/${name}`)
    show({ id: name, deleted: true }, () => `Template ${name} is forgotten.`)
  })
}

function versionIn(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('A version is a whole number from 1 on.')
  return Number(text)
}

/** As a person reads it: what it is, then each message under its role. */
function wordsOf({ id, version, at, description, variables = {}, messages }: TemplateView): string {
  const head = `${id}, version ${version} of ${at}${description === undefined ? '' : `: ${description}`}`
  const declared = Object.entries(variables).map(([name, variable]) => `  ${name}: ${JSON.stringify(variable)}`)
  return [head, ...declared, ...messages.map(({ role, content }) => `\n${role}:\n${content}`)].join('\n')
}
