/** Outgoing calls outside the one file that may make them. */
import { expect, it } from 'vitest'
import { checkOutgoing } from '../../../scripts/tidy/outgoing.ts'
import { treeOf } from '../../../scripts/tidy/tree.ts'

it('finds them by line, in src/ alone', () => {
  const tree = treeOf({
    'src/lib/outgoing.ts': 'globalThis.fetch(url)',
    'src/dispatch/run.ts': '\nawait fetch(url)',
    'src/edge/app.ts': 'app.fetch(request, env, context)',
    'scripts/b.ts': 'fetch(url)',
  })
  expect(checkOutgoing(tree)).toEqual([
    { path: 'src/dispatch/run.ts', line: 2, message: 'fetch outside src/lib/outgoing.ts' },
  ])
})
