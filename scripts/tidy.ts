/** `npm run tidy`: holds the tree to DESIGN.md §2 and the house rules. Prints `path:line message`; exit 1 on a fault. */
import { resolve } from 'node:path'
import { checkLength, checkMirror, checkPurpose, checkRoot } from './tidy/files.ts'
import { checkOutgoing } from './tidy/outgoing.ts'
import { checkPackages } from './tidy/packages.ts'
import { checkReach } from './tidy/reach.ts'
import { checkRooms } from './tidy/rooms.ts'
import type { Fault, Rule, Tree } from './tidy/tree.ts'
import { treeAt } from './tidy/tree.ts'

/** Every rule there is. */
export const rules: readonly Rule[] = [
  checkRoot,
  checkPurpose,
  checkLength,
  checkRooms,
  checkOutgoing,
  checkReach,
  checkMirror,
  checkPackages,
]

/** All faults, by path and line. */
export function tidy(tree: Tree): Fault[] {
  const faults = rules.flatMap((rule) => rule(tree))
  return faults.sort((a, b) => (a.path === b.path ? a.line - b.line : a.path < b.path ? -1 : 1))
}

if (import.meta.main) {
  const faults = tidy(treeAt(resolve(import.meta.dirname, '..')))
  for (const { path, line, message } of faults) console.log(`${path}:${line} ${message}`)
  if (faults.length > 0) process.exitCode = 1
}
