/** Who may import whom: DESIGN.md's table of rooms as data, and the rule that holds the sources to it. No I/O. */
import { posix } from 'node:path'
import type { Fault, Tree } from './tree.ts'
import { isCode } from './tree.ts'

/** What one room may import, besides itself. */
export interface Room {
  readonly values: readonly string[]
  readonly types: readonly string[]
  /** Names of packages; `@scope/*` is every package of the scope. */
  readonly packages: readonly string[]
}

/** The stages of the path, left to right: each may know the types of those before it, and the code of none. */
export const stages = ['authenticate', 'compose', 'admit', 'recall', 'retrieve', 'route', 'dispatch', 'record'] as const

const pure = ['core', 'lib']
const room = (values: readonly string[], types: readonly string[] = [], packages: readonly string[] = []): Room => ({
  values,
  types,
  packages,
})

/** Room → what it may import. A room is a folder of src/, a file in it, or one of the kinds of stores. */
export const rooms: Readonly<Record<string, Room>> = {
  // lib knows no domain and does no I/O (but for OUTGOING), so core stays pure with it.
  core: room(['lib'], [], ['zod', 'ipaddr.js', 'temporal-polyfill']),
  // The runtime's own arithmetic: hashing and encodings, no I/O.
  lib: room([], [], ['node:buffer', 'node:crypto']),
  'stores/types': room([], ['core']),
  'stores/upstash': room(pure, ['stores/types'], ['@upstash/*']),
  'stores/embedded': room(pure, ['stores/types', 'objects']),
  objects: room(pure, [], ['cloudflare:workers']),
  providers: room(pure, [], ['ai', '@ai-sdk/*']),
  vault: room(pure, ['stores/types']),
  ...Object.fromEntries(
    stages.map((stage, index) => [
      stage,
      room(pure, [...stages.slice(0, index), 'stores/types', 'providers', 'vault']),
    ]),
  ),
  gateway: room([...stages, ...pure], ['services']),
  // Whoever reads along with another's answer passes two stages alone, and not the path.
  beside: room(['gateway', ...stages, ...pure], ['services']),
  services: room(['stores/embedded', 'stores/upstash', 'providers', 'vault', ...pure], ['stores/types']),
  // authenticate and compose come before the path itself: who asks, and what the whole of their request is. record: what
  // is kept of answers is told to the tenant's object with the rows.
  edge: room(
    ['gateway', 'beside', 'authenticate', 'compose', 'record', ...pure],
    ['services'],
    ['hono', '@hono/*', '@remix-run/multipart-parser'],
  ),
  admin: room(pure, ['services', 'stores/types', 'vault', 'providers'], ['hono', '@hono/*']),
  jobs: room(pure, ['services', 'stores/types', 'vault', 'providers']),
  console: room(pure),
  // gateway: index binds `streamObject` to `gateway.answer`, so that objects know no stage.
  // core: the pool's object is bound to the config, and its words are there.
  index: room(['edge', 'admin', 'jobs', 'console', 'objects', 'services', 'gateway'], ['core'], ['cloudflare:workers']),
}

/** The one file of lib that does I/O: core is pure and may not import it. */
const OUTGOING = 'src/lib/outgoing.ts'

/** The room of a file under src/, or undefined when the table has none for it. */
export function roomOf(path: string, table: Readonly<Record<string, Room>> = rooms): string | undefined {
  const [, first = '', second = ''] = path.split('/')
  const names = [first.replace(/\.ts$/, ''), `${first}/${second.replace(/\.ts$/, '')}`]
  return names.find((name) => table[name] !== undefined)
}

/** Every import under src/ stands in the table. */
export function checkRooms(tree: Tree): Fault[] {
  const faults: Fault[] = []
  for (const path of tree.paths.filter((one) => one.startsWith('src/') && isCode(one))) {
    const source = tree.source(path)
    if (source.fault !== undefined) faults.push({ path, ...source.fault })
    const name = roomOf(path)
    const own = name === undefined ? undefined : rooms[name]
    if (name === undefined || own === undefined) {
      faults.push({ path, line: 1, message: 'is in no room of DESIGN.md §2' })
      continue
    }
    for (const { specifier, line, kind } of source.imports) {
      const message = specifier.startsWith('.')
        ? faultOfFile(name, own, posix.join(posix.dirname(path), specifier), kind)
        : faultOfPackage(name, own, specifier)
      if (message !== undefined) faults.push({ path, line, message })
    }
  }
  return faults
}

function faultOfFile(name: string, own: Room, target: string, kind: 'value' | 'type'): string | undefined {
  if (!target.startsWith('src/')) return `${name} imports ${target}, which is outside src/`
  const other = roomOf(target)
  if (other === undefined) return `${name} imports ${target}, which is in no room`
  if (name === 'core' && target === OUTGOING) return `${name} may not import ${target}, which does I/O`
  if (other === name || own.values.includes(other)) return undefined
  if (!own.types.includes(other)) return `${name} may not import from ${other}`
  return kind === 'type' ? undefined : `${name} may import only types from ${other}`
}

function faultOfPackage(name: string, own: Room, specifier: string): string | undefined {
  const wanted = packageOf(specifier)
  const scope = `${wanted.split('/')[0] ?? ''}/*`
  return own.packages.includes(wanted) || own.packages.includes(scope)
    ? undefined
    : `${name} may not import the package ${wanted}`
}

/** `@scope/name/deep` → `@scope/name`, `name/deep` → `name`; a runtime's own module is its whole name. */
export function packageOf(specifier: string): string {
  const parts = specifier.split('/')
  if (/^(node|cloudflare):/.test(specifier)) return specifier
  return parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/')
}
