/** All rules together, and each of them able to fail. */
import { expect, it } from 'vitest'
import { treeOf } from '../../scripts/tidy/tree.ts'
import { rules, tidy } from '../../scripts/tidy.ts'

const clean = {
  'package.json': '{"scripts":{"tidy":"node scripts/tidy.ts"},"dependencies":{"zod":"1"}}',
  'src/index.ts': "/** Entry. */\nimport { a } from './services.ts'\nexport { a }\n",
  'src/services.ts': "/** Wiring. */\nimport { money } from './core/money.ts'\nexport const a = money()\n",
  'src/core/money.ts': "/** Money. */\nimport { z } from 'zod'\nexport const money = () => z.string()\n",
  'scripts/tidy.ts': '/** Checks. */\n',
  'test/index.test.ts': '/** Entry. */\n',
  'test/services.test.ts': '/** Wiring. */\n',
  'test/core/money.test.ts': '/** Money. */\n',
}

it('finds nothing in a tidy tree', () => {
  expect(tidy(treeOf(clean))).toEqual([])
})

it('lists faults by path and line', () => {
  const faults = tidy(
    treeOf({
      ...clean,
      'src/core/money.ts': "import { z } from 'zod'\nexport const money = () => fetch(z)\n",
      'docs/a': '',
    }),
  )
  expect(faults.map(({ path, line }) => `${path}:${line}`)).toEqual([
    'docs:1',
    'src/core/money.ts:1',
    'src/core/money.ts:2',
  ])
})

it('has every rule able to fail', () => {
  const untidy = treeOf({
    ...clean,
    'src/core/money.ts': `import 'hono'\nexport const money = () => fetch(1)\n${'\n'.repeat(300)}`,
    'src/core/dead.ts': 'export function dead() {}',
    'docs/a': '',
  })
  expect(rules.filter((rule) => rule(untidy).length === 0)).toEqual([])
})
