/** Dependencies that nothing uses, and uses that nothing declares. */
import { expect, it } from 'vitest'
import { checkPackages } from '../../../scripts/tidy/packages.ts'
import { treeOf } from '../../../scripts/tidy/tree.ts'

function faultsIn(manifest: object, files: Record<string, string> = {}): string[] {
  const tree = treeOf({ 'package.json': JSON.stringify(manifest, null, 2), ...files })
  return checkPackages(tree).map((fault) => `${fault.path}:${fault.line} ${fault.message}`)
}

it('finds a shipped package that the Worker does not import', () => {
  const manifest = { dependencies: { hono: '1', zod: '1' } }
  const files = { 'src/a.ts': "import 'zod'", 'test/b.test.ts': "import 'hono'" }
  expect(faultsIn(manifest, files)).toEqual(['package.json:3 src/ does not import hono'])
})

it('finds a tool that nothing uses', () => {
  expect(faultsIn({ devDependencies: { autocannon: '1' } })).toEqual(['package.json:3 nothing uses autocannon'])
})

it('takes imports, commands by their bin, tsconfig types and words in scripts for uses', () => {
  const manifest = {
    scripts: { types: 'tsc -p src', lint: 'biome check' },
    devDependencies: {
      '@biomejs/biome': '1',
      '@types/node': '1',
      '@x/types': '1',
      openai: '1',
      workerd: '1',
      node: '1',
    },
  }
  const files = {
    'package-lock.json': '{"packages":{"node_modules/@biomejs/biome":{"bin":{"biome":"bin/biome"}}}}',
    'src/tsconfig.json': '{"compilerOptions":{"types":["@x/types/experimental","node"]}}',
    'test/a.test.ts': "import OpenAI from 'openai/index.mjs'",
    'scripts/b.ts': "spawn('node_modules/.bin/workerd')",
  }
  expect(faultsIn(manifest, files)).toEqual([])
})

it('finds imports of what package.json does not list, or lists only for tools', () => {
  const manifest = { devDependencies: { openai: '1' } }
  const files = {
    'src/a.ts': "\nimport 'openai'",
    'test/b.test.ts': "import 'left-pad'\nimport 'openai'\nimport 'node:fs'",
  }
  expect(faultsIn(manifest, files)).toEqual([
    'src/a.ts:2 openai is not among the dependencies of package.json',
    'test/b.test.ts:1 left-pad is not among the packages of package.json',
  ])
})
