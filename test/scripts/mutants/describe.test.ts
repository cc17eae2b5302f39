/** A mutant as text. */
import { expect, it } from 'vitest'
import { diffOf, titleOf } from '../../../scripts/mutants/describe.ts'
import type { Mutant } from '../../../scripts/mutants/sites.ts'

const text = 'one\nif (two) {\n  three\n}\nfour'
const mutant: Mutant = {
  path: 'src/a.ts',
  name: 'f',
  line: 2,
  kind: 'removed condition',
  start: text.indexOf('two'),
  end: text.indexOf('two') + 3,
  replacement: 'true',
}

it('names the place, the kind and the function', () => {
  expect(titleOf(mutant)).toBe('src/a.ts:2 removed condition in f')
})

it('shows the touched line before and after', () => {
  expect(diffOf(text, mutant)).toBe('  - if (two) {\n  + if (true) {')
})

it('shows all lines of an edit over several, and cuts a long one', () => {
  const body = { ...mutant, start: text.indexOf('{'), end: text.indexOf('}') + 1, replacement: '{}' }
  expect(diffOf(text, body)).toBe('  - if (two) {\n  -   three\n  - }\n  + if (two) {}')
  const long = Array.from({ length: 12 }, (_, line) => `${line}`).join('\n')
  expect(diffOf(long, { ...mutant, start: 0, end: long.length, replacement: '' })).toContain('… 4 more lines')
})
