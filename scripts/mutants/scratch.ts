/** A copy of the tree to break: nobody's working tree holds a mutant, however the run ends. */
import { copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { startChild } from '../support/child.ts'
import type { Tree } from '../tidy/tree.ts'

/** What the tests said. */
export interface TestRun {
  /** Each file that failed: its path, and the first test in it that did; null when the file failed and no test of it. */
  readonly failures: ReadonlyMap<string, string | null>
  /** They did not end in time, and were ended. */
  readonly overdue: boolean
}

/** A copy of a tree that shares its node_modules. */
export interface Scratch {
  readonly folder: string
  write(path: string, text: string): Promise<void>
  /** Runs test files; with `bail` only up to the first failure. */
  test(files: readonly string[], options: { bail: boolean; limitMs: number }): Promise<TestRun>
  remove(): Promise<void>
}

const KILL_MS = 6000

/** Copies what the tree lists. */
export async function makeScratch(root: string, tree: Tree): Promise<Scratch> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-mutants-'))
  for (const path of tree.paths) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await copyFile(join(root, path), join(folder, path))
  }
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
  return {
    folder,
    write: (path, text) => writeFile(join(folder, path), text),
    test: (files, options) => runTests(folder, files, options),
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}

async function runTests(
  folder: string,
  files: readonly string[],
  { bail, limitMs }: { bail: boolean; limitMs: number },
): Promise<TestRun> {
  const report = join(folder, 'vitest-report.json')
  await rm(report, { force: true })
  const options = ['run', '--config', 'test/vitest.config.ts', '--reporter', 'json', '--outputFile', report]
  const vitest = join(folder, 'node_modules/vitest/vitest.mjs')
  const args = [vitest, ...options, ...(bail ? ['--bail', '1'] : []), ...files]
  const child = startChild(process.execPath, args, { cwd: folder, stdio: 'ignore' })
  let overdue = false
  const timer = setTimeout(() => {
    overdue = true
    void child.stop(KILL_MS)
  }, limitMs)
  const { code } = await child.ended
  clearTimeout(timer)
  if (code === 0) return { failures: new Map(), overdue }
  const failures = failuresIn(await readFile(report, 'utf8').catch(() => '{}'))
  // Vitest can fail without a failed test: an error outside of any, or a config that does not load.
  return { failures: failures.size > 0 ? failures : new Map(files.map((file) => [file, null])), overdue }
}

interface Report {
  readonly testResults?: readonly {
    readonly name: string
    readonly status: string
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[]
  }[]
}

/** File → its first failed test, from vitest's JSON report; null for a file that did not load, or was bailed out of. */
export function failuresIn(text: string): Map<string, string | null> {
  const report: Report = JSON.parse(text)
  const failed = report.testResults?.filter((one) => one.status === 'failed') ?? []
  return new Map(
    failed.map(({ name, assertionResults }) => [
      name.replace(/^.*?\/(?=test\/)/, ''),
      assertionResults.find((one) => one.status === 'failed')?.fullName ?? null,
    ]),
  )
}
