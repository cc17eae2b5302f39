/** `npm run check:mutants`: breaks exported functions picked at random, one at a time, and asks whether a test notices. */
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { diffOf, titleOf } from './mutants/describe.ts'
import { pick, seeded } from './mutants/pick.ts'
import { relatedTests } from './mutants/related.ts'
import { makeScratch, type Scratch } from './mutants/scratch.ts'
import { type Mutant, mutate, targetsOf } from './mutants/sites.ts'
import { processLifetime } from './support/lifetime.ts'
import { isCode, type Tree, treeAt } from './tidy/tree.ts'

// Stryker 10.1 with its vitest runner was tried first: it drives vitest 5 and the workerd plugin. But it switches its
// mutants on by a global of the test's own process, and the suites that start the built Worker run it in another: what
// only they would notice survives there. It also makes every mutant of a file, and knows no sample of one a function.

/** Of the mutants, so many must be caught. */
const CAUGHT_SHARE = 0.9
/** How long tests may take: all of them together, and each file more. */
const LIMIT_MS = 60_000
const LIMIT_PER_FILE_MS = 20_000

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '20' },
    seed: { type: 'string' },
    in: { type: 'string', default: 'src/' },
  },
})

/** Test files that have passed unbroken, and those that have not: a test that fails by itself would catch everything. */
interface Baseline {
  readonly passed: Set<string>
  readonly failed: Set<string>
}

/** Those of the files that pass unbroken; each is run for that once. */
async function sound(scratch: Scratch, files: readonly string[], { passed, failed }: Baseline): Promise<string[]> {
  const unknown = files.filter((file) => !passed.has(file) && !failed.has(file))
  if (unknown.length > 0) {
    const { failures, overdue } = await scratch.test(unknown, { bail: false, limitMs: limitMsOf(unknown) })
    for (const file of unknown) {
      const sane = !failures.has(file) && !overdue
      const reason = failures.get(file) ?? (overdue ? 'overdue' : 'does not load')
      if (!sane) console.log(`${file} fails without any mutant, and is not asked: ${reason}\n`)
      const known = sane ? passed : failed
      known.add(file)
    }
  }
  return files.filter((file) => passed.has(file))
}

/** The test that caught it, or undefined. */
async function caughtBy(tree: Tree, scratch: Scratch, mutant: Mutant, baseline: Baseline): Promise<string | undefined> {
  const text = tree.text(mutant.path)
  for (const group of relatedTests(tree, mutant.path)) {
    const files = await sound(scratch, group, baseline)
    if (files.length === 0) continue
    await scratch.write(mutant.path, mutate(text, mutant))
    const by = await failureAmong(scratch, files)
    await scratch.write(mutant.path, text)
    if (by !== undefined) return by
  }
  return undefined
}

/**
 * What the tests have against a mutant. A failure among many files is asked for again alone before it counts: on a busy
 * machine a suite that starts servers can fail for reasons of its own, and files that were bailed out of look failed too.
 */
async function failureAmong(scratch: Scratch, files: readonly string[]): Promise<string | undefined> {
  const together = await scratch.test(files, { bail: true, limitMs: limitMsOf(files) })
  if (together.overdue) return 'tests that no longer end'
  const named = [...together.failures].sort(([, one], [, other]) => Number(one === null) - Number(other === null))
  for (const [file, test] of named) {
    const alone = files.length === 1 ? together : await scratch.test([file], { bail: true, limitMs: limitMsOf([file]) })
    if (alone.overdue) return `${file}, which no longer ends`
    if (alone.failures.size > 0) return `${file}: ${alone.failures.get(file) ?? test ?? 'does not load'}`
  }
  return undefined
}

function limitMsOf(files: readonly string[]): number {
  return LIMIT_MS + files.length * LIMIT_PER_FILE_MS
}

async function main(root: string, onStop: (stop: () => Promise<void>) => void): Promise<boolean> {
  const seed = Number(values.seed ?? Math.floor(Math.random() * 1_000_000))
  const count = Number(values.count)
  if (!(count > 0) || Number.isNaN(seed)) throw new TypeError('--count and --seed are numbers')
  const tree = treeAt(root)
  const files = tree.paths.filter((path) => path.startsWith('src/') && path.startsWith(values.in) && isCode(path))
  const targets = files.flatMap((path) => targetsOf(path, tree.text(path)))
  const mutants = pick(targets, count, seeded(seed))
  console.log(`seed ${seed}: ${mutants.length} of ${targets.length} exported functions\n`)

  const scratch = await makeScratch(root, tree)
  onStop(scratch.remove)
  const baseline: Baseline = { passed: new Set(), failed: new Set() }
  let caught = 0
  for (const mutant of mutants) {
    const by = await caughtBy(tree, scratch, mutant, baseline)
    if (by !== undefined) caught += 1
    console.log(`${by === undefined ? 'SURVIVED' : 'caught'} ${titleOf(mutant)}${by === undefined ? '' : `, by ${by}`}`)
    console.log(`${diffOf(tree.text(mutant.path), mutant)}\n`)
  }
  console.log(`${caught} of ${mutants.length} caught (seed ${seed})`)
  return caught >= CAUGHT_SHARE * mutants.length
}

if (import.meta.main) {
  const lifetime = processLifetime()
  try {
    await lifetime.stop((await main(resolve(import.meta.dirname, '..'), lifetime.onStop)) ? 0 : 1)
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    await lifetime.stop(2)
  }
}
