/** The tree that the rules look at: paths and texts, from the disk or from memory. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, matchesGlob } from 'node:path'
import { readSource, type Source } from './syntax.ts'

/** One broken rule, printed as `path:line message`. */
export interface Fault {
  readonly path: string
  readonly line: number
  readonly message: string
}

/** A rule looks at the whole tree and lists what breaks it. */
export type Rule = (tree: Tree) => Fault[]

/** Files by path from the root, with `/` between the names. */
export interface Tree {
  readonly paths: readonly string[]
  has(path: string): boolean
  /** Throws when there is no such file: ask `has` first. */
  text(path: string): string
  /** Parsed once per tree. */
  source(path: string): Source
}

/** A tree of the files given; text that the rules never read may be left out by giving a function. */
export function treeOf(files: Readonly<Record<string, string | (() => string)>>): Tree {
  const known = new Map(Object.entries(files))
  const sources = new Map<string, Source>()
  const text = (path: string): string => {
    const held = known.get(path)
    if (held === undefined) throw new Error(`no such file: ${path}`)
    const read = typeof held === 'string' ? held : held()
    // Read once: places in a text stay right while somebody goes on editing the file.
    known.set(path, read)
    return read
  }
  return {
    paths: [...known.keys()].sort(),
    has: (path) => known.has(path),
    text,
    source(path) {
      const source = sources.get(path) ?? readSource(text(path))
      sources.set(path, source)
      return source
    },
  }
}

/** The tree under a folder, without what its .gitignore names. */
export function treeAt(root: string): Tree {
  const ignored = readFileSync(join(root, '.gitignore'), 'utf8').split('\n').map(globOf).concat('.git')
  const files: Record<string, () => string> = {}
  const visit = (folder: string): void => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      if (ignored.some((glob) => glob !== '' && matchesGlob(entry.name, glob))) continue
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`
      if (entry.isDirectory()) visit(path)
      else files[path] = () => readFileSync(join(root, path), 'utf8')
    }
  }
  visit('')
  return treeOf(files)
}

/** A line of .gitignore as a glob on one name; ours name files and folders wherever they are. */
function globOf(line: string): string {
  return line.startsWith('#') ? '' : line.trim().replace(/^\/|\/$/g, '')
}

/** Is it TypeScript that we wrote, rather than a declaration or a vendor's bytes? */
export function isCode(path: string): boolean {
  return path.endsWith('.ts') && !path.endsWith('.d.ts') && !path.includes('/fixtures/')
}
