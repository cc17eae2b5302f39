/** One file makes outgoing calls: there redirects are refused and headers are listed, so nowhere else. No I/O. */
import type { Fault, Tree } from './tree.ts'
import { isCode } from './tree.ts'

const OUTGOING = 'src/lib/outgoing.ts'

/** `fetch`, a binding's or a stub's included, is called and handed on in lib/outgoing.ts alone. */
export function checkOutgoing(tree: Tree): Fault[] {
  return tree.paths
    .filter((path) => path.startsWith('src/') && isCode(path) && path !== OUTGOING)
    .flatMap((path) =>
      tree.source(path).fetchLines.map((line) => ({ path, line, message: `fetch outside ${OUTGOING}` })),
    )
}
