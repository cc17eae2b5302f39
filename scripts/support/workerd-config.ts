/** wrangler.toml and a built bundle → a workerd configuration, in Cap'n Proto's text form. No I/O. */
import { parse } from 'smol-toml'
import { z } from 'zod'

// Only what bare workerd can honour is read; queues, crons and the like are absent there, and the Worker copes.
const wranglerSchema = z.object({
  compatibility_date: z.string(),
  compatibility_flags: z.array(z.string()).default([]),
  durable_objects: z
    .object({ bindings: z.array(z.object({ name: z.string(), class_name: z.string() })) })
    .default({ bindings: [] }),
  migrations: z.array(z.object({ new_sqlite_classes: z.array(z.string()).default([]) })).default([]),
})

/** What the configuration is made of. */
export interface WorkerdParts {
  /** The text of wrangler.toml. */
  readonly wrangler: string
  /** Files of the bundle, the entry first, relative to the folder that the configuration is written to. */
  readonly modules: readonly string[]
  /** Folder of the Durable Objects, absolute. */
  readonly objects: string
  /** Names of the variables; the values come from workerd's environment and are written nowhere. */
  readonly variables: readonly string[]
  /** One isolate a port, all over one set of objects. */
  readonly ports: readonly number[]
  /** Certificates (PEM) to trust besides those that browsers trust. */
  readonly certificates: readonly string[]
  /** May webhooks reach private addresses, too? For development; default: no. */
  readonly webhooksPrivate?: boolean
}

const moduleKinds: readonly (readonly [RegExp, string])[] = [
  [/\.m?js$/, 'esModule'],
  [/\.wasm$/, 'wasm'],
  [/\.(txt|html|sql)$/, 'text'],
  [/\.json$/, 'json'],
  [/\.bin$/, 'data'],
]

/** The kind under which workerd takes a file of the bundle; undefined for what is no module (README, source maps). */
export function moduleKind(name: string): string | undefined {
  return moduleKinds.find(([pattern]) => pattern.test(name))?.[1]
}

/** The configuration. Of several isolates the first owns the objects: two owners of one SQLite file must never be. */
export function workerdConfig(parts: WorkerdParts): string {
  const wrangler = wranglerSchema.parse(parse(parts.wrangler))
  const classes = wrangler.migrations.flatMap((migration) => migration.new_sqlite_classes)
  const services = parts.ports.map((_, index) => `(name = "isolate-${index}", worker = .isolate${index})`)
  const sockets = parts.ports.map(
    (port, index) => `(name = "http-${port}", address = "127.0.0.1:${port}", http = (), service = "isolate-${index}")`,
  )
  const shared = [
    `compatibilityDate = ${quote(wrangler.compatibility_date)}`,
    `compatibilityFlags = [${wrangler.compatibility_flags.map(quote).join(', ')}]`,
    `modules = [${parts.modules.map(moduleEntry).join(', ')}]`,
  ]
  const isolates = parts.ports.map((_, index) => {
    const owns = index === 0
    const fields = [...shared, `bindings = [${bindings(wrangler, parts.variables, owns).join(', ')}]`]
    if (owns) {
      fields.push(
        `durableObjectNamespaces = [${classes.map((name) => `(className = ${quote(name)}, uniqueKey = ${quote(`sluice-${name}`)}, enableSql = true)`).join(', ')}]`,
        'durableObjectStorage = (localDisk = "objects")',
      )
    }
    return `const isolate${index} :Workerd.Worker = (\n  ${fields.join(',\n  ')},\n);`
  })
  return `# Written by scripts/serve.ts at every start.
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    ${services.join(',\n    ')},
    ${network('internet', ['public', 'private'], parts.certificates)},
    ${network('webhooks', parts.webhooksPrivate === true ? ['public', 'private'] : ['public'], parts.certificates)},
    (name = "objects", disk = (path = ${quote(parts.objects)}, writable = true)),
  ],
  sockets = [
    ${sockets.join(',\n    ')},
  ],
);

${isolates.join('\n\n')}
`
}

/** What may be reached by which name. Addresses are looked at when a connection is made, whatever name led there. */
function network(name: string, allow: readonly string[], certificates: readonly string[]): string {
  return `(name = ${quote(name)}, network = (
      allow = [${allow.map(quote).join(', ')}],
      tlsOptions = (trustBrowserCas = true, trustedCertificates = [${certificates.map(quote).join(', ')}]),
    ))`
}

function bindings(wrangler: z.output<typeof wranglerSchema>, variables: readonly string[], owns: boolean): string[] {
  const owner = owns ? '' : ', serviceName = "isolate-0"'
  return [
    '(name = "WEBHOOKS", service = "webhooks")',
    ...variables.map((name) => `(name = ${quote(name)}, fromEnvironment = ${quote(name)})`),
    ...wrangler.durable_objects.bindings.map(
      (binding) =>
        `(name = ${quote(binding.name)}, durableObjectNamespace = (className = ${quote(binding.class_name)}${owner}))`,
    ),
  ]
}

function moduleEntry(name: string): string {
  return `(name = ${quote(name)}, ${moduleKind(name) ?? 'data'} = embed ${quote(name)})`
}

/** A Cap'n Proto string literal; JSON's escapes are among those it knows, but for the Unicode ones. */
function quote(text: string): string {
  const escaped = text.replace(/[\\"]/g, '\\$&').replace(/\n/g, '\\n').replace(/\r/g, '\\r').replace(/\t/g, '\\t')
  return `"${escaped}"`
}
