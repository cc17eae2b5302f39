/** Rules on single files: purpose, length, mirrored test, root. */
import { describe, expect, it } from 'vitest'
import { checkLength, checkMirror, checkPurpose, checkRoot } from '../../../scripts/tidy/files.ts'
import { treeOf } from '../../../scripts/tidy/tree.ts'

const lines = (count: number): string => `${'x\n'.repeat(count)}`

describe('purpose', () => {
  it('is demanded of every written file', () => {
    const tree = treeOf({
      'src/core/a.ts': "import 'b'\n/** late */",
      'test/b.test.ts': '// says nothing in a doc comment',
      'scripts/c.ts': '/** */',
      'src/console/page.css': 'body {}',
    })
    expect(checkPurpose(tree).map((fault) => fault.path)).toEqual([
      'scripts/c.ts',
      'src/console/page.css',
      'src/core/a.ts',
      'test/b.test.ts',
    ])
  })

  it('is found on the first line, or after an interpreter or doctype', () => {
    const tree = treeOf({
      'src/core/a.ts': '/** Money. */\n',
      'scripts/b.sh': '#!/bin/sh\n# Starts it.\n',
      'src/console/page.html': '<!doctype html>\n<!-- The page. -->',
      'src/bindings.d.ts': '// generated',
      'test/fixtures/openai/a.ts': 'vendor',
      'scripts/format.json': '{}',
    })
    expect(checkPurpose(tree)).toEqual([])
  })
})

describe('length', () => {
  it('stops at 300 lines, and at 120 for the path', () => {
    const tree = treeOf({
      'src/core/a.ts': lines(300),
      'src/core/b.ts': lines(301),
      'src/gateway.ts': lines(121),
      'src/bindings.d.ts': lines(900),
      'test/fixtures/a.ts': lines(900),
    })
    expect(checkLength(tree)).toEqual([
      { path: 'src/core/b.ts', line: 301, message: '301 lines, at most 300' },
      { path: 'src/gateway.ts', line: 121, message: '121 lines, at most 120' },
    ])
  })
})

describe('mirror', () => {
  it('wants a test in the same place for code, not for types and tables', () => {
    const tree = treeOf({
      'src/core/a.ts': 'export const a = () => 1',
      'src/core/b.ts': 'export function b() {}',
      'src/core/types.ts': 'export type C = string',
      'src/core/limits.ts': 'export const BYTES_MAX = 10',
      'scripts/d.ts': 'export function d() {}',
      'test/core/a.test.ts': '',
    })
    expect(checkMirror(tree).map((fault) => fault.message)).toEqual([
      'exports code but has no test at test/scripts/d.test.ts',
      'exports code but has no test at test/core/b.test.ts',
    ])
  })
})

describe('root', () => {
  it('holds the named files and the three folders', () => {
    const tree = treeOf({ 'package.json': '{}', 'src/index.ts': '', '.gitignore': '', 'docs/a.md': '', 'notes.md': '' })
    expect(checkRoot(tree).map((fault) => fault.path)).toEqual(['docs', 'notes.md'])
  })
})
