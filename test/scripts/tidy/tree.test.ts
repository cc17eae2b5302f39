/** The tree as the rules see it, from memory and from the disk. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { isCode, treeAt, treeOf } from '../../../scripts/tidy/tree.ts'

it('lists the files under a folder, without what .gitignore names', () => {
  const root = mkdtempSync(join(tmpdir(), 'tree-'))
  try {
    for (const folder of ['src/core', 'node_modules/x', 'src/dist', '.git'])
      mkdirSync(join(root, folder), { recursive: true })
    const files = ['src/core/a.ts', 'node_modules/x/b.ts', 'src/dist/c.js', '.git/HEAD', 'npm.log', 'package.json']
    for (const path of files) writeFileSync(join(root, path), path)
    writeFileSync(join(root, '.gitignore'), '# not ours\nnode_modules/\n/dist/\n*.log\n')
    const tree = treeAt(root)
    expect(tree.paths).toEqual(['.gitignore', 'package.json', 'src/core/a.ts'])
    expect(tree.text('src/core/a.ts')).toBe('src/core/a.ts')
  } finally {
    rmSync(root, { recursive: true })
  }
})

it('reads a file once, and keeps what it read', () => {
  let reads = 0
  const tree = treeOf({ 'a.ts': () => `const read = ${++reads}` })
  expect([tree.text('a.ts'), tree.text('a.ts')]).toEqual(['const read = 1', 'const read = 1'])
})

it('refuses the text of a file that is not there', () => {
  expect(() => treeOf({}).text('a.ts')).toThrow('no such file: a.ts')
})

it('tells code from declarations and vendor bytes', () => {
  expect(['src/a.ts', 'src/a.d.ts', 'test/fixtures/a.ts', 'src/a.html'].filter(isCode)).toEqual(['src/a.ts'])
})
