/** `npm run eval:semantic` as it is called: what it prints, writes and exits with. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Isolate } from '../../scripts/eval/isolate.ts'
import type { Loaded } from '../../scripts/eval/load.ts'
import { runCosine, runStream } from '../../scripts/eval/run.ts'
import { evaluate } from '../../scripts/eval-semantic.ts'
import { TOY_DIMENSIONS, toySet, toyStores, toyVector } from '../support/toy-set.ts'

let data = ''

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'sluice-sets-'))
  await mkdir(join(data, 'toy'))
  await writeFile(join(data, 'toy', 'train.csv'), toySet(10, 150).csv)
  await mkdir(join(data, 'empty'))
})
afterAll(() => rm(data, { recursive: true }))

/** Streams through stores in memory; a workerd is what `eval/worker` is tested with. */
async function startIsolate(): Promise<Isolate> {
  let loaded: Loaded = { utterances: [], dimensions: 0, questions: new Float32Array(), answers: null }
  return {
    load: async (given) => {
      loaded = given
    },
    run: async (run) => ({
      outcomes: await runStream(toyStores(), loaded, run),
      raised: [{ from: 2, to: null }],
      threshold: 2,
      errorRate: 0.01,
      errorBound: 0.02,
    }),
    runCosine: (run) => runCosine(toyStores(), loaded, run),
    stop: async () => undefined,
  }
}

async function run(...args: string[]) {
  const [out, err] = [[] as string[], [] as string[]]
  const embed = async (texts: readonly string[]) => texts.map(toyVector)
  const model = { name: 'toy', dimensions: TOY_DIMENSIONS, embed }
  const code = await evaluate(args, {
    out: (text) => out.push(text),
    err: (text) => err.push(text),
    model,
    startIsolate,
  })
  return { code, out: out.join('\n'), err: err.join('\n') }
}

describe('a set', () => {
  it('is streamed with each bound and beside cosines, and the figures are kept', async () => {
    const json = join(data, 'figures.json')
    const options = ['--count', '900', '--seeds', '2', '--delta', '0.05,0.02', '--json', json]
    const { code, out, err } = await run('--data', data, '--set', 'toy', ...options)
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toContain('toy: 1500 utterances, 10 labels')
    expect(out).toContain('the gate is off; it would have bypassed')
    for (const name of ['delta 0.05', 'delta 0.02', 'cosine 0.80', 'cosine 0.85', 'cosine 0.90', 'cosine 0.95']) {
      expect(out).toMatch(new RegExp(`${name} +\\d`))
    }
    const figures = JSON.parse(await readFile(json, 'utf8'))
    expect(figures.bounded).toHaveLength(2)
    expect(figures.bounded[0].figures.seeds).toHaveLength(2)
    expect(figures.fixed).toHaveLength(4)
  })

  it('that drifts is said to be over it, with what the audit log has of it', async () => {
    const { code, out } = await run('--data', data, '--set', 'toy', '--count', '1500', '--seeds', '1', '--drift')
    expect(code).toBe(0)
    expect(out).toMatch(/seed 1: over after \d+ requests; 1 thresholds raised in the audit log/)
  })

  it('is judged by the judge that ships', async () => {
    const { out, err } = await run(
      '--data',
      data,
      '--set',
      'toy',
      '--count',
      '400',
      '--seeds',
      '1',
      '--judge',
      'shipped',
    )
    expect(err).toBe('')
    expect(out).toContain('delta 0.02')
  })
})

describe('a wrong call', () => {
  it.each([
    ['without a set', [], /--set/],
    ['with a bound that is none', ['--set', 'toy', '--delta', '2'], /between 0 and 1/],
    ['with no whole number', ['--set', 'toy', '--seeds', 'x'], /whole number/],
    ['with a judge nobody knows', ['--set', 'toy', '--judge', 'me'], /oracle, shipped/],
    ['with a set that is not there', ['--data', '/nowhere', '--set', 'toy'], /ENOENT/],
  ])('%s is told what is wrong', async (_, args, message) => {
    const { code, err } = await run(...args)
    expect(code).toBe(2)
    expect(err).toMatch(message)
  })

  it('with an empty folder is told what it wants', async () => {
    const { code, err } = await run('--data', data, '--set', 'empty')
    expect(code).toBe(2)
    expect(err).toContain('data_full.json')
  })

  it('for help says where sets are to be had from', async () => {
    const { code, out } = await run('--help')
    expect(code).toBe(0)
    expect(out).toContain('clinc/oos-eval')
  })
})
