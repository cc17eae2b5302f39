/** No dead file: the Worker is reached from its entry, scripts from package.json and tests, helpers from tests. No I/O. */
import { posix } from 'node:path'
import { mirrorOf } from './files.ts'
import type { Fault, Tree } from './tree.ts'
import { isCode } from './tree.ts'

/** Found by their tools through their names, or read by people. */
const standing = /(^|\/)tsconfig[\w.]*\.json$|\.d\.ts$|\.md$|\/fixtures\//

/** Every file is used by something that runs. */
export function checkReach(tree: Tree): Fault[] {
  const worker = reach(tree, ['src/index.ts'], false)
  const tests = tree.paths.filter((path) => path.endsWith('.test.ts'))
  const named = namedIn(
    tree,
    tree.paths.filter((path) => path === 'package.json' || path.startsWith('.ci/')),
  )
  const rest = reach(tree, [...tests, ...named], true)
  return tree.paths
    .filter((path) => /^(src|test|scripts)\//.test(path) && !standing.test(path))
    .filter((path) => !(path.startsWith('src/') ? worker : rest).has(path))
    .map((path) => ({ path, line: 1, message: deadMessage(path) }))
}

function deadMessage(path: string): string {
  if (path.startsWith('src/')) return 'dead file: src/index.ts does not reach it'
  return `dead file: no ${path.startsWith('test/') ? 'test' : 'package.json script'} reaches it`
}

/** Everything that can be reached; with `byName`, files named in string literals too: scripts start and read those. */
function reach(tree: Tree, from: readonly string[], byName: boolean): Set<string> {
  const reached = new Set<string>()
  const waiting = from.filter((path) => tree.has(path))
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (reached.has(path)) continue
    reached.add(path)
    if (!path.endsWith('.ts')) continue
    const { imports, strings } = tree.source(path)
    const folder = posix.dirname(path)
    const targets = imports.map(({ specifier }) => posix.join(folder, specifier))
    if (byName && isCode(path)) targets.push(...strings.flatMap((name) => fileNamed(tree, folder, name)))
    // A script that only its own test knows is dead.
    waiting.push(...targets.filter((target) => tree.has(target) && mirrorOf(target) !== path))
  }
  return reached
}

/** `./x.ts` beside the file, a path from the root, or the tail of one as `join(root, 'scripts', …)` leaves it. */
function fileNamed(tree: Tree, folder: string, name: string): string[] {
  if (!/^[\w./-]*\.\w+$/.test(name)) return []
  const beside = posix.join(folder, name)
  if (tree.has(beside)) return [beside]
  return tree.paths.filter((path) => path === name || path.endsWith(`/${name.replace(/^(\.{0,2}\/)+/, '')}`))
}

/** Files whose paths stand in the text of others. */
function namedIn(tree: Tree, paths: readonly string[]): string[] {
  const words = paths.flatMap((path) => tree.text(path).match(/[\w./-]+\.\w+/g) ?? [])
  return words.map((word) => word.replace(/^\.\//, '')).filter((word) => tree.has(word))
}
