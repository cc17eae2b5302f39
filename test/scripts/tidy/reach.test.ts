/** Dead files are found, living ones are not. */
import { describe, expect, it } from 'vitest'
import { checkReach } from '../../../scripts/tidy/reach.ts'
import { treeOf } from '../../../scripts/tidy/tree.ts'

function deadIn(files: Record<string, string>): string[] {
  return checkReach(treeOf({ 'package.json': '{}', ...files })).map((fault) => fault.path)
}

describe('src', () => {
  it('is reached from its entry, by types too', () => {
    expect(
      deadIn({
        'src/index.ts': "import { a } from './core/a.ts'",
        'src/core/a.ts': "import type { B } from './b.ts'",
        'src/core/b.ts': 'export type B = string',
        'src/bindings.d.ts': '',
        'src/tsconfig.json': '{}',
        'src/stores/README.md': '',
      }),
    ).toEqual([])
  })

  it('is dead when only a test or another dead file imports it', () => {
    expect(
      deadIn({
        'src/index.ts': '',
        'src/core/a.ts': "import './b.ts'",
        'src/core/b.ts': '',
        'test/core/a.test.ts': "import '../../src/core/a.ts'",
      }),
    ).toEqual(['src/core/a.ts', 'src/core/b.ts'])
  })
})

describe('scripts', () => {
  it('are reached from package.json, the CI, imports, and the names that scripts start or read', () => {
    expect(
      deadIn({
        'package.json':
          '{"scripts":{"serve":"node scripts/serve.ts","lint":"biome --config-path scripts/format.json"}}',
        '.ci/run': 'node scripts/soak.ts',
        'scripts/serve.ts': "import './support/a.ts'\nspawn(join(here, 'demo', 'origin.ts'))",
        'scripts/support/a.ts': "readFileSync(new URL('./a.json', import.meta.url))",
        'scripts/support/a.json': '{}',
        'scripts/demo/origin.ts': '',
        'scripts/soak.ts': '',
        'scripts/format.json': '{}',
        'scripts/tsconfig.base.json': '{}',
      }),
    ).toEqual([])
  })

  it('are dead when only their own test knows them', () => {
    expect(
      deadIn({
        'scripts/a.ts': '',
        'scripts/b.ts': '',
        'test/scripts/a.test.ts': "import '../../scripts/a.ts'",
        'test/conformance/b.test.ts': "import '../../scripts/b.ts'",
      }),
    ).toEqual(['scripts/a.ts'])
  })
})

describe('test', () => {
  it('has no helper that no test uses', () => {
    expect(
      deadIn({
        'test/a.test.ts': "import './support/used.ts'",
        'test/support/used.ts': '',
        'test/support/unused.ts': '',
        'test/fixtures/openai/stream.txt': '',
      }),
    ).toEqual(['test/support/unused.ts'])
  })
})
