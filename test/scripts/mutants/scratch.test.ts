/** The scratch copy: it runs tests on what is written there, and the original stays as it is. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { failuresIn, makeScratch, type Scratch } from '../../../scripts/mutants/scratch.ts'
import { treeAt } from '../../../scripts/tidy/tree.ts'

const files = {
  '.gitignore': 'node_modules\n',
  'src/sum.ts': 'export const sum = (a: number, b: number) => a + b\n',
  'test/vitest.config.ts': "export default { root: new URL('..', import.meta.url).pathname }\n",
  'test/sum.test.ts':
    "import { expect, it } from 'vitest'\nimport { sum } from '../src/sum.ts'\nit('sums', () => expect(sum(1, 2)).toBe(3))\n",
}
const root = mkdtempSync(join(tmpdir(), 'scratch-origin-'))
let scratch: Scratch

beforeAll(async () => {
  for (const folder of ['src', 'test']) mkdirSync(join(root, folder))
  for (const [path, text] of Object.entries(files)) writeFileSync(join(root, path), text)
  symlinkSync(resolve(import.meta.dirname, '../../../node_modules'), join(root, 'node_modules'))
  scratch = await makeScratch(root, treeAt(root))
})

afterAll(async () => {
  await scratch.remove()
  rmSync(root, { recursive: true })
})

const options = { bail: true, limitMs: 50_000 }

it('passes unbroken, names the test that a mutant fails, and leaves the original alone', async () => {
  expect(await scratch.test(['test/sum.test.ts'], options)).toEqual({ failures: new Map(), overdue: false })
  await scratch.write('src/sum.ts', 'export const sum = (a: number, b: number) => a - b\n')
  const { failures } = await scratch.test(['test/sum.test.ts'], options)
  expect([...failures]).toEqual([['test/sum.test.ts', 'sums']])
  expect(readFileSync(join(root, 'src/sum.ts'), 'utf8')).toBe(files['src/sum.ts'])
})

it('ends tests that do not end by themselves', async () => {
  await scratch.write('src/sum.ts', 'for (;;);\nexport const sum = () => 0\n')
  const { overdue } = await scratch.test(['test/sum.test.ts'], { bail: true, limitMs: 3000 })
  expect(overdue).toBe(true)
})

it('is gone when removed', async () => {
  const other = await makeScratch(root, treeAt(root))
  expect(existsSync(join(other.folder, 'src/sum.ts'))).toBe(true)
  await other.remove()
  expect(existsSync(other.folder)).toBe(false)
  expect(existsSync(join(root, 'node_modules/vitest'))).toBe(true)
})

it('reads the failures out of a report', () => {
  const file = (name: string, status: string, tests: object[]): object => ({ name, status, assertionResults: tests })
  const report = {
    testResults: [
      file('/x/test/a.test.ts', 'passed', []),
      file('/x/test/b.test.ts', 'failed', [
        { status: 'passed', fullName: 'one' },
        { status: 'failed', fullName: 'two' },
      ]),
      file('/x/test/c.test.ts', 'failed', []),
    ],
  }
  expect([...failuresIn(JSON.stringify(report))]).toEqual([
    ['test/b.test.ts', 'two'],
    ['test/c.test.ts', null],
  ])
  expect(failuresIn('{}').size).toBe(0)
})
