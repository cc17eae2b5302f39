/** Every dependency is used, and everything used is a dependency. No I/O. */
import { packageOf } from './rooms.ts'
import type { Fault, Tree } from './tree.ts'
import { isCode } from './tree.ts'

/** Used by being installed. */
const standing: Readonly<Record<string, string>> = {
  node: 'puts Node 24 first on the PATH of every npm script',
}

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly scripts?: Readonly<Record<string, string>>
}

interface Lockfile {
  readonly packages?: Readonly<Record<string, { readonly bin?: Readonly<Record<string, string>> }>>
}

/** package.json lists what is imported, run or named by a tsconfig, and nothing else; what the Worker imports ships. */
export function checkPackages(tree: Tree): Fault[] {
  const text = tree.text('package.json')
  const manifest: Manifest = JSON.parse(text)
  const lockfile: Lockfile = tree.has('package-lock.json') ? JSON.parse(tree.text('package-lock.json')) : {}
  const shipped = Object.keys(manifest.dependencies ?? {})
  const tools = Object.keys(manifest.devDependencies ?? {})
  const imports = tree.paths
    .filter(isCode)
    .flatMap((path) =>
      tree.source(path).imports.map(({ specifier, line }) => ({ path, line, name: packageOf(specifier) })),
    )
  const inWorker = new Set(imports.filter(({ path }) => path.startsWith('src/')).map(({ name }) => name))
  const anywhere = new Set(imports.map(({ name }) => name))
  const words = new Set(commandWords(tree, manifest))
  const isRun = (name: string): boolean =>
    [name.replace('@types/', ''), ...Object.keys(lockfile.packages?.[`node_modules/${name}`]?.bin ?? {})].some((word) =>
      words.has(word),
    )
  const lineOf = (name: string): number => text.split('\n').findIndex((line) => line.includes(`"${name}":`)) + 1
  const unused = (name: string, message: string): Fault => ({ path: 'package.json', line: lineOf(name), message })

  return [
    ...shipped.filter((name) => !inWorker.has(name)).map((name) => unused(name, `src/ does not import ${name}`)),
    ...tools
      .filter((name) => standing[name] === undefined && !anywhere.has(name) && !isRun(name))
      .map((name) => unused(name, `nothing uses ${name}`)),
    ...imports
      .filter(({ name }) => !/^(\.|#)|^[a-z]+:/.test(name))
      .filter(({ path, name }) => !shipped.includes(name) && (path.startsWith('src/') || !tools.includes(name)))
      .map(({ path, line, name }) => ({ path, line, message: `${name} is not among the ${listFor(path)}` })),
  ]
}

function listFor(path: string): string {
  return path.startsWith('src/') ? 'dependencies of package.json' : 'packages of package.json'
}

/** Names that npm scripts, the CI, tsconfigs and our own scripts' strings mention. */
function commandWords(tree: Tree, manifest: Manifest): string[] {
  const configs = tree.paths.filter((path) => path.startsWith('.ci/') || /(^|\/)tsconfig[\w.]*\.json$/.test(path))
  const commands = [...Object.values(manifest.scripts ?? {}), ...configs.map((path) => tree.text(path))]
  const literals = tree.paths
    .filter((path) => isCode(path) && !path.startsWith('src/') && path !== 'scripts/tidy/packages.ts')
    .flatMap((path) => tree.source(path).strings)
  return [...commands, ...literals].flatMap((command) => command.split(/[\s"'`,;=]+/)).flatMap(pathsOf)
}

/** `node_modules/.bin/vitest` mentions vitest, `@cloudflare/workers-types/experimental` mentions its package. */
function pathsOf(word: string): string[] {
  return [word, word.split('/').at(-1) ?? word, packageOf(word)]
}
