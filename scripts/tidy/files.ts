/** Rules on files by themselves: a first line with a purpose, a bound on length, a mirrored test, a bare root. No I/O. */
import type { Fault, Tree } from './tree.ts'
import { isCode } from './tree.ts'

/** Longest file. The request path has to fit on a screen or two. */
const LINES_MAX = 300
const LINES_MAX_OF: Readonly<Record<string, number>> = { 'src/gateway.ts': 120 }

/** Files with lines that somebody writes and reads. */
const written = /^(src|test|scripts)\/.*\.(ts|js|mjs|css|html|sh|capnp)$/

/** First-line comments by extension; TypeScript's is a doc comment that says something. */
const purposes: Readonly<Record<string, RegExp>> = {
  ts: /^\/\*\* [^\s*]/,
  js: /^\/\*\* [^\s*]/,
  mjs: /^\/\*\* [^\s*]/,
  css: /^\/\*\*? \S/,
  sh: /^# \S/,
  capnp: /^# \S/,
  html: /^<!-- \S/,
}

/** What the root may hold, besides what .gitignore names. The rest lives in the three folders. */
const rootNames = new Set([
  'package.json',
  'package-lock.json',
  'wrangler.toml',
  'README.md',
  'src',
  'test',
  'scripts',
  // Read by their tools from here and nowhere else.
  '.ci',
  '.gitattributes',
  '.gitignore',
  '.npmrc',
])

/** The first line says what the file is for. A shell script's may follow its `#!` line. */
export function checkPurpose(tree: Tree): Fault[] {
  return tree.paths
    .filter((path) => written.test(path) && !isForeign(path))
    .filter((path) => {
      const lines = tree.text(path).split('\n')
      const first = lines[0]?.startsWith('#!') || /^<!doctype/i.test(lines[0] ?? '') ? lines[1] : lines[0]
      return purposes[path.split('.').at(-1) ?? '']?.test(first ?? '') !== true
    })
    .map((path) => ({ path, line: 1, message: 'the first line does not say what the file is for (/** … */)' }))
}

/** No file grows past what can be read in one sitting. */
export function checkLength(tree: Tree): Fault[] {
  return tree.paths
    .filter((path) => written.test(path) && !isForeign(path))
    .flatMap((path) => {
      const linesMax = LINES_MAX_OF[path] ?? LINES_MAX
      const lines = tree.text(path).replace(/\n$/, '').split('\n').length
      return lines > linesMax ? [{ path, line: linesMax + 1, message: `${lines} lines, at most ${linesMax}` }] : []
    })
}

/** Every file that exports code has a test in the same place under test/. */
export function checkMirror(tree: Tree): Fault[] {
  return tree.paths
    .filter((path) => /^(src|scripts)\//.test(path) && isCode(path) && tree.source(path).exportsCode)
    .filter((path) => !tree.has(mirrorOf(path)))
    .map((path) => ({ path, line: 1, message: `exports code but has no test at ${mirrorOf(path)}` }))
}

/** src/core/money.ts → test/core/money.test.ts; scripts keep their folder's name. */
export function mirrorOf(path: string): string {
  return `test/${path.replace(/^src\//, '')}`.replace(/\.ts$/, '.test.ts')
}

/** The root holds the three folders and what tools insist on finding there. */
export function checkRoot(tree: Tree): Fault[] {
  const names = [...new Set(tree.paths.map((path) => path.split('/')[0] ?? path))]
  return names
    .filter((name) => !rootNames.has(name))
    .map((name) => ({ path: name, line: 1, message: 'does not belong in the root (DESIGN.md §2)' }))
}

/** Generated, or a vendor's bytes: not ours to shape. */
function isForeign(path: string): boolean {
  return path.endsWith('bindings.d.ts') || path.includes('/fixtures/')
}
