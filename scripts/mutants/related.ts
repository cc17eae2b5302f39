/** Which tests could notice that a file is broken, nearest first. No I/O. */
import { posix } from 'node:path'
import { mirrorOf } from '../tidy/files.ts'
import { isCode, type Tree } from '../tidy/tree.ts'

/** Test files in the order in which they are asked: the first group that notices ends the search. */
export type TestGroups = readonly (readonly string[])[]

/**
 * The mirrored test; then every test that imports the file, however far; then those inside the runtime, whose bindings
 * lead to the Worker's objects; last the suites that start the whole of it, which take longest.
 */
export function relatedTests(tree: Tree, path: string): TestGroups {
  const tests = tree.paths.filter((one) => one.endsWith('.test.ts') && !one.startsWith('test/scripts/'))
  const mirror = tests.filter((one) => one === mirrorOf(path))
  const others = tests.filter((one) => one !== mirrorOf(path)).map((test) => ({ test, known: knownTo(tree, test) }))
  const importing = others.filter(({ known }) => known.has(path))
  const left = others.filter((one) => !importing.includes(one))
  const inside = left.filter(({ known }) => inRuntime(known))
  const blackBox = left.filter((one) => !inside.includes(one) && isBlackBox(tree, one.test))
  const groups = [importing, inside, blackBox].map((group) => group.map(({ test }) => test))
  return [mirror, ...groups].filter((group) => group.length > 0)
}

/** Every file and package that a file imports at run time, however far. */
function knownTo(tree: Tree, from: string): ReadonlySet<string> {
  const known = new Set<string>()
  const waiting = [from]
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (known.has(path)) continue
    known.add(path)
    if (!tree.has(path) || !isCode(path)) continue
    const folder = posix.dirname(path)
    const values = tree.source(path).imports.filter(({ kind }) => kind === 'value')
    waiting.push(
      ...values.map(({ specifier }) => (specifier.startsWith('.') ? posix.join(folder, specifier) : specifier)),
    )
  }
  return known
}

/** Its bindings lead to the objects of the Worker's entry, and no import shows it. */
function inRuntime(known: ReadonlySet<string>): boolean {
  return known.has('cloudflare:test') || known.has('cloudflare:workers')
}

/** Suites of no room, which start the built Worker and speak HTTP to it. */
function isBlackBox(tree: Tree, test: string): boolean {
  const [, folder = ''] = test.split('/')
  return !tree.paths.some((path) => path.startsWith(`src/${folder}/`))
}
