/** The build: quiet, into the folder given, the entry first; a failure says what the builder said. */
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildWorker, takeBuild } from '../../../scripts/support/build.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-build-'))
  await mkdir(join(folder, 'src'))
  await symlink(resolve(import.meta.dirname, '../../../node_modules'), join(folder, 'node_modules'))
  const wrangler = 'name = "x"\nmain = "src/index.ts"\ncompatibility_date = "2026-10-20"\n'
  await writeFile(join(folder, 'wrangler.toml'), wrangler)
})
afterAll(() => rm(folder, { recursive: true }))

const entry = (text: string) => writeFile(join(folder, 'src/index.ts'), text)

test('modules in order, what was there before gone', async () => {
  await writeFile(join(folder, 'src/a.txt'), 'text')
  await entry('import text from "./a.txt"\nexport default { fetch: () => new Response(text as string) }')
  const output = join(folder, 'output')
  await mkdir(output)
  await writeFile(join(output, 'old.js'), '')
  const modules = await buildWorker(folder, output)
  expect(modules).toEqual(['index.js', expect.stringMatching(/a\.txt$/)])
  expect(await readFile(join(output, 'index.js'), 'utf8')).toContain('fetch')
})

test("what does not build is the user's to see", async () => {
  await entry('import { nothing } from "./nowhere.ts"\nexport default nothing')
  await expect(buildWorker(folder, join(folder, 'output'))).rejects.toThrow(/does not build:[\s\S]*nowhere/)
})

test('a build that is there is taken as it is', async () => {
  await entry('export default { fetch: () => new Response("taken") }')
  const built = join(folder, 'built')
  const modules = await buildWorker(folder, built)
  const output = join(folder, 'taken')
  expect(await takeBuild(built, output)).toEqual(modules)
  expect(await readFile(join(output, 'index.js'), 'utf8')).toBe(await readFile(join(built, 'index.js'), 'utf8'))
  await expect(takeBuild(join(folder, 'nowhere'), output)).rejects.toThrow('no build')
  await expect(takeBuild(join(folder, 'src'), output)).rejects.toThrow('no build')
})
