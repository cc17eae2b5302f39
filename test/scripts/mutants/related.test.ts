/** The tests that could notice a broken file, nearest first. */
import { expect, it } from 'vitest'
import { relatedTests } from '../../../scripts/mutants/related.ts'
import { treeOf } from '../../../scripts/tidy/tree.ts'

const tree = treeOf({
  'src/core/money.ts': '',
  'src/route/route.ts': "import { a } from '../core/money.ts'",
  'src/objects/tenant.ts': '',
  'test/core/money.test.ts': "import '../../src/core/money.ts'",
  'test/core/other.test.ts': "import type { T } from '../../src/core/money.ts'",
  'test/route/route.test.ts': "import '../support/plan.ts'",
  'test/support/plan.ts': "import '../../src/route/route.ts'",
  'test/objects/tenant.test.ts': "import { env } from 'cloudflare:test'",
  'test/conformance/openai.test.ts': "import OpenAI from 'openai'",
  'test/scripts/money.test.ts': "import '../../src/core/money.ts'",
})

it('begins at the mirrored test, goes on to importers however far, and ends at suites that run the whole Worker', () => {
  expect(relatedTests(tree, 'src/core/money.ts')).toEqual([
    ['test/core/money.test.ts'],
    ['test/route/route.test.ts'],
    ['test/objects/tenant.test.ts'],
    ['test/conformance/openai.test.ts'],
  ])
})

it('leaves out the groups that are empty', () => {
  expect(relatedTests(tree, 'src/objects/tenant.ts')).toEqual([
    ['test/objects/tenant.test.ts'],
    ['test/conformance/openai.test.ts'],
  ])
})
